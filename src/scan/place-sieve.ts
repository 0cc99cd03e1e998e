import {
  add,
  and,
  assemble,
  type Code,
  get,
  loadByte,
  loadPair,
  number,
  set,
  shiftLeft,
  shiftRight,
  storePair,
  whileLess,
} from './assembly.ts';

/** Of which every memory of WebAssembly is made. */
const PAGE_BYTES = 65_536;
/** Of a content that a test may see behind its place. */
const BEHIND_BYTES = 16;
/** Places that are tested in one turn of the loop. */
const UNROLLED = 4;
/** A content is looked at in parts of which each place is a number of two bytes. */
export const PART_BYTES = PAGE_BYTES - BEHIND_BYTES;

/** Spreads groups of four bytes over the table of a test: 2^32 by the golden ratio. */
export const SPREAD = 0x9e37_79b1;

/** What the loop is given: the place it is at, where it ends, where the next place found is written. */
const AT = 0;
const LIMIT = 1;
const FOUND = 2;
/** For the test. */
export const SPARE = 3;

/** What a place is tested with. */
export interface PlaceTest {
  /** Begins at zero. Bits that the test takes its answer from. */
  readonly table: Uint8Array;
  /** From one place to the next, bytes. */
  readonly apart: 2 | 4;
  /** Leaves a number whose lowest bit is the answer. `at` leaves a place on the stack; its bytes are at `offset`. */
  readonly code: (at: Code, offset: number) => Code;
}

const PAIRS = 65_536;
const CODES = 256;
const ANY_THIRD = 0xff;

/** The pair of two bytes in the order in which words are read. */
function pairOf(first: number, second: number): number {
  return first | (second << 8);
}

/** Of each pair of bytes, which ones may stand behind it, by their lowest three bits. */
export class ThirdTable {
  readonly bytes = new Uint8Array(PAIRS);

  /** `thirds`: a bit for each rest of eight; default all. */
  add(pair: number, thirds = ANY_THIRD): void {
    this.bytes[pair] = (this.bytes[pair] ?? 0) | thirds;
  }

  /** Lets through `byte` before one of `followers`, at a place or behind it: each second place is tested. */
  addEither(byte: number, followers: readonly number[] = [...Array(CODES).keys()]): void {
    for (const follower of followers) {
      this.add(pairOf(byte, follower));
    }
    const thirds = followers.reduce((bits, follower) => bits | (1 << (follower & 7)), 0);
    for (let before = 0; before < CODES; before += 1) {
      this.add(pairOf(before, byte), thirds);
    }
  }
}

/** Whether the pair at `offset` of a place is one that the third byte may stand behind. The table is a `ThirdTable`. */
export function thirdTest(at: Code, offset: number): Code {
  const third = [...at, ...loadByte(offset + 2), ...number(7), ...and];
  return [...at, ...loadPair(offset), ...loadByte(0), ...third, ...shiftRight];
}

/**
 * Finds the places of a content that a test lets through, some thousand places each time. Every place is written down
 * and the next one over it unless it passed: nothing is branched on, so that texts, in which one place of five passes,
 * are looked at as fast as data in which none does. A loop of JavaScript takes half as long again for data, and three
 * times as long for texts.
 */
export class PlaceSieve {
  /** Of the last part. */
  readonly places: Uint16Array;
  readonly #part: Uint8Array;
  readonly #numbers: DataView;
  readonly #run: (at: number, limit: number, found: number) => number;
  readonly #foundAt: number;
  readonly #turnBytes: number;

  constructor({ table, apart, code }: PlaceTest) {
    const partAt = Math.ceil(table.length / PAGE_BYTES) * PAGE_BYTES;
    this.#foundAt = partAt + PAGE_BYTES;
    this.#turnBytes = apart * UNROLLED;
    const steps = Array.from({ length: UNROLLED }, (_, index) => step(index * apart, partAt, code)).flat();
    const forth = [...get(AT), ...number(this.#turnBytes), ...add, ...set(AT), ...get(AT)];
    const { memory, run } = assemble({
      parameters: 3,
      more: 1,
      pages: this.#foundAt / PAGE_BYTES + 1,
      code: [...whileLess([...steps, ...forth], LIMIT), ...get(FOUND)],
    });
    new Uint8Array(memory.buffer).set(table);
    this.#part = new Uint8Array(memory.buffer, partAt, PAGE_BYTES);
    this.#numbers = new DataView(memory.buffer, partAt, PAGE_BYTES);
    this.places = new Uint16Array(memory.buffer, this.#foundAt);
    this.#run = run;
  }

  /**
   * How many of `places` are those of `bytes` from `from` on, counted from there, within `PART_BYTES`. Behind the end
   * stand zeros, and places behind it may be among them.
   */
  collect(bytes: Uint8Array, from: number): number {
    const part = bytes.subarray(from, from + PAGE_BYTES);
    this.#part.set(part);
    const limit = Math.min(part.length, PART_BYTES);
    this.#part.fill(0, part.length, limit + this.#turnBytes + BEHIND_BYTES);
    return (this.#run(0, limit, this.#foundAt) - this.#foundAt) / Uint16Array.BYTES_PER_ELEMENT;
  }

  /** The four bytes at a place of the last part, with zeros behind the end. */
  fourAt(place: number): number {
    return this.#numbers.getInt32(place, true);
  }
}

function step(distance: number, partAt: number, code: PlaceTest['code']): Code {
  const noted = [...get(FOUND), ...get(AT), ...number(distance), ...add, ...storePair(0)];
  const passed = [...code(get(AT), partAt + distance), ...number(1), ...and];
  return [...noted, ...get(FOUND), ...passed, ...number(1), ...shiftLeft, ...add, ...set(FOUND)];
}
