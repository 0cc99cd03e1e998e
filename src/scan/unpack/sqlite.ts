import type { Piece } from '../piece.ts';
import { hasMagic, u16be, u32be, u8, viewOf } from './byte-view.ts';
import { PieceJoiner } from './piece-joiner.ts';
import type { Unpacker, Yield } from './unpacker.ts';
import { joinStream, joinStreams } from './zlib-streams.ts';

const MAGIC = 'SQLite format 3\u0000';
/** The file header stands on the first page, before the header of the page (SQLite file format 1.3). */
const FILE_HEADER_BYTES = 100;
const MAX_PAGE_BYTES = 65_536;
const INDEX_INTERIOR = 2;
const INDEX_LEAF = 10;
const TABLE_LEAF = 13;
const INTERIOR_CELLS = 12;
const LEAF_CELLS = 8;
/** Records of one file that are continued on other pages. */
const MAX_RECORDS = 100_000;
/** Columns of one record; SQLite allows 2000 unless it is built otherwise. */
const MAX_COLUMNS = 2000;
/** What is shorter stands on one page, which is matched as it is. */
const MIN_VALUE_BYTES = 64;
/** Values that are pieces of their own; the rest is joined. */
const MAX_SINGLE = 64;

interface Number64 {
  readonly value: number;
  readonly next: number;
}

/** Seven bits in each of eight bytes, all eight in a ninth. */
function readNumber(bytes: Buffer, at: number): Number64 {
  let value = 0;
  for (let index = 0; index < 8; index += 1) {
    const byte = u8(bytes, at + index);
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      return { value, next: at + index + 1 };
    }
  }
  return { value: value * 256 + u8(bytes, at + 8), next: at + 9 };
}

/** Bytes of a column by its type in the header of the record (SQLite file format 2.1). */
function columnBytes(type: number): number {
  return type >= 12 ? Math.floor((type - 12) / 2) : ([0, 1, 2, 3, 4, 6, 8, 8][type] ?? 0);
}

function pageBytesOf(bytes: Buffer): number {
  const stated = u16be(bytes, 16);
  return stated === 1 ? MAX_PAGE_BYTES : stated;
}

/** Reads the records of one database file that do not fit on a page: their parts stand anywhere. */
class SqliteWalk {
  readonly #bytes: Buffer;
  readonly #out: Yield;
  readonly #joiner: PieceJoiner;
  readonly #streams: PieceJoiner;
  readonly #pageBytes: number;
  readonly #usable: number;
  /** Bytes of overflow pages read: pages that several records share are read once in a sound file. */
  #left: number;
  #records = 0;

  /** `streams` takes what is compressed in a value. */
  constructor(bytes: Buffer, out: Yield, streams: PieceJoiner) {
    this.#bytes = bytes;
    this.#out = out;
    this.#streams = streams;
    this.#joiner = new PieceJoiner(out, 'value', MAX_SINGLE);
    this.#pageBytes = pageBytesOf(bytes);
    this.#usable = this.#pageBytes - u8(bytes, 20);
    this.#left = bytes.length * 2;
  }

  run(): void {
    if (this.#pageBytes < 512 || this.#usable < 480) {
      return; // no page size that there is: nothing was stored in it
    }
    for (let start = 0; start + this.#pageBytes <= this.#bytes.length; start += this.#pageBytes) {
      this.#out.budget.checkTime();
      this.#page(start, start === 0 ? FILE_HEADER_BYTES : 0);
    }
    this.#joiner.flush();
  }

  #page(start: number, header: number): void {
    const page = this.#bytes.subarray(start, start + this.#pageBytes);
    const kind = u8(page, header);
    if (kind !== TABLE_LEAF && kind !== INDEX_LEAF && kind !== INDEX_INTERIOR) {
      return; // an inner page of a table holds no records, and an overflow page is read with its record
    }
    const cells = header + (kind === INDEX_INTERIOR ? INTERIOR_CELLS : LEAF_CELLS);
    const most = Math.floor((this.#pageBytes - cells) / 2);
    for (let index = 0; index < Math.min(u16be(page, header + 3), most); index += 1) {
      const at = u16be(page, cells + index * 2);
      this.#cell(page, at + (kind === INDEX_INTERIOR ? 4 : 0), kind === TABLE_LEAF);
    }
  }

  #cell(page: Buffer, at: number, isTable: boolean): void {
    const length = readNumber(page, at);
    const start = isTable ? readNumber(page, length.next).next : length.next;
    const local = this.#localBytes(length.value, isTable);
    if (local >= length.value || start + local + 4 > page.length) {
      return; // all of it stands here, or this is no cell
    }
    this.#records += 1;
    if (this.#records > MAX_RECORDS) {
      this.#tellOfRecords();
      return;
    }
    const record = this.#record(
      page.subarray(start, start + local),
      length.value,
      u32be(page, start + local),
    );
    this.#columns(record);
  }

  #tellOfRecords(): void {
    if (this.#records === MAX_RECORDS + 1) {
      this.#out.cannot('bomb', `a database with more than ${MAX_RECORDS} records on several pages`);
    }
  }

  /** How much of a record stands on its first page (SQLite file format 1.6). */
  #localBytes(length: number, isTable: boolean): number {
    const most = isTable ? this.#usable - 35 : Math.floor(((this.#usable - 12) * 64) / 255) - 23;
    if (length <= most) {
      return length;
    }
    const least = Math.floor(((this.#usable - 12) * 32) / 255) - 23;
    const rest = least + ((length - least) % (this.#usable - 4));
    return rest <= most ? rest : least;
  }

  #record(first: Buffer, length: number, firstPage: number): Buffer {
    const parts = [first];
    let missing = length - first.length;
    let next = firstPage;
    while (missing > 0 && next > 0 && this.#left > 0) {
      const at = (next - 1) * this.#pageBytes;
      const part = this.#bytes.subarray(at + 4, at + 4 + Math.min(missing, this.#usable - 4));
      if (part.length === 0) {
        break;
      }
      parts.push(part);
      missing -= part.length;
      this.#left -= this.#pageBytes;
      next = u32be(this.#bytes, at);
    }
    return Buffer.concat(parts);
  }

  #columns(record: Buffer): void {
    const header = readNumber(record, 0);
    let data = header.value;
    let at = header.next;
    for (let count = 0; at < header.value && data < record.length && count < MAX_COLUMNS; count += 1) {
      const type = readNumber(record, at);
      const length = columnBytes(type.value);
      if (length >= MIN_VALUE_BYTES) {
        const value = record.subarray(data, data + length);
        this.#joiner.add(value);
        joinStream(value, this.#streams, this.#out);
      }
      data += length;
      at = type.next;
    }
  }
}

/** SQLite databases: values that are cut into pages, put together again. */
export function createSqliteUnpacker(): Unpacker {
  return {
    name: 'sqlite',
    recognises: ({ bytes }: Piece) => hasMagic(bytes, MAGIC),
    unpack: ({ bytes }: Piece, out: Yield) => {
      const streams = new PieceJoiner(out, 'inflated', MAX_SINGLE);
      const view = viewOf(bytes);
      // What goes on behind a page is read with its record.
      joinStreams(view, pageBytesOf(view) || MAX_PAGE_BYTES, streams, out);
      new SqliteWalk(view, out, streams).run();
      streams.flush();
    },
  };
}
