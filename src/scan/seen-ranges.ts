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

interface Reference {
  deref(): Uint8Array | undefined;
}

/** Memory that was looked at: what is in a part of it was seen with it. */
export class SeenRanges {
  #seen: Reference[] = [];

  /** Remembers memory as long as somebody else does: all contents together may be many times as big as the message. */
  add(bytes: Uint8Array): void {
    this.#push(new WeakRef(bytes));
  }

  /** Remembers memory that is kept anyway, which costs less. */
  addKept(bytes: Uint8Array): void {
    this.#push({ deref: () => bytes });
  }

  #push(reference: Reference): void {
    this.#seen.push(reference);
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
