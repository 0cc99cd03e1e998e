/** Searches bytes for an ASCII word in capital or small letters, without a text made of them (Boyer, Moore, Horspool). */
export class FoldedWord {
  readonly #word: Uint8Array;
  /** How far the search goes on behind a byte that stands where the word would end; zero for the byte that ends it. */
  readonly #skips = new Uint8Array(256);
  /** The same for the byte that ends it. */
  readonly #step: number;

  /** `word`: small letters and digits, at most 255. */
  constructor(word: string) {
    this.#word = Buffer.from(word, 'latin1');
    this.#skips.fill(word.length);
    for (const [at, letter] of this.#word.subarray(0, -1).entries()) {
      const skip = word.length - 1 - at;
      this.#skips[letter] = skip;
      this.#skips[capital(letter)] = skip;
    }
    const last = this.#word.at(-1) ?? 0;
    this.#step = this.#skips[last] ?? 1;
    this.#skips[last] = 0;
    this.#skips[capital(last)] = 0;
  }

  get length(): number {
    return this.#word.length;
  }

  /** Where the word stands first at or behind `from`, or -1. */
  indexIn(bytes: Uint8Array, from = 0): number {
    const last = this.#word.length - 1;
    const skips = this.#skips;
    const { length } = bytes;
    for (let end = from + last; end < length;) {
      const skip = skips[bytes[end] ?? 0] ?? 0;
      if (skip === 0 && this.#endsAt(bytes, end)) {
        return end - last;
      }
      end += skip === 0 ? this.#step : skip;
    }
    return -1;
  }

  #endsAt(bytes: Uint8Array, end: number): boolean {
    for (let at = this.#word.length - 1, place = end; at >= 0; at -= 1, place -= 1) {
      const letter = this.#word[at];
      const byte = bytes[place] ?? 0;
      if (byte !== letter && small(byte) !== letter) {
        return false;
      }
    }
    return true;
  }
}

function capital(letter: number): number {
  return letter >= 0x61 && letter <= 0x7a ? letter - 0x20 : letter;
}

function small(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}
