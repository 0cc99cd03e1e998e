/**
 * A deflate reader (RFC 1951) that keeps what it read. node:zlib is faster but drops all output of a stream
 * that is cut, damaged or too long; this one is only asked after zlib refused.
 */

export type StreamEnd = 'complete' | 'truncated' | 'broken' | 'capped';

/** Output of one decompressed stream, whatever its end. `consumed` counts input bytes, a partial last byte included. */
export interface Inflated {
  readonly bytes: Buffer;
  readonly consumed: number;
  readonly end: StreamEnd;
}

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
  6145, 8193, 12289, 16385, 24577,
];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const MAX_BITS = 15;

/** A canonical Huffman code: how many codes of each length, and the symbols in code order. */
interface Huffman {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

class StreamStopped extends Error {
  readonly end: StreamEnd;
  constructor(end: StreamEnd) {
    super(end);
    this.end = end;
  }
}

/** Made once: most guesses end with one, and a stack trace costs more than the guess. */
const STOPPED = {
  broken: new StreamStopped('broken'),
  truncated: new StreamStopped('truncated'),
  capped: new StreamStopped('capped'),
};

function huffman(lengths: readonly number[]): Huffman {
  const counts = new Uint16Array(MAX_BITS + 1);
  for (const length of lengths) {
    counts[length] = (counts[length] ?? 0) + 1;
  }
  const offsets = new Uint16Array(MAX_BITS + 2);
  for (let bits = 1; bits <= MAX_BITS; bits += 1) {
    offsets[bits + 1] = (offsets[bits] ?? 0) + (counts[bits] ?? 0);
  }
  const symbols = new Uint16Array(lengths.length);
  lengths.forEach((length, symbol) => {
    if (length > 0) {
      const at = offsets[length] ?? 0;
      symbols[at] = symbol;
      offsets[length] = at + 1;
    }
  });
  return { counts, symbols };
}

/** RFC 1951 3.2.6. */
const FIXED_LITERALS = huffman(
  Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
);
const FIXED_DISTANCES = huffman(Array.from({ length: 30 }, () => 5));

class TolerantInflater {
  readonly #input: Uint8Array;
  readonly #cap: number;
  #at = 0;
  #bitBuffer = 0;
  #bitCount = 0;
  #out = Buffer.allocUnsafe(1024);
  #length = 0;

  constructor(input: Uint8Array, cap: number) {
    this.#input = input;
    this.#cap = cap;
  }

  run(): Inflated {
    const end = this.#runBlocks();
    return { bytes: this.#out.subarray(0, this.#length), consumed: this.#at, end };
  }

  #runBlocks(): StreamEnd {
    try {
      let last = false;
      while (!last) {
        last = this.#bits(1) === 1;
        this.#block(this.#bits(2));
      }
      return 'complete';
    } catch (error) {
      if (error instanceof StreamStopped) {
        return error.end;
      }
      throw error;
    }
  }

  #block(type: number): void {
    if (type === 0) {
      this.#storedBlock();
    } else if (type === 1) {
      this.#codes(FIXED_LITERALS, FIXED_DISTANCES);
    } else if (type === 2) {
      this.#dynamicBlock();
    } else {
      throw STOPPED.broken;
    }
  }

  #bits(count: number): number {
    while (this.#bitCount < count) {
      const byte = this.#input[this.#at];
      if (byte === undefined) {
        throw STOPPED.truncated;
      }
      this.#at += 1;
      this.#bitBuffer |= byte << this.#bitCount;
      this.#bitCount += 8;
    }
    const value = this.#bitBuffer & ((1 << count) - 1);
    this.#bitBuffer >>>= count;
    this.#bitCount -= count;
    return value;
  }

  #symbol({ counts, symbols }: Huffman): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let bits = 1; bits <= MAX_BITS; bits += 1) {
      code |= this.#bits(1);
      const count = counts[bits] ?? 0;
      if (code - count < first) {
        return symbols[index + (code - first)] ?? 0;
      }
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw STOPPED.broken;
  }

  #storedBlock(): void {
    this.#bitBuffer = 0;
    this.#bitCount = 0;
    const length = this.#bits(16);
    if (this.#bits(16) !== (~length & 0xffff)) {
      throw STOPPED.broken;
    }
    const chunk = this.#input.subarray(this.#at, this.#at + length);
    const fits = this.#room(chunk.length);
    this.#out.set(chunk.subarray(0, fits), this.#length);
    this.#length += fits;
    this.#at += fits;
    if (fits < length) {
      throw fits < chunk.length ? STOPPED.capped : STOPPED.truncated;
    }
  }

  #dynamicBlock(): void {
    const literals = this.#bits(5) + 257;
    const distances = this.#bits(5) + 1;
    const codeLengths = CODE_LENGTH_ORDER.map(() => 0);
    const given = this.#bits(4) + 4;
    for (const position of CODE_LENGTH_ORDER.slice(0, given)) {
      codeLengths[position] = this.#bits(3);
    }
    const lengths = this.#readLengths(huffman(codeLengths), literals + distances);
    this.#codes(huffman(lengths.slice(0, literals)), huffman(lengths.slice(literals)));
  }

  #readLengths(code: Huffman, count: number): number[] {
    const lengths: number[] = [];
    while (lengths.length < count) {
      const symbol = this.#symbol(code);
      if (symbol < 16) {
        lengths.push(symbol);
        continue;
      }
      const value = symbol === 16 ? (lengths.at(-1) ?? 0) : 0;
      const repeat =
        symbol === 16 ? 3 + this.#bits(2) : symbol === 17 ? 3 + this.#bits(3) : 11 + this.#bits(7);
      for (let i = 0; i < repeat && lengths.length < count; i += 1) {
        lengths.push(value);
      }
    }
    return lengths;
  }

  #codes(literals: Huffman, distances: Huffman): void {
    for (;;) {
      const symbol = this.#symbol(literals);
      if (symbol === 256) {
        return;
      }
      if (symbol < 256) {
        if (this.#room(1) === 0) {
          throw STOPPED.capped;
        }
        this.#out[this.#length] = symbol;
        this.#length += 1;
      } else {
        this.#copyMatch(symbol - 257, distances);
      }
    }
  }

  #copyMatch(lengthSymbol: number, distances: Huffman): void {
    const base = LENGTH_BASE[lengthSymbol];
    if (base === undefined) {
      throw STOPPED.broken;
    }
    const length = base + this.#bits(LENGTH_EXTRA[lengthSymbol] ?? 0);
    const distanceSymbol = this.#symbol(distances);
    const distanceBase = DISTANCE_BASE[distanceSymbol];
    if (distanceBase === undefined) {
      throw STOPPED.broken;
    }
    const distance = distanceBase + this.#bits(distanceSymbol < 2 ? 0 : (distanceSymbol >> 1) - 1);
    if (distance > this.#length) {
      throw STOPPED.broken;
    }
    const fits = this.#room(length);
    const out = this.#out;
    let to = this.#length;
    for (let from = to - distance; to < this.#length + fits; from += 1, to += 1) {
      out[to] = out[from] ?? 0;
    }
    this.#length = to;
    if (fits < length) {
      throw STOPPED.capped;
    }
  }

  /** Makes room for `wanted` more bytes, as far as the cap allows; returns how many fit. */
  #room(wanted: number): number {
    const fits = Math.min(wanted, this.#cap - this.#length);
    if (this.#length + fits > this.#out.length) {
      const grown = Buffer.allocUnsafe(
        Math.min(this.#cap, Math.max(this.#out.length * 2, this.#length + fits)),
      );
      grown.set(this.#out.subarray(0, this.#length));
      this.#out = grown;
    }
    return fits;
  }
}

/** Inflates a raw deflate stream as far as it goes, at most `cap` bytes of output. Never throws. */
export function inflateTolerantly(input: Uint8Array, cap: number): Inflated {
  return new TolerantInflater(input, Math.max(0, cap)).run();
}
