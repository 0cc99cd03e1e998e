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

/** PPMd at its start must ask for memory, and for a model of more than one symbol. */
function startsPpmd(first: number): boolean {
  return (first & 0x20) !== 0 && (first & 0x1f) !== 0;
}

/**
 * Whether the bytes may begin what RAR 2.9 to 4 compressed. Decoders refuse the rest: a model that is not there yet,
 * code lengths that want more codes than there are, and bits that are no code.
 */
export function mayStartRar3(bytes: Buffer): boolean {
  if ((u8(bytes, 0) & 0x80) !== 0) {
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
