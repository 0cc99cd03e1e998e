import { u16le, u32le, u8 } from './byte-view.ts';

/**
 * Texts of cells of a workbook before 2007 (MS-XLS 2.4.265): a record has 8224 bytes at most, and where a text goes on
 * in the next one a byte stands between that says how its letters are written from there on.
 */

const TABLE = 0xfc;
const CONTINUED = 0x3c;
const RECORD_HEAD = 4;
/** Two counts before the first text. */
const TABLE_HEAD = 8;
const TEXT_HEAD = 3;
const IS_WIDE = 1;
const HAS_PHONETICS = 4;
const HAS_RUNS = 8;
const RUN_BYTES = 4;
/** A letter of one byte may take two in UTF-8, one of two bytes three. */
const MAX_GROWTH = 2;

/** Reads the texts of one table that stand in more than one record. */
class TextTable {
  readonly #bytes: Buffer;
  readonly #out: Buffer;
  #at: number;
  #end: number;
  #length = 0;

  /** `start` of the content of the first record, up to `end`. */
  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.#out = Buffer.allocUnsafe((bytes.length - start) * MAX_GROWTH);
    this.#at = start + TABLE_HEAD;
    this.#end = end;
  }

  read(): Buffer {
    while (this.#at < this.#end || this.#nextRecord()) {
      if (this.#at + TEXT_HEAD > this.#end) {
        break;
      }
      this.#text();
    }
    return this.#out.subarray(0, this.#length);
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

/** The texts that no search finds in the stream as it is; undefined when there are none. */
export function continuedStrings(bytes: Buffer): Buffer | undefined {
  for (let at = 0; at + RECORD_HEAD < bytes.length;) {
    const end = at + RECORD_HEAD + u16le(bytes, at + 2);
    if (u16le(bytes, at) === TABLE && end < bytes.length && u16le(bytes, end) === CONTINUED) {
      const text = new TextTable(bytes, at + RECORD_HEAD, end).read();
      return text.length === 0 ? undefined : text;
    }
    at = end;
  }
  return undefined;
}
