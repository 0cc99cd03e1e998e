import { emitStream } from './emission.ts';
import type { Inflated, StreamEnd } from './tolerant-inflate.ts';
import type { Yield } from './unpacker.ts';

/** Members or frames of one file. Tools that compress in blocks write one per 64 KiB or more. */
const MAX_MEMBERS = 5000;
/** Less than this before a fault is what noise gives behind a mark by accident. */
const MIN_BYTES = 64;

/** Joins the members of a compressed file into one object, under the limit for one object. */
export class MemberJoiner {
  readonly #out: Yield;
  readonly #what: string;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #consumed = 0;
  #end: StreamEnd = 'complete';

  constructor(out: Yield, what: string) {
    this.#out = out;
    this.#what = what;
  }

  allowance(): number {
    return Math.max(0, this.#out.budget.objectAllowance() - this.#length);
  }

  /** Returns false when no further member can be read. */
  add({ bytes, consumed, end }: Inflated): boolean {
    this.#out.budget.checkTime();
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    this.#consumed += consumed;
    this.#end = this.#chunks.length >= MAX_MEMBERS ? 'capped' : end;
    return this.#end === 'complete';
  }

  finish(name: string): void {
    const [only] = this.#chunks;
    const bytes = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
    if (this.#end === 'broken' && bytes.length < MIN_BYTES) {
      this.#out.cannot('malformed', `${this.#what} is broken`, true); // nobody reads anything of it
      return;
    }
    emitStream(this.#out, name, { bytes, consumed: this.#consumed, end: this.#end }, this.#what);
  }
}
