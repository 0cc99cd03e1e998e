import { viewOf } from './byte-view.ts';

/** Every pair of bytes: whether some mark has it where the search looks. */
const PAIRS = 65_536;
/** The search sees each second pair, so a mark shows one of two pairs, which three bytes hold. */
const ANCHOR_BYTES = 3;
const ABSENT = -1;
const NONE: readonly Anchored[] = [];

/** What is looked for. */
export interface Mark {
  readonly bytes: Buffer;
  /** Letters, which are small ones in `bytes`, may be capitals as well. */
  readonly isFolded: boolean;
}

interface Anchored {
  readonly index: number;
  readonly mark: Mark;
  /** Bytes of the mark before the pair that was seen. */
  readonly lead: number;
}

/** How often a byte is met where it is not wanted: letters in every text, zeros in most data, others seldom. */
function frequency(byte: number): number {
  const isLower = byte >= 0x61 && byte <= 0x7a;
  const isCommon = byte === 0x20 || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a);
  return isLower || byte === 0 ? 16 : isCommon ? 4 : 1;
}

/** Where the three bytes stand by which a mark is found: those that are the rarest in other data. */
function anchorOf(mark: Buffer): number {
  const costs = Array.from({ length: mark.length - ANCHOR_BYTES + 1 }, (_, at) => {
    const [a = 0, b = 0, c = 0] = mark.subarray(at, at + ANCHOR_BYTES);
    return frequency(a) * frequency(b) + frequency(b) * frequency(c);
  });
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

const CASE_BIT = 0x20;

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

/** The next word with a pair of some mark. A function of its own, so small that it is compiled to a tight loop. */
function promising(words: Int32Array, from: number, hasPair: Uint8Array): number {
  for (let at = from; at < words.length; at += 1) {
    const word = words[at] ?? 0;
    if (((hasPair[word & 0xffff] ?? 0) | (hasPair[word >>> 16] ?? 0)) !== 0) {
      return at;
    }
  }
  return words.length;
}

/**
 * Finds the first place of many marks in one pass. `indexOf` for each mark alone reads the same bytes again and
 * again: with thirty marks that was the dearest part of a scan.
 */
export class MarkSearch {
  readonly #hasPair = new Uint8Array(PAIRS);
  readonly #byPair: (readonly Anchored[])[] = Array.from({ length: PAIRS }, () => NONE);
  readonly #marks: readonly Mark[];

  /** Marks of at least three bytes. */
  constructor(marks: readonly Mark[]) {
    this.#marks = marks;
    for (const [index, mark] of marks.entries()) {
      const anchor = anchorOf(mark.bytes);
      for (const lead of [anchor, anchor + 1]) {
        for (const pair of pairsAt(mark, lead)) {
          this.#hasPair[pair] = 1;
          this.#byPair[pair] = [...(this.#byPair[pair] ?? NONE), { index, mark, lead }];
        }
      }
    }
  }

  /** For each mark where it stands first, or -1. */
  first(bytes: Uint8Array): Int32Array<ArrayBuffer> {
    const view = viewOf(bytes);
    const found = new Int32Array(this.#marks.length).fill(ABSENT);
    // Words are read at whole addresses; the rest before and behind them is short.
    const start = (4 - (view.byteOffset & 3)) & 3;
    const count = Math.max(0, (view.length - start) >> 2);
    this.#pairs(view, 0, start, found);
    if (count > 0) {
      this.#words(view, new Int32Array(view.buffer, view.byteOffset + start, count), start, found);
    }
    this.#pairs(view, Math.max(start, start + count * 4 - 1), view.length, found);
    return found;
  }

  #words(view: Buffer, words: Int32Array, start: number, found: Int32Array): void {
    for (let at = promising(words, 0, this.#hasPair); at < words.length;) {
      const word = words[at] ?? 0;
      this.#check(view, start + at * 4, word & 0xffff, found);
      this.#check(view, start + at * 4 + 2, word >>> 16, found);
      at = promising(words, at + 1, this.#hasPair);
    }
  }

  #pairs(view: Buffer, from: number, to: number, found: Int32Array): void {
    for (let at = from; at < Math.min(to, view.length - 1); at += 1) {
      this.#check(view, at, view.readUInt16LE(at), found);
    }
  }

  #check(view: Buffer, at: number, pair: number, found: Int32Array): void {
    for (const { index, mark, lead } of this.#byPair[pair] ?? NONE) {
      const place = at - lead;
      const known = found[index] ?? ABSENT;
      const isEarlier = place >= 0 && (known === ABSENT || place < known);
      if (isEarlier && standsAt(view, place, mark)) {
        found[index] = place;
      }
    }
  }
}

/** Where a mark stands first in some bytes, or -1. */
export type MarkFinder = (bytes: Uint8Array) => number;

/** The marks that unpackers look for in every piece, found together. */
export class MarkIndex {
  readonly #marks: Mark[] = [];
  /** Unpackers are asked one after the other about the same piece. Weak: a worker that waits keeps no mail. */
  #last: WeakRef<Uint8Array> | undefined;
  #found = new Int32Array();
  #search: MarkSearch | undefined;

  /** `isFolded`: the letters of `bytes`, all small, may be capitals as well. */
  add(bytes: Buffer, isFolded = false): MarkFinder {
    const index = this.#marks.push({ bytes, isFolded }) - 1;
    this.#search = undefined;
    return (bytes) => this.#first(bytes)[index] ?? ABSENT;
  }

  #first(bytes: Uint8Array): Int32Array {
    if (this.#search === undefined || this.#last?.deref() !== bytes) {
      this.#search ??= new MarkSearch(this.#marks);
      this.#found = this.#search.first(bytes);
      this.#last = new WeakRef(bytes);
    }
    return this.#found;
  }
}
