/** Gaps between members that are searched: a file made to have many would be searched again and again. */
const MAX_GAPS = 8;
/** Hits of the mark that are tested in one file. */
const MAX_HITS = 256;

/** Finds the member that follows another one, directly or behind zeros or other data. */
export class MemberGaps {
  readonly #bytes: Buffer;
  readonly #magic: Buffer;
  readonly #isReal: (bytes: Buffer, at: number) => boolean;
  #gaps = 0;
  #hits = 0;

  /** `isReal` tells a member from an accident; what follows directly is not asked about. */
  constructor(bytes: Buffer, magic: Buffer, isReal: (bytes: Buffer, at: number) => boolean) {
    this.#bytes = bytes;
    this.#magic = magic;
    this.#isReal = isReal;
  }

  /** Where the next member begins at or behind `end`, or -1. */
  next(end: number): number {
    if (end + this.#magic.length > this.#bytes.length) {
      return -1;
    }
    if (this.#bytes.subarray(end, end + this.#magic.length).equals(this.#magic)) {
      return end;
    }
    this.#gaps += 1;
    return this.#gaps > MAX_GAPS ? -1 : this.#search(end + 1);
  }

  #search(from: number): number {
    let at = this.#bytes.indexOf(this.#magic, from);
    while (at >= 0 && !this.#isReal(this.#bytes, at)) {
      this.#hits += 1;
      at = this.#hits > MAX_HITS ? -1 : this.#bytes.indexOf(this.#magic, at + 1);
    }
    return at;
  }
}
