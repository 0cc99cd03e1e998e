import { describe } from 'node:test';
import { archiveBombs } from '../corpus/bombs.ts';
import { defuse } from './defuse.ts';

describe('bombs in archives and documents', () => defuse(archiveBombs()));
