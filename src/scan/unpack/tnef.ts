import type { Piece } from '../piece.ts';
import { hasMagic, latin1, u16le, u32le, u8, viewOf } from './byte-view.ts';
import { decompressRtf, isCompressedRtf } from './compressed-rtf.ts';
import { emitStream } from './emission.ts';
import { PieceJoiner } from './piece-joiner.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** MS-OXTNEF: `winmail.dat`. */
const MAGIC = '\u0078\u009f\u003e\u0022';
const HEADER_BYTES = 6;
const ATTRIBUTE_HEADER_BYTES = 9;
const CHECKSUM_BYTES = 2;
const ATTACH_TITLE = 0x8010;
const ATTACH_DATA = 0x800f;
const ATTACH_PROPERTIES = 0x9005;
const MESSAGE_PROPERTIES = 0x9003;
const BODY = 0x800c;
/** Attributes and properties of one file. */
const MAX_ATTRIBUTES = 10_000;

const PROPERTY_ATTACH_DATA = 0x3701;
const TYPE_OBJECT = 0x0d;
const OBJECT_ID_BYTES = 16;
const MULTIPLE = 0x1000;
/** Sizes of fixed property types, bytes, as stored; all others are counted and padded. */
const FIXED: ReadonlyMap<number, number> = new Map([
  [0x00, 0],
  [0x01, 0],
  [0x02, 4],
  [0x03, 4],
  [0x04, 4],
  [0x05, 8],
  [0x06, 8],
  [0x07, 8],
  [0x0a, 4],
  [0x0b, 4],
  [0x14, 8],
  [0x40, 8],
  [0x48, 16],
]);

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

class TnefRun {
  readonly #bytes: Buffer;
  readonly #out: Yield;
  readonly #joiner: PieceJoiner;
  #title = '';

  constructor(bytes: Buffer, out: Yield) {
    this.#bytes = bytes;
    this.#out = out;
    this.#joiner = new PieceJoiner(out, 'property');
  }

  run(): void {
    let at = HEADER_BYTES;
    for (let count = 0; at + ATTRIBUTE_HEADER_BYTES <= this.#bytes.length; count += 1) {
      this.#out.budget.checkTime();
      if (count >= MAX_ATTRIBUTES) {
        this.#out.cannot('bomb', 'TNEF with too many attributes');
        break;
      }
      const start = at + ATTRIBUTE_HEADER_BYTES;
      const length = u32le(this.#bytes, at + 5);
      this.#attribute(u16le(this.#bytes, at + 1), this.#bytes.subarray(start, start + length));
      at = start + length + CHECKSUM_BYTES;
    }
    this.#joiner.flush();
    if (at > this.#bytes.length + CHECKSUM_BYTES) {
      this.#out.cannot('malformed', 'TNEF is truncated', true);
    }
  }

  #attribute(id: number, data: Buffer): void {
    if (id === ATTACH_TITLE) {
      this.#title = latin1(data).replace(/\0[\s\S]*$/, '');
    } else if (id === ATTACH_DATA || id === BODY) {
      this.#emit(id === BODY ? 'body' : this.#title, data);
    } else if (id === ATTACH_PROPERTIES || id === MESSAGE_PROPERTIES) {
      this.#properties(data);
    }
  }

  #emit(name: string, data: Buffer): void {
    if (data.length > 0) {
      this.#out.emit(name, data);
    }
  }

  #properties(data: Buffer): void {
    let at = 4;
    for (let count = 0; at + 4 <= data.length && count < MAX_ATTRIBUTES; count += 1) {
      const type = u16le(data, at);
      const id = u16le(data, at + 2);
      at = this.#values(data, id >= 0x8000 ? skipName(data, at + 4) : at + 4, type, id);
    }
  }

  /** Reads the values of one property; returns where the next begins. */
  #values(data: Buffer, start: number, type: number, id: number): number {
    const fixed = FIXED.get(type & 0x0fff);
    if (fixed !== undefined) {
      const values = (type & MULTIPLE) === 0 ? 1 : u32le(data, start);
      return start + ((type & MULTIPLE) === 0 ? 0 : 4) + values * fixed;
    }
    const values = Math.min(u32le(data, start), MAX_ATTRIBUTES);
    let at = start + 4;
    for (let count = 0; count < values && at + 4 <= data.length; count += 1) {
      const length = u32le(data, at);
      this.#value(type & 0x0fff, id, data.subarray(at + 4, at + 4 + length));
      at += 4 + padded(length);
    }
    return at;
  }

  #value(type: number, id: number, value: Buffer): void {
    if (id === PROPERTY_ATTACH_DATA) {
      // An object begins with the identifier of its interface: a message in TNEF again, or a compound file.
      this.#emit(this.#title, type === TYPE_OBJECT ? value.subarray(OBJECT_ID_BYTES) : value);
    } else if (isCompressedRtf(value)) {
      emitStream(
        this.#out,
        'body.rtf',
        decompressRtf(value, this.#out.budget.objectAllowance()),
        'compressed RTF',
      );
    } else {
      this.#joiner.add(value);
    }
  }
}

/** Named properties carry an identifier, a kind, and a number or a name. */
function skipName(data: Buffer, start: number): number {
  const kindAt = start + 16;
  return u8(data, kindAt) === 0 ? kindAt + 8 : kindAt + 8 + padded(u32le(data, kindAt + 4));
}

/** Outlook's envelope for attachments and bodies. */
export function createTnefUnpacker(): Unpacker {
  return {
    name: 'tnef',
    recognises: ({ bytes }: Piece) => hasMagic(bytes, MAGIC),
    unpack: ({ bytes }: Piece, out: Yield) => new TnefRun(viewOf(bytes), out).run(),
  };
}
