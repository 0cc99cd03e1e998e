/** All spellings of one text together, in sizes of the text: noise can be read in every way on top of every other. */
const MAX_SHARE = 16;
/** Short texts are spelled in every way, up to here, bytes. */
const MIN_BYTES = 1024 * 1024;

/**
 * What a text in other spellings, those spelled again, and so on, may still add up to. A shell script of 23 KB was
 * read 700 times where each decoder of the chain counted for itself.
 */
export class ReadingAllowance {
  #left: number;

  /** `length` of the text, bytes. */
  constructor(length: number) {
    this.#left = Math.max(MIN_BYTES, length * MAX_SHARE);
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  spend(bytes: number): void {
    this.#left -= bytes;
  }
}

interface Read {
  readonly bytes: Uint8Array;
  readonly readings?: ReadingAllowance | undefined;
}

/** `piece` with an allowance of its own, unless it is another spelling of a text. */
export function withReadings<P extends Read>(piece: P): P {
  return piece.readings === undefined
    ? { ...piece, readings: new ReadingAllowance(piece.bytes.length) }
    : piece;
}
