/** Shorter stretches are copied byte by byte: a call costs more. */
const SHORT = 32;

/** Builds what is left of some bytes when ranges are cut out, in order. */
export class ByteCuts {
  readonly #bytes: Buffer;
  #out: Buffer | undefined;
  #length = 0;
  #kept = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** `start` is not before the end of the last cut. */
  cut(start: number, end: number): void {
    this.#keep(start);
    this.#kept = end;
  }

  /** The rest, or undefined when nothing was cut. */
  rest(): Buffer | undefined {
    if (this.#out === undefined) {
      return undefined;
    }
    this.#keep(this.#bytes.length);
    return this.#out.subarray(0, this.#length);
  }

  #keep(to: number): void {
    const out = (this.#out ??= Buffer.allocUnsafe(this.#bytes.length));
    if (to - this.#kept >= SHORT) {
      this.#length += this.#bytes.copy(out, this.#length, this.#kept, to);
      return;
    }
    for (let at = this.#kept; at < to; at += 1) {
      out[this.#length] = this.#bytes[at] ?? 0;
      this.#length += 1;
    }
  }
}
