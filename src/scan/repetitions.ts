import { ScanLimitError } from './budget.ts';

/** Several readings of one part mostly agree, so repetitions are common in unusual mail. */
const REPETITIONS_PER_PIECE = 10;

/** The same content again costs a digest each time: an archive of a million equal files is a bomb as well. */
export class Repetitions {
  readonly #most: number;
  #count = 0;

  constructor(maxPieces: number) {
    this.#most = maxPieces * REPETITIONS_PER_PIECE;
  }

  /** Throws `ScanLimitError` when it is one too many. */
  add(): void {
    this.#count += 1;
    if (this.#count > this.#most) {
      throw new ScanLimitError('bomb', `more than ${this.#most} repeated pieces`);
    }
  }
}
