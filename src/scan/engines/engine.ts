import type { Budget } from '../budget.ts';
import type { Piece } from '../piece.ts';
import type { Finding } from '../verdict.ts';

/** A matcher. It reports what it sees and never chooses an action. */
export interface Engine {
  readonly name: string;
  /** False: `inspect` gets an empty digest and copies it into its findings; the scan fills it in when there are any. */
  readonly asksDigest?: boolean;
  /** True: what it finds depends on the names of a piece, so it is asked again when the same content has another. */
  readonly asksNames?: boolean;
  /**
   * Looks at many contents at once: `bytes` holds them, no byte of a word on either side of any. False only when
   * `inspect` finds nothing in any of them. Absent: each has to be inspected by itself. Throws as `inspect` does.
   */
  readonly mayMatch?: ((bytes: Uint8Array, budget: Budget) => boolean) | undefined;
  /**
   * Inspects one piece whose digest is `sha256` (lower-case hex). Throws `ScanLimitError` with cause
   * `timeout` or `engine-failed`; findings of other pieces survive because pieces are inspected one by one.
   */
  inspect(piece: Piece, sha256: string, budget: Budget): readonly Finding[] | Promise<readonly Finding[]>;
}
