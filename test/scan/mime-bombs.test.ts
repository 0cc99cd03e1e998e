import { describe } from 'node:test';
import { mimeBombs, slowInput } from '../corpus/bombs.ts';
import { defuse } from './defuse.ts';

describe('bombs in MIME', () => defuse(mimeBombs()));

describe('input made to be slow', () => defuse(slowInput()));
