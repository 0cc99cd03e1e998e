import { u32be, u8 } from './byte-view.ts';

/** LZMA as its specification describes it, for headers of some kilobytes; larger data is WebAssembly's. */

const PROBABILITY_BITS = 11;
const HALF = 1 << (PROBABILITY_BITS - 1);
const MOVE_BITS = 5;
const TOP = 2 ** 24;
const STATES = 12;
const FIRST_MATCH_STATE = 7;
const POSITION_SLOTS = 64;
/** Distances from here on have bits that are not modelled, above four that are. */
const END_OF_MODELLED = 14;
const ALIGN_BITS = 4;
const MATCH_LENGTH = 2;

class RangeDecoder {
  readonly #bytes: Uint8Array;
  #at = 5;
  #range = 0xffff_ffff;
  #code: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#code = u32be(bytes, 1);
  }

  /** The first byte is always zero, and the code is below the range. */
  get isSound(): boolean {
    return this.#bytes[0] === 0 && this.#code < 0xffff_ffff;
  }

  /** More was read than there is. */
  get isPastEnd(): boolean {
    return this.#at > this.#bytes.length;
  }

  #normalise(): void {
    if (this.#range < TOP) {
      this.#range = (this.#range << 8) >>> 0;
      this.#code = ((this.#code << 8) | u8(this.#bytes, this.#at)) >>> 0;
      this.#at += 1;
    }
  }

  bit(model: Uint16Array, index: number): number {
    this.#normalise();
    const probability = model[index] ?? HALF;
    const bound = (this.#range >>> PROBABILITY_BITS) * probability;
    if (this.#code < bound) {
      this.#range = bound;
      model[index] = probability + ((2 ** PROBABILITY_BITS - probability) >> MOVE_BITS);
      return 0;
    }
    this.#range -= bound;
    this.#code -= bound;
    model[index] = probability - (probability >> MOVE_BITS);
    return 1;
  }

  direct(count: number): number {
    let value = 0;
    for (let left = count; left > 0; left -= 1) {
      this.#normalise();
      this.#range >>>= 1;
      const isOne = this.#code >= this.#range;
      this.#code -= isOne ? this.#range : 0;
      value = value * 2 + (isOne ? 1 : 0);
    }
    return value;
  }

  /** The highest bit first. */
  tree(model: Uint16Array, base: number, bits: number): number {
    let node = 1;
    for (let left = bits; left > 0; left -= 1) {
      node = node * 2 + this.bit(model, base + node);
    }
    return node - 2 ** bits;
  }

  /** The lowest bit first. */
  reversedTree(model: Uint16Array, base: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let index = 0; index < bits; index += 1) {
      const bit = this.bit(model, base + node);
      node = node * 2 + bit;
      value |= bit << index;
    }
    return value;
  }
}

function model(size: number): Uint16Array {
  return new Uint16Array(size).fill(HALF);
}

class LengthDecoder {
  readonly #choice = model(2);
  readonly #low = model(16 << 3);
  readonly #middle = model(16 << 3);
  readonly #high = model(1 << 8);

  read(coder: RangeDecoder, positionState: number): number {
    if (coder.bit(this.#choice, 0) === 0) {
      return coder.tree(this.#low, positionState << 3, 3);
    }
    if (coder.bit(this.#choice, 1) === 0) {
      return 8 + coder.tree(this.#middle, positionState << 3, 3);
    }
    return 16 + coder.tree(this.#high, 0, 8);
  }
}

class LzmaRun {
  readonly #coder: RangeDecoder;
  readonly #out: Buffer;
  readonly #lc: number;
  readonly #lp: number;
  readonly #pb: number;
  readonly #literals: Uint16Array;
  readonly #isMatch = model(STATES << 4);
  readonly #isRepeat = model(STATES);
  readonly #isRepeat0 = model(STATES);
  readonly #isRepeat0Long = model(STATES << 4);
  readonly #isRepeat1 = model(STATES);
  readonly #isRepeat2 = model(STATES);
  readonly #slots = model(4 * POSITION_SLOTS);
  readonly #distances = model(128);
  readonly #align = model(1 << ALIGN_BITS);
  readonly #lengths = new LengthDecoder();
  readonly #repeatLengths = new LengthDecoder();
  #at = 0;
  #state = 0;
  #repeats: [number, number, number, number] = [0, 0, 0, 0];

  constructor(properties: number, bytes: Uint8Array, size: number) {
    this.#coder = new RangeDecoder(bytes);
    this.#out = Buffer.alloc(size);
    this.#lc = properties % 9;
    this.#lp = Math.floor(properties / 9) % 5;
    this.#pb = Math.floor(properties / 45);
    this.#literals = model(0x300 << (this.#lc + this.#lp));
  }

  run(): Buffer | undefined {
    let isGood = this.#coder.isSound;
    while (isGood && this.#at < this.#out.length) {
      const positionState = this.#at & ((1 << this.#pb) - 1);
      if (this.#coder.bit(this.#isMatch, (this.#state << 4) + positionState) === 0) {
        this.#literal();
      } else {
        isGood = this.#match(positionState);
      }
      isGood &&= !this.#coder.isPastEnd;
    }
    return isGood ? this.#out : undefined;
  }

  #back(distance: number): number {
    return u8(this.#out, this.#at - distance - 1);
  }

  #literal(): void {
    const before = this.#at === 0 ? 0 : this.#back(0);
    const place = ((this.#at & ((1 << this.#lp) - 1)) << this.#lc) + (before >> (8 - this.#lc));
    const base = 0x300 * place;
    let symbol = 1;
    if (this.#state >= FIRST_MATCH_STATE) {
      let matched = this.#back(this.#repeats[0]);
      for (let isSame = true; isSame && symbol < 0x100;) {
        const expected = (matched >> 7) & 1;
        matched <<= 1;
        const bit = this.#coder.bit(this.#literals, base + ((1 + expected) << 8) + symbol);
        symbol = symbol * 2 + bit;
        isSame = bit === expected;
      }
    }
    while (symbol < 0x100) {
      symbol = symbol * 2 + this.#coder.bit(this.#literals, base + symbol);
    }
    this.#out[this.#at] = symbol & 255;
    this.#at += 1;
    this.#state = this.#state < 4 ? 0 : this.#state - (this.#state < 10 ? 3 : 6);
  }

  /** False when the data cannot be right: it reaches before the start or ends by a mark. */
  #match(positionState: number): boolean {
    const isRepeat = this.#coder.bit(this.#isRepeat, this.#state) === 1;
    if (!isRepeat) {
      const length = this.#lengths.read(this.#coder, positionState);
      this.#repeats = [this.#distance(length), this.#repeats[0], this.#repeats[1], this.#repeats[2]];
      this.#state = this.#state < FIRST_MATCH_STATE ? 7 : 10;
      return this.#copy(length + MATCH_LENGTH);
    }
    if (this.#isShortRepeat(positionState)) {
      this.#state = this.#state < FIRST_MATCH_STATE ? 9 : 11;
      return this.#copy(1);
    }
    const length = this.#repeatLengths.read(this.#coder, positionState);
    this.#state = this.#state < FIRST_MATCH_STATE ? 8 : 11;
    return this.#copy(length + MATCH_LENGTH);
  }

  /** Brings the distance that is repeated to the front; true when one byte of the latest is meant. */
  #isShortRepeat(positionState: number): boolean {
    const [first, second, third, fourth] = this.#repeats;
    if (this.#coder.bit(this.#isRepeat0, this.#state) === 0) {
      return this.#coder.bit(this.#isRepeat0Long, (this.#state << 4) + positionState) === 0;
    }
    if (this.#coder.bit(this.#isRepeat1, this.#state) === 0) {
      this.#repeats = [second, first, third, fourth];
    } else if (this.#coder.bit(this.#isRepeat2, this.#state) === 0) {
      this.#repeats = [third, first, second, fourth];
    } else {
      this.#repeats = [fourth, first, second, third];
    }
    return false;
  }

  #distance(length: number): number {
    const slot = this.#coder.tree(this.#slots, Math.min(length, 3) * POSITION_SLOTS, 6);
    if (slot < 4) {
      return slot;
    }
    const bits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) * 2 ** bits;
    if (slot < END_OF_MODELLED) {
      return base + this.#coder.reversedTree(this.#distances, base - slot, bits);
    }
    const upper = this.#coder.direct(bits - ALIGN_BITS) * 2 ** ALIGN_BITS;
    return base + upper + this.#coder.reversedTree(this.#align, 0, ALIGN_BITS);
  }

  #copy(length: number): boolean {
    const distance = this.#repeats[0];
    if (distance >= this.#at) {
      return false;
    }
    const end = Math.min(this.#at + length, this.#out.length);
    for (; this.#at < end; this.#at += 1) {
      this.#out[this.#at] = this.#back(distance);
    }
    return true;
  }
}

/**
 * Decodes `size` bytes under the five bytes of `properties`, or gives undefined when the data is not sound.
 * Memory: `size` and up to 6 MB of models (8 and 4 literal bits); time: linear in `size`.
 */
export function decodeLzma(properties: Uint8Array, bytes: Uint8Array, size: number): Buffer | undefined {
  const isSound = properties.length === 5 && u8(properties, 0) < 225;
  return isSound && bytes.length >= 5 ? new LzmaRun(u8(properties, 0), bytes, size).run() : undefined;
}
