import type { Budget } from '../budget.ts';
import type { Piece } from '../piece.ts';
import type { UnscannableCause } from '../verdict.ts';

/** Where an unpacker puts what it found. The pipeline deduplicates, counts and recurses. */
export interface Yield {
  readonly budget: Budget;
  /**
   * One object from inside the piece. Counts bytes and pieces against the budget (may throw `ScanLimitError`).
   * `name` is the raw or decoded name inside the container; the yield makes it safe and bounded. `again` makes the same
   * bytes once more, so that those of a large object need not be kept until it is its turn.
   */
  emit(name: string, bytes: Uint8Array, again?: () => Uint8Array): void;
  /** Something inside could not be read. Emission may go on; the verdict becomes `unscannable` unless malicious. */
  cannot(cause: UnscannableCause, detail: string): void;
  /** Candidate passwords from the message's text, bounded; empty when there are none. */
  passwords(): readonly string[];
}

/** Opens one kind of container. Keeps partial output: what came out before an error is emitted. */
export interface Unpacker {
  readonly name: string;
  /** By content (magic anywhere it is meaningful), never by name or type alone. Must be cheap. */
  recognises(piece: Piece): boolean;
  unpack(piece: Piece, out: Yield): void | Promise<void>;
}
