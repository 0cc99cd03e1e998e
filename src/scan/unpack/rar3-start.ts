import { u8 } from './byte-view.ts';

/** Symbols of the table that codes the lengths of all others, and how many those are in each of the four. */
const LEVELS = 20;
const TABLES = [299, 60, 17, 28];
const LENGTHS = 404;
const LONGEST = 15;
/** From here on symbols repeat: the last length or a zero, a few or many times. */
const FIRST_REPETITION = 16;
const FIRST_ZEROS = 18;
/** Bytes that the test looks at, whole blocks of the cipher: the longest tables have 759. */
export const RAR3_START_BYTES = 768;

/** Not enough bytes: nothing is said. */
class Untold extends Error {}

class BitReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** At most 9 bits. Throws `Untold` at the end. */
  take(bits: number): number {
    const byte = this.#at >> 3;
    if (this.#at + bits > this.#bytes.length * 8) {
      throw new Untold();
    }
    const pair = (u8(this.#bytes, byte) << 8) | u8(this.#bytes, byte + 1);
    const value = (pair >> (16 - (this.#at & 7) - bits)) & ((1 << bits) - 1);
    this.#at += bits;
    return value;
  }
}

/** How much of all codes the lengths take, 1 for all. */
function share(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + (length === 0 ? 0 : 2 ** -length), 0);
}

/** Lengths of four bits each; 15 and a number stand for so many zeros and two more. */
function levelLengths(bits: BitReader): number[] {
  const lengths: number[] = [];
  while (lengths.length < LEVELS) {
    const length = bits.take(4);
    const zeros = length === LONGEST ? bits.take(4) : 0;
    lengths.push(...(zeros === 0 ? [length] : Array.from({ length: zeros + 2 }, () => 0)));
  }
  return lengths.slice(0, LEVELS);
}

/**
 * Canonical codes: shorter ones first, symbols of one length in order. Gives a reader of one symbol; undefined for bits
 * that are no code.
 */
function symbolReader(bits: BitReader, lengths: readonly number[]): () => number | undefined {
  const ordered = [...lengths.keys()]
    .filter((symbol) => lengths[symbol] !== 0)
    .sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0));
  const counts = Array.from(
    { length: LONGEST + 1 },
    (_, bit) => lengths.filter((length) => length === bit).length,
  );
  return () => {
    for (let length = 1, code = 0, first = 0, passed = 0; length <= LONGEST; length += 1) {
      const count = counts[length] ?? 0;
      code = (code << 1) | bits.take(1);
      first <<= 1;
      if (code - first < count) {
        return ordered[passed + code - first];
      }
      first += count;
      passed += count;
    }
    return undefined;
  };
}

/** The lengths of all codes; undefined for bits that are no code, and when the first is said to repeat another. */
function codeLengths(bits: BitReader, levels: readonly number[]): number[] | undefined {
  const next = symbolReader(bits, levels);
  const lengths: number[] = [];
  while (lengths.length < LENGTHS) {
    const symbol = next();
    if (symbol !== undefined && symbol < FIRST_REPETITION) {
      lengths.push(symbol);
      continue;
    }
    const last = symbol !== undefined && symbol >= FIRST_ZEROS ? 0 : lengths.at(-1);
    if (symbol === undefined || last === undefined) {
      return undefined;
    }
    const times = (symbol & 1) === 0 ? bits.take(3) + 3 : bits.take(7) + 11;
    lengths.push(...Array.from({ length: times }, () => last));
  }
  return lengths;
}

function startsLz(bytes: Buffer): boolean {
  const bits = new BitReader(bytes, 2);
  const levels = levelLengths(bits);
  if (share(levels) > 1 || share(levels) === 0) {
    return false;
  }
  const lengths = codeLengths(bits, levels);
  let from = 0;
  return (
    lengths !== undefined &&
    TABLES.every((symbols) => {
      from += symbols;
      return share(lengths.slice(from - symbols, from)) <= 1;
    })
  );
}

const PPMD = 0x80;
const WITH_MEMORY = 0x20;
const ORDER = 0x1f;

/** PPMd at its start must ask for memory, and for a model of more than one symbol. */
function startsPpmd(first: number): boolean {
  return (first & WITH_MEMORY) !== 0 && (first & ORDER) !== 0;
}

/**
 * Whether the bytes may begin what RAR 2.9 to 4 compressed. Decoders refuse the rest: a model that is not there yet,
 * code lengths that want more codes than there are, and bits that are no code.
 */
export function mayStartRar3(bytes: Buffer): boolean {
  if ((u8(bytes, 0) & PPMD) !== 0) {
    return startsPpmd(u8(bytes, 0));
  }
  try {
    return startsLz(bytes);
  } catch (error) {
    if (error instanceof Untold) {
      return true;
    }
    throw error;
  }
}

/**
 * Memory of a model, MB, for which 7-Zip as it starts has room. For more its own memory grows, up to 270 MB: that
 * instance is used once, and the runtime collects all garbage before the next one.
 */
export const SMALL_MODEL_MB = 8;
/** Of its memory; the rest is for text, a byte of which every symbol takes. */
const PLACES_OF_SMALL_MODEL = (SMALL_MODEL_MB * 1024 * 1024 * 7) / 8;
/**
 * A symbol that was not met in a context takes a place in its list. Lists grow by whole sizes, and what a shorter list
 * had may stay unused: less than 8 units of 12 bytes for each place of a list of 256.
 */
const PLACE_BYTES = 96;
/** One for each order at most. */
const CONTEXT_BYTES = 12;
/** A byte stands as it is or behind the escape; what else an escape means is a repetition, or something rare and short. */
const SYMBOLS_PER_BYTE = 2;

/** Contexts longer than 16 are counted in steps of three. */
function orderOf(first: number): number {
  const order = (first & ORDER) + 1;
  return order > 16 ? 16 + (order - 16) * 3 : order;
}

/** How many bytes cannot fill a small model of the order that `first` asks for. */
export function smallModelHolds(first: number): number {
  const symbolBytes = PLACE_BYTES + CONTEXT_BYTES * orderOf(first);
  return Math.floor(PLACES_OF_SMALL_MODEL / symbolBytes / SYMBOLS_PER_BYTE);
}

/**
 * What a file of `unpackedBytes` begins with, asking for no more memory than it needs. A model that is not full is the
 * same in any memory, so nothing else changes. A wrong password makes bytes that ask for 128 MB in the mean.
 */
export function withSmallModel(bytes: Buffer, unpackedBytes: number): Buffer {
  const first = u8(bytes, 0);
  const isPpmd = (first & PPMD) !== 0 && startsPpmd(first);
  if (!isPpmd || u8(bytes, 1) < SMALL_MODEL_MB || unpackedBytes > smallModelHolds(first)) {
    return bytes;
  }
  const small = Buffer.from(bytes);
  small[1] = SMALL_MODEL_MB - 1;
  return small;
}
