import type { Budget } from '../budget.ts';
import type { Piece } from '../piece.ts';
import type { UnscannableCause } from '../verdict.ts';

/**
 * What programs do with a text, in this order: they undo the encoding that carries it, tell its characters, and make
 * of them what a browser or a script does.
 */
export type ReadingStep = 'transfer' | 'charset' | 'script';

/** A text in another spelling. */
export interface Spelling {
  /** Makes the same bytes once more, where that takes little: those of a large text need not be kept until its turn. */
  readonly again?: (() => Uint8Array) | undefined;
}

/** Where an unpacker puts what it found. The pipeline deduplicates, counts and recurses. */
export interface Yield {
  readonly budget: Budget;
  /**
   * One object from inside the piece. Counts bytes and pieces against the budget (may throw `ScanLimitError`).
   * `name` is the raw or decoded name inside the container; the yield makes it safe and bounded. `spelling` is given
   * when the object is the piece itself in another spelling.
   */
  emit(name: string, bytes: Uint8Array, spelling?: Spelling): void;
  /**
   * Something inside could not be read. Emission may go on; the verdict becomes `unscannable` unless malicious.
   * `isCut`: only the end is missing, and all that stands before it was read or can be read by nobody.
   */
  cannot(cause: UnscannableCause, detail: string, isCut?: boolean): void;
  /** Candidate passwords from the message's text, bounded; empty when there are none. */
  passwords(): readonly string[];
}

/** Opens one kind of container. Keeps partial output: what came out before an error is emitted. */
export interface Unpacker {
  readonly name: string;
  /** Which step of reading a text it takes, when it gives the text in another spelling. */
  readonly step?: ReadingStep;
  /** By content (magic anywhere it is meaningful), never by name or type alone. Must be cheap. */
  recognises(piece: Piece): boolean;
  unpack(piece: Piece, out: Yield): void | Promise<void>;
}
