import type { Yield } from './unpacker.ts';

/** Gaps between members that are searched: tapes have one behind each file, and nothing ordinary is a tape. */
const MAX_GAPS = 64;
/** Hits of the mark that are tested in one file: by accident the shortest stands once in 16 MB. */
const MAX_HITS = 256;

interface Members {
  readonly bytes: Buffer;
  readonly magic: Buffer;
  readonly isReal: (bytes: Buffer, at: number) => boolean;
}

/** Finds the member that follows another one, directly or behind zeros or other data; tells when it gives up. */
export class MemberGaps {
  readonly #bytes: Buffer;
  readonly #magic: Buffer;
  readonly #isReal: (bytes: Buffer, at: number) => boolean;
  readonly #out: Yield;
  #gaps = 0;
  #hits = 0;

  /** `isReal` tells a member from an accident; what follows directly is not asked about. */
  constructor({ bytes, magic, isReal }: Members, out: Yield) {
    this.#bytes = bytes;
    this.#magic = magic;
    this.#isReal = isReal;
    this.#out = out;
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
    const at = this.#search(end + 1);
    return at >= 0 && this.#gaps > MAX_GAPS ? this.#giveUp(`more than ${MAX_GAPS} gaps between streams`) : at;
  }

  #search(from: number): number {
    let at = this.#bytes.indexOf(this.#magic, from);
    while (at >= 0 && !this.#isReal(this.#bytes, at)) {
      this.#hits += 1;
      if (this.#hits > MAX_HITS) {
        return this.#giveUp(`more than ${MAX_HITS} marks of streams that are none`);
      }
      at = this.#bytes.indexOf(this.#magic, at + 1);
    }
    return at;
  }

  #giveUp(why: string): number {
    this.#out.cannot('bomb', why);
    return -1;
  }
}
