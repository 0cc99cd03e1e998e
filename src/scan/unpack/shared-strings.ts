import { u16le, u32le, u8 } from './byte-view.ts';

/**
 * Texts of a workbook before 2007: of its cells (MS-XLS 2.4.265), results of formulas (2.4.268) and texts of shapes and
 * notes (2.4.329). A record has 8224 bytes at most, and where a text goes on in the next one a byte stands between that
 * says how its letters are written from there on.
 */

const TABLE = 0xfc;
const RESULT = 0x207;
const SHAPE = 0x1b6;
const CONTINUED = 0x3c;
const RECORD_HEAD = 4;
/** Two counts before the first text of the table. */
const TABLE_HEAD = 8;
const TEXT_HEAD = 3;
/** Where a shape says how many letters stand in the next record. */
const SHAPE_LETTERS = 10;
const IS_WIDE = 1;
const HAS_PHONETICS = 4;
const HAS_RUNS = 8;
const RUN_BYTES = 4;
/** A letter of one byte may take two in UTF-8, one of two bytes three. */
const MAX_GROWTH = 2;

/** Reads the texts that stand in more than one record. */
class ContinuedTexts {
  readonly #bytes: Buffer;
  readonly #out: Buffer;
  #at = 0;
  #end = 0;
  #length = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#out = Buffer.allocUnsafe(bytes.length * MAX_GROWTH);
  }

  get texts(): Buffer {
    return this.#out.subarray(0, this.#length);
  }

  /** Reads the record at `at` and those in which it goes on; where the last one ends. */
  read(at: number): number {
    this.#at = at + RECORD_HEAD;
    this.#end = Math.min(this.#bytes.length, this.#at + u16le(this.#bytes, at + 2));
    switch (u16le(this.#bytes, at)) {
      case TABLE:
        this.#table();
        break;
      case RESULT:
        this.#text();
        break;
      default:
        this.#shape();
    }
    return this.#end;
  }

  #table(): void {
    this.#at += TABLE_HEAD;
    while ((this.#at < this.#end || this.#nextRecord()) && this.#at + TEXT_HEAD <= this.#end) {
      this.#text();
    }
  }

  #shape(): void {
    const letters = u16le(this.#bytes, this.#at + SHAPE_LETTERS);
    if (letters > 0 && this.#nextRecord()) {
      this.#at += 1;
      this.#letters(letters, (u8(this.#bytes, this.#at - 1) & IS_WIDE) !== 0);
    }
  }

  #nextRecord(): boolean {
    if (u16le(this.#bytes, this.#end) !== CONTINUED || this.#end + RECORD_HEAD >= this.#bytes.length) {
      return false;
    }
    this.#at = this.#end + RECORD_HEAD;
    this.#end = Math.min(this.#bytes.length, this.#at + u16le(this.#bytes, this.#end + 2));
    return true;
  }

  #text(): void {
    const letters = u16le(this.#bytes, this.#at);
    const flags = u8(this.#bytes, this.#at + 2);
    this.#at += TEXT_HEAD;
    const runs = this.#number(flags, HAS_RUNS, 2);
    const phonetics = this.#number(flags, HAS_PHONETICS, 4);
    this.#letters(letters, (flags & IS_WIDE) !== 0);
    this.#skip(runs * RUN_BYTES + phonetics);
  }

  #number(flags: number, flag: number, size: 2 | 4): number {
    if ((flags & flag) === 0) {
      return 0;
    }
    const value = size === 2 ? u16le(this.#bytes, this.#at) : u32le(this.#bytes, this.#at);
    this.#at += size;
    return value;
  }

  #letters(count: number, isWideFirst: boolean): void {
    const start = this.#length;
    let isWide = isWideFirst;
    let left = this.#take(count, isWide);
    const isContinued = left > 0;
    while (left > 0 && this.#nextRecord()) {
      isWide = (u8(this.#bytes, this.#at) & IS_WIDE) !== 0;
      this.#at += 1;
      left = this.#take(left, isWide);
    }
    if (!isContinued) {
      this.#length = start; // it stands in the stream as it is
      return;
    }
    this.#length += this.#out.write('\n', this.#length, 'latin1');
  }

  /** Takes up to `count` letters of this record; how many are left. */
  #take(count: number, isWide: boolean): number {
    const width = isWide ? 2 : 1;
    const taken = Math.max(0, Math.min(count, Math.floor((this.#end - this.#at) / width)));
    const to = this.#at + taken * width;
    this.#length += this.#out.write(
      this.#bytes.toString(isWide ? 'utf16le' : 'latin1', this.#at, to),
      this.#length,
    );
    this.#at = to;
    return count - taken;
  }

  #skip(count: number): void {
    let left = count;
    while (left > this.#end - this.#at) {
      left -= Math.max(0, this.#end - this.#at);
      if (!this.#nextRecord()) {
        this.#at = this.#end;
        return;
      }
    }
    this.#at += left;
  }
}

const KINDS: ReadonlySet<number> = new Set([TABLE, RESULT, SHAPE]);

/** The texts that no search finds in the stream as it is; undefined when there are none. */
export function continuedStrings(bytes: Buffer): Buffer | undefined {
  let reader: ContinuedTexts | undefined;
  for (let at = 0; at + RECORD_HEAD < bytes.length;) {
    const end = at + RECORD_HEAD + u16le(bytes, at + 2);
    if (KINDS.has(u16le(bytes, at)) && end < bytes.length && u16le(bytes, end) === CONTINUED) {
      reader ??= new ContinuedTexts(bytes);
      at = Math.max(end, reader.read(at));
    } else {
      at = end;
    }
  }
  return reader === undefined || reader.texts.length === 0 ? undefined : reader.texts;
}
