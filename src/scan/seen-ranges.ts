/** Ranges remembered of one memory: a message refers to itself and to the few containers that are being opened. */
const MAX_SEEN = 32;

function isWordOrZero(byte: number | undefined): boolean {
  const letter = (byte ?? 0) | 0x20;
  const isDigit = byte !== undefined && byte >= 0x30 && byte <= 0x39;
  return byte === 0 || byte === 0x5f || isDigit || (letter >= 0x61 && letter <= 0x7a);
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** True when no word, nor a letter of two bytes, goes on over the edges of `[start, end)`. */
function isApart(memory: ArrayBufferLike, { start, end }: Range): boolean {
  const [before] = new Uint8Array(memory, start - 1, 1);
  const [behind] = new Uint8Array(memory, end, 1);
  return !isWordOrZero(before) && !isWordOrZero(behind);
}

/** Memory that was looked at: what is in a part of it was seen with it. */
export class SeenRanges {
  /** As long as somebody else keeps the memory: all contents together may be many times as big as the message. */
  #seen = new WeakMap<ArrayBufferLike, Range[]>();

  add({ buffer, byteOffset, length }: Uint8Array): void {
    const ranges = this.#seen.get(buffer) ?? [];
    ranges.push({ start: byteOffset, end: byteOffset + length });
    if (ranges.length > MAX_SEEN) {
      ranges.shift();
    }
    this.#seen.set(buffer, ranges);
  }

  clear(): void {
    this.#seen = new WeakMap();
  }

  has({ buffer, byteOffset: start, length }: Uint8Array): boolean {
    const end = start + length;
    const isInside = this.#seen.get(buffer)?.some((range) => start > range.start && end < range.end) === true;
    return isInside && isApart(buffer, { start, end });
  }
}
