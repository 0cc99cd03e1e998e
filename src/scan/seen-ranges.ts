/** Contents remembered: a message refers to itself and to the few containers that are being opened. */
const MAX_SEEN = 32;

function isWordOrZero(byte: number | undefined): boolean {
  const letter = (byte ?? 0) | 0x20;
  const isDigit = byte !== undefined && byte >= 0x30 && byte <= 0x39;
  return byte === 0 || byte === 0x5f || isDigit || (letter >= 0x61 && letter <= 0x7a);
}

/** True when `part` is memory inside `whole` and no word, nor a letter of two bytes, goes on over its edges. */
function isPartOf(whole: Uint8Array, part: Uint8Array): boolean {
  const start = part.byteOffset - whole.byteOffset;
  const end = start + part.length;
  return (
    part.buffer === whole.buffer &&
    start > 0 &&
    end < whole.length &&
    !isWordOrZero(whole[start - 1]) &&
    !isWordOrZero(whole[end])
  );
}

/** Memory that was looked at: what is in a part of it was seen with it. */
export class SeenRanges {
  /** Weak: the contents of a message may together be many times as big as it. */
  #seen: WeakRef<Uint8Array>[] = [];

  add(bytes: Uint8Array): void {
    this.#seen.push(new WeakRef(bytes));
    if (this.#seen.length > MAX_SEEN) {
      this.#seen.shift();
    }
  }

  clear(): void {
    this.#seen = [];
  }

  has(part: Uint8Array): boolean {
    return this.#seen.some((seen) => {
      const whole = seen.deref();
      return whole !== undefined && isPartOf(whole, part);
    });
  }
}
