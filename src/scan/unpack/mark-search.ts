import { KnownAnswers } from '../known-answers.ts';
import { PART_BYTES, PlaceSieve, thirdTest, ThirdTable } from '../place-sieve.ts';
import { viewOf } from './byte-view.ts';
import type { Mark, MarkPlaces } from './mark.ts';
import { GROUP_NUMBERS, groupAt, GroupTable, numbersOf } from './mark-groups.ts';
import { isPartOf, MIN_PART_BYTES, placesInPart } from './mark-parts.ts';

const PAIRS = 65_536;
/** The search sees each second pair, so a mark shows one of two pairs; in four bytes either has one more behind it. */
const ANCHOR_BYTES = 4;
const ABSENT = -1;
const CASE_BIT = 0x20;
/** Whoever wants a mark wherever it stands looks at its surroundings: a text of nothing but marks fills no memory. */
export const REPEATED_APART = 512;

interface Found {
  /** Of the search where nothing was found so far, and so nobody's own. */
  first: Int32Array<ArrayBuffer>;
  readonly repeated: number[];
}

interface Anchored {
  readonly index: number;
  readonly mark: Mark;
  /** Bytes of the mark before the pair that was seen. */
  readonly lead: number;
}

const NOTHING: Anchored = { index: 0, mark: { bytes: Buffer.alloc(0), isFolded: false }, lead: 0 };

/** Letters of which most texts consist. */
const COMMON_LETTERS: ReadonlySet<number> = new Set(Buffer.from('etaoinsrhldcu'));

/** How often a byte is met where it is not wanted: letters in every text, zeros in most data, others seldom. */
function frequency(byte: number): number {
  if (byte === 0 || byte === 0x20 || COMMON_LETTERS.has(byte)) {
    return 16;
  }
  const isLower = byte >= 0x61 && byte <= 0x7a;
  const isCommon = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a);
  return isLower ? 6 : isCommon ? 4 : 1;
}

/** How often three bytes of a mark are met; what stands behind its end may be anything. */
function tripleCost(mark: Buffer, at: number): number {
  return [0, 1, 2].reduce(
    (cost, place) => cost * (at + place < mark.length ? frequency(mark[at + place] ?? 0) : 64),
    1,
  );
}

/** Where the bytes stand by which a mark is found: those that are the rarest in other data. */
function anchorOf(mark: Buffer): number {
  const places = Math.max(1, mark.length - Math.min(mark.length, ANCHOR_BYTES) + 1);
  const costs = Array.from({ length: places }, (_, at) => tripleCost(mark, at) + tripleCost(mark, at + 1));
  return costs.indexOf(Math.min(...costs));
}

function standsAt(view: Buffer, place: number, { bytes, isFolded }: Mark): boolean {
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = view[place + at] ?? 0;
    if (byte !== bytes[at] && !(isFolded && isCapital(byte) && (byte | CASE_BIT) === bytes[at])) {
      return false;
    }
  }
  return place + bytes.length <= view.length;
}

function isCapital(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

/** The bytes that may stand for one of a mark. */
function formsOf(byte: number, isFolded: boolean): number[] {
  return isFolded && byte >= 0x61 && byte <= 0x7a ? [byte, byte & ~CASE_BIT] : [byte];
}

/** The two bytes of the mark at `lead` in every form, in the order in which words are read. */
function pairsAt({ bytes, isFolded }: Mark, lead: number): number[] {
  const [first = 0, second = 0] = bytes.subarray(lead, lead + 2);
  return formsOf(first, isFolded).flatMap((a) => formsOf(second, isFolded).map((b) => a | (b << 8)));
}

/** The bit of the byte behind the pair at `lead`, the same for a letter and its capital; undefined behind the mark. */
function thirdAt({ bytes }: Mark, lead: number): number | undefined {
  const third = bytes[lead + 2];
  return third === undefined ? undefined : 1 << (third & 7);
}

/** One of two pairs of a mark is seen. */
function anchorsOf({ bytes }: Mark): number[] {
  const anchor = anchorOf(bytes);
  return [anchor, anchor + 1];
}

/** Where lists begin that stand one behind the other, and where the last one ends. */
function startsOf(lists: readonly (readonly unknown[])[]): number[] {
  const starts = [0];
  for (const { length } of lists) {
    starts.push((starts.at(-1) ?? 0) + length);
  }
  return starts;
}

/**
 * Finds the first place of many marks in one pass. `indexOf` for each mark alone reads the same bytes again and
 * again: with thirty marks that was the dearest part of a scan.
 */
export class MarkSearch {
  readonly #sieve: PlaceSieve;
  /** For each pair the number of the list of marks that show it; zero for the empty list. */
  readonly #lists = new Uint16Array(PAIRS);
  /** Where each list begins among the groups, and where the next one does. */
  readonly #starts: Int32Array;
  /** `fold`, `mask` and `value` of each: text meets thousands of pairs, and lists of objects would be read from afar. */
  readonly #groups: Int32Array;
  readonly #table = new GroupTable();
  readonly #anchored: readonly Anchored[];
  /** What most contents give: memory for each of them is what the runtime has to collect. */
  readonly #nowhere: Int32Array<ArrayBuffer>;

  /** Marks of at least three bytes. */
  constructor(marks: readonly Mark[]) {
    this.#nowhere = new Int32Array(marks.length).fill(ABSENT);
    const all = marks.flatMap((mark, index) => anchorsOf(mark).map((lead) => ({ index, mark, lead })));
    const thirds = new ThirdTable();
    const lists = this.#fill(all, thirds).map((list) => list.flatMap((at) => all[at] ?? []));
    this.#sieve = new PlaceSieve({ table: thirds.bytes, apart: 2, code: thirdTest });
    this.#starts = Int32Array.from(startsOf(lists));
    this.#anchored = lists.flat();
    const groups = this.#anchored.map(({ mark, lead }) => groupAt(mark, lead));
    this.#groups = Int32Array.from(groups.flatMap(numbersOf));
    groups.forEach((group) => this.#table.add(group));
  }

  /** The lists of those that show the same pairs, by their places among `all`. Letters and capitals share theirs. */
  #fill(all: readonly Anchored[], thirds: ThirdTable): (readonly number[])[] {
    const byPair = new Map<number, number[]>();
    for (const [at, { mark, lead }] of all.entries()) {
      for (const pair of pairsAt(mark, lead)) {
        thirds.add(pair, thirdAt(mark, lead));
        byPair.set(pair, [...(byPair.get(pair) ?? []), at]);
      }
    }
    const lists = new Map<string, { readonly number: number; readonly list: readonly number[] }>();
    for (const [pair, list] of byPair) {
      const name = list.join();
      const known = lists.get(name) ?? { number: lists.size + 1, list };
      lists.set(name, known);
      this.#lists[pair] = known.number;
    }
    return [[], ...Array.from(lists.values(), ({ list }) => list)];
  }

  /** For each mark where it stands first, or -1. */
  first(bytes: Uint8Array): Int32Array<ArrayBuffer> {
    return this.places(bytes).first;
  }

  places(bytes: Uint8Array): MarkPlaces {
    const view = viewOf(bytes);
    const found: Found = { first: this.#nowhere, repeated: [] };
    const { places } = this.#sieve;
    for (let from = 0; from < view.length; from += PART_BYTES) {
      const count = this.#sieve.collect(view, from);
      for (let index = 0; index < count; index += 1) {
        const place = places[index] ?? 0;
        const seen = this.#sieve.fourAt(place);
        if (this.#table.mayHold(seen)) {
          this.#check(view, from + place, seen, found);
        }
      }
    }
    return found;
  }

  /** `seen`: the four bytes at `at`, with zeros behind the end. */
  #check(view: Buffer, at: number, seen: number, found: Found): void {
    const list = this.#lists[seen & 0xffff] ?? 0;
    const groups = this.#groups;
    const end = this.#starts[list + 1] ?? 0;
    for (let each = this.#starts[list] ?? 0; each < end; each += 1) {
      const first = each * GROUP_NUMBERS;
      const [fold, mask] = [groups[first] ?? 0, groups[first + 1] ?? 0];
      if (((seen | fold) & mask) === groups[first + 2]) {
        this.#note(view, at, this.#anchored[each] ?? NOTHING, found);
      }
    }
  }

  #note(view: Buffer, at: number, { index, mark, lead }: Anchored, found: Found): void {
    const { repeated } = found;
    const place = at - lead;
    const known = found.first[index] ?? ABSENT;
    const isEarlier = place >= 0 && (known === ABSENT || place < known);
    const isApart =
      mark.isRepeated === true &&
      place >= (repeated.length === 0 ? 0 : (repeated.at(-1) ?? 0) + REPEATED_APART);
    if ((isEarlier || isApart) && standsAt(view, place, mark)) {
      found.first = found.first === this.#nowhere ? this.#nowhere.slice() : found.first;
      found.first[index] = isEarlier ? place : known;
      repeated.push(...(isApart ? [place] : []));
    }
  }
}

/** Where a mark stands first in some bytes, or -1. */
export type MarkFinder = (bytes: Uint8Array) => number;

/** Whether one of some marks stands in some bytes. */
export type AnyMarkFinder = (bytes: Uint8Array) => boolean;

/** Of some bytes: whether one of the marks of a set stands there. */
export type MarkSetsFinder = (bytes: Uint8Array) => (set: number) => boolean;

/** Of some bytes: where one of several marks stands first, or -1. */
export type EachMarkFinder = (bytes: Uint8Array) => (index: number) => number;

/** Where some of many marks stand, in ascending order and not every one of those that stand close together. */
export type MarksFinder = (bytes: Uint8Array) => readonly number[];

function isAnyPresent(first: Int32Array, indexes: readonly number[]): boolean {
  for (let at = 0; at < indexes.length; at += 1) {
    if ((first[indexes[at] ?? 0] ?? ABSENT) >= 0) {
      return true;
    }
  }
  return false;
}

/** The marks that unpackers look for in every piece, found together. */
export class MarkIndex {
  readonly #marks: Mark[] = [];
  /** Unpackers are asked one after the other about the same piece. */
  #known = new KnownAnswers<Uint8Array, MarkPlaces>();
  /** Of what a content is a part. */
  readonly #wholes = new WeakMap<Uint8Array, Uint8Array>();
  #search: MarkSearch | undefined;
  /** Made once: a text is asked about hundreds of marks. */
  readonly #find = (bytes: Uint8Array): MarkPlaces =>
    this.#inWhole(bytes) ?? (this.#search ??= new MarkSearch(this.#marks)).places(bytes);

  /** Notes that `part` is some of the memory of `whole`, if it is: what was found there need not be found again. */
  notePart(part: Uint8Array, whole: Uint8Array): void {
    if (part.length >= MIN_PART_BYTES && part !== whole && isPartOf(part, whole)) {
      this.#wholes.set(part, whole);
    }
  }

  #inWhole(bytes: Uint8Array): MarkPlaces | undefined {
    const whole = this.#wholes.get(bytes);
    const known = whole && this.#known.given(whole);
    return known && placesInPart(this.#marks, bytes, whole, known);
  }

  /** `isFolded`: the letters of `bytes`, all small, may be capitals as well. Several callers may ask for one mark. */
  add(bytes: Buffer, isFolded = false): MarkFinder {
    const index = this.#indexOf(bytes, isFolded);
    return (bytes) => this.#places(bytes).first[index] ?? ABSENT;
  }

  /**
   * Whether one of `words`, all in small letters, stands there, in capitals or not: to ask for each of them costs more
   * than to look at the places of all.
   */
  addWords(words: readonly string[]): AnyMarkFinder {
    const indexes = words.map((word) => this.#indexOf(Buffer.from(word), true));
    return (bytes) => indexes.length > 0 && isAnyPresent(this.#places(bytes).first, indexes);
  }

  /** As `addWords` for each of several sets: what was found is looked up once for all. */
  addWordSets(sets: readonly (readonly string[])[]): MarkSetsFinder {
    const indexes = sets.map((words) => words.map((word) => this.#indexOf(Buffer.from(word), true)));
    return (bytes) => {
      const { first } = this.#places(bytes);
      return (set) => isAnyPresent(first, indexes[set] ?? []);
    };
  }

  /** As `add` for each of `marks`. */
  addEach(marks: readonly Buffer[]): EachMarkFinder {
    const indexes = marks.map((bytes) => this.#indexOf(bytes, false));
    return (bytes) => {
      const { first } = this.#places(bytes);
      return (index) => first[indexes[index] ?? ABSENT] ?? ABSENT;
    };
  }

  #indexOf(bytes: Buffer, isFolded: boolean): number {
    this.#startAnew();
    const known = this.#marks.findIndex(
      (mark) => mark.bytes.equals(bytes) && mark.isFolded === isFolded && mark.isRepeated !== true,
    );
    return known >= 0 ? known : this.#marks.push({ bytes, isFolded }) - 1;
  }

  /** The letters of `marks`, all small, may be capitals as well. One caller only: the places of all are one list. */
  addRepeated(marks: readonly Buffer[]): MarksFinder {
    this.#marks.push(...marks.map((bytes) => ({ bytes, isFolded: true, isRepeated: true })));
    this.#startAnew();
    return (bytes) => this.#places(bytes).repeated;
  }

  /** What was found is no answer any more: there is another mark. */
  #startAnew(): void {
    this.#search = undefined;
    this.#known = new KnownAnswers();
  }

  #places(bytes: Uint8Array): MarkPlaces {
    return this.#known.of(bytes, this.#find);
  }
}
