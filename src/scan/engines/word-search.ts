import { type Code, get, load, multiply, number, set, shiftLeft, shiftRight } from '../assembly.ts';
import { PART_BYTES, PlaceSieve, SPARE, SPREAD } from '../place-sieve.ts';
import { viewOf } from '../unpack/byte-view.ts';
import type { Word } from './pattern-words.ts';

/** Bytes that are compared at once. */
const GROUP_BYTES = 4;
/** Bits of the table for each group that is in it: so many that most other groups meet none. */
const BITS_PER_GROUP = 64;
const MIN_TABLE_BITS = 10;
/** 2 MB for each thread; with more groups the search tells less and less, and is no search any more. */
const MAX_TABLE_BITS = 24;
const CASE_BIT = 0x20;

/** Words of one group from which on only what is common to them is looked for: addresses of one site, for one. */
const MAX_SHARED = 16;

/** Where a group stands in a word. */
interface Anchored {
  readonly word: Word;
  readonly lead: number;
}

const NONE: readonly Anchored[] = [];

function isSmall(byte: number): boolean {
  return byte >= 0x61 && byte <= 0x7a;
}

/** How often a byte is met where it is not wanted: zeros in data, blanks and small letters in texts. */
function frequency(byte: number): number {
  return byte === 0 || byte === 0x20 ? 16 : isSmall(byte) ? 6 : byte < 0x80 ? 3 : 1;
}

/** The four bytes at `lead` in every form. */
function groupsAt({ bytes, isFolded }: Word, lead: number): number[] {
  let groups = [0];
  for (let at = 0; at < GROUP_BYTES; at += 1) {
    const byte = bytes[lead + at] ?? 0;
    const forms = isFolded && isSmall(byte) ? [byte, byte & ~CASE_BIT] : [byte];
    groups = forms.flatMap((form) => groups.map((group) => group | (form << (8 * at))));
  }
  return groups;
}

/** What both have around their group, which is there wherever one of them is. */
function common(one: Anchored, other: Anchored): Anchored {
  const [left, right] = [one.word.bytes, other.word.bytes];
  const isEqual = (at: number): boolean =>
    left[one.lead + at] !== undefined && left[one.lead + at] === right[other.lead + at];
  let [start, end] = [0, 0];
  while (isEqual(start - 1)) {
    start -= 1;
  }
  while (isEqual(end)) {
    end += 1;
  }
  const isFolded = one.word.isFolded || other.word.isFolded;
  return { word: { bytes: left.subarray(one.lead + start, one.lead + end), isFolded }, lead: -start };
}

function standsAt(view: Buffer, place: number, { bytes, isFolded }: Word): boolean {
  if (place < 0 || place + bytes.length > view.length) {
    return false;
  }
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = view[place + at] ?? 0;
    const wanted = bytes[at] ?? 0;
    if (byte !== wanted && !(isFolded && isSmall(wanted) && (byte | CASE_BIT) === wanted)) {
      return false;
    }
  }
  return true;
}

/** Whether the group at `offset` of a place may be one of the table's: its bit there, of 2^`bits`. */
function isPromising(at: Code, offset: number, bits: number): Code {
  const spread = [...at, ...load(offset), ...number(SPREAD), ...multiply, ...set(SPARE), ...get(SPARE)];
  const cell = [...number(32 - (bits - 5)), ...shiftRight, ...number(2), ...shiftLeft, ...load(0)];
  return [...spread, ...cell, ...get(SPARE), ...number(32 - bits), ...shiftRight, ...shiftRight];
}

/** Tells whether any of many words is in some bytes. Reads each fourth group of four bytes only. */
export class WordSearch {
  readonly #sieve: PlaceSieve;
  readonly #byGroup = new Map<number, Anchored[]>();

  /** Words of at least seven bytes. Throws when there are more than can be told apart. */
  constructor(words: readonly Word[]) {
    for (const word of words) {
      const place = this.#rarestPlace(word);
      for (let lead = place; lead < place + GROUP_BYTES; lead += 1) {
        this.#add({ word, lead });
      }
    }
    const bits = Math.max(MIN_TABLE_BITS, Math.ceil(Math.log2(this.#byGroup.size * BITS_PER_GROUP)));
    if (bits > MAX_TABLE_BITS) {
      throw new Error('too many words for one search');
    }
    const table = new Int32Array(2 ** (bits - 5));
    for (const group of this.#byGroup.keys()) {
      const spread = Math.imul(group, SPREAD);
      const at = spread >>> (32 - (bits - 5));
      table[at] = (table[at] ?? 0) | (1 << (spread >>> (32 - bits)));
    }
    this.#sieve = new PlaceSieve({
      table: new Uint8Array(table.buffer),
      apart: GROUP_BYTES,
      code: (at, offset) => isPromising(at, offset, bits),
    });
  }

  /** Where the seven bytes begin of which the groups are the rarest in other contents, and in other words. */
  #rarestPlace(word: Word): number {
    const costs = Array.from({ length: word.bytes.length - GROUP_BYTES + 1 }, (_, lead) =>
      this.#cost(word, lead),
    );
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    for (let place = 0; place + GROUP_BYTES <= costs.length; place += 1) {
      const cost = Math.max(...costs.slice(place, place + GROUP_BYTES));
      [best, least] = cost < least ? [place, cost] : [best, least];
    }
    return best;
  }

  #cost({ bytes }: Word, lead: number): number {
    let cost = 1 + (this.#byGroup.get(bytes.readInt32LE(lead))?.length ?? 0);
    for (let at = lead; at < lead + GROUP_BYTES; at += 1) {
      cost *= frequency(bytes[at] ?? 0);
    }
    return cost;
  }

  #add(anchored: Anchored): void {
    for (const group of groupsAt(anchored.word, anchored.lead)) {
      const known = this.#byGroup.get(group);
      if (known === undefined || known.length >= MAX_SHARED) {
        this.#byGroup.set(group, [(known ?? []).reduce(common, anchored)]);
      } else {
        known.push(anchored);
      }
    }
  }

  /** True when one of the words is there. */
  occursIn(bytes: Uint8Array): boolean {
    const view = viewOf(bytes);
    const { places } = this.#sieve;
    for (let from = 0; from < view.length; from += PART_BYTES) {
      const count = this.#sieve.collect(view, from);
      for (let index = 0; index < count; index += 1) {
        const place = places[index] ?? 0;
        if (this.#stands(view, from + place, this.#sieve.fourAt(place))) {
          return true;
        }
      }
    }
    return false;
  }

  #stands(view: Buffer, at: number, group: number): boolean {
    for (const { word, lead } of this.#byGroup.get(group) ?? NONE) {
      if (standsAt(view, at - lead, word)) {
        return true;
      }
    }
    return false;
  }
}
