import type { Budget } from '../budget.ts';
import type { Piece } from '../piece.ts';

/**
 * Another reading of a message, whose pieces join the union. `prefix` is put before their paths. Throws what it
 * likes: the pipeline turns it into `unscannable`, never into clean.
 */
export type SecondReader = (message: Buffer, prefix: string, budget: Budget) => Promise<readonly Piece[]>;
