import type { Piece } from '../piece.ts';
import { hasMagic, u16be, u16le, u32be, u8, viewOf } from './byte-view.ts';
import { reportRatio } from './emission.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** Files of lzop: a header, blocks of LZO1X, each by itself, and a block of no length at the end. */
const MAGIC = '\u0089LZO\u0000\r\n\u001a\n';
const MAGIC_BYTES = 9;
/** From this version of the format on a header has two fields more. */
const WITH_LEVEL = 0x0940;
const ADLER_OUT = 0x1;
const ADLER_IN = 0x2;
const CRC_OUT = 0x100;
const CRC_IN = 0x200;
const EXTRA_FIELD = 0x40;
const FILTERED = 0x800;
/** What lzop itself takes for the largest block, bytes. */
const MAX_BLOCK_BYTES = 64 * 1024 * 1024;
/** Files behind each other. */
const MAX_MEMBERS = 1000;
/** Lengths that do not fit go on in bytes of this value each. */
const LENGTH_STEP = 255;
/** The first byte of a block counts literals from here on. */
const FIRST_LITERALS = 17;
const FAR = 16_384;
const LONG_STATE = 4;

/** One byte says 255 more bytes at most: a block that states more has them nowhere. */
const MAX_GROWTH = 256;

/** Reads one block (the stream that the Linux kernel's documentation describes). */
class Lzo1x {
  readonly #input: Buffer;
  readonly #out: Buffer;
  #at = 0;
  #length = 0;
  /** Literals that the last instruction copied: what the next one means. */
  #state = 0;

  constructor(input: Buffer, size: number) {
    this.#input = input;
    this.#out = Buffer.alloc(Math.min(size, (input.length + 1) * MAX_GROWTH));
  }

  /** What there is of it: a damaged block ends early. */
  read(): Buffer {
    const first = u8(this.#input, 0);
    if (first > FIRST_LITERALS) {
      this.#at = 1;
      this.#literals(first - FIRST_LITERALS);
      this.#state = Math.min(LONG_STATE, first - FIRST_LITERALS);
    }
    let goesOn = true;
    while (goesOn && this.#at < this.#input.length && this.#length < this.#out.length) {
      goesOn = this.#instruction(this.#next());
    }
    return this.#out.subarray(0, this.#length);
  }

  #next(): number {
    const byte = u8(this.#input, this.#at);
    this.#at += 1;
    return byte;
  }

  /** A length of so many bits, which goes on in further bytes when all are zero. */
  #long(bits: number, most: number): number {
    if (bits > 0) {
      return bits;
    }
    let length = most;
    while (this.#at < this.#input.length && u8(this.#input, this.#at) === 0) {
      length += LENGTH_STEP;
      this.#at += 1;
    }
    return length + this.#next();
  }

  #literals(count: number): void {
    const start = Math.min(this.#at, this.#input.length); // an instruction may go on behind the end
    const end = Math.min(start + count, start + this.#out.length - this.#length);
    this.#length += this.#input.copy(this.#out, this.#length, start, end);
    this.#at += count;
  }

  /** False at the end, and where the distance leads before the beginning. */
  #match(length: number, distance: number, trailing: number): boolean {
    if (distance > this.#length) {
      return false;
    }
    const end = Math.min(this.#out.length, this.#length + length);
    for (; this.#length < end; this.#length += 1) {
      this.#out[this.#length] = u8(this.#out, this.#length - distance); // it may reach into itself
    }
    this.#literals(trailing);
    this.#state = trailing;
    return true;
  }

  #instruction(code: number): boolean {
    if (code >= 64) {
      const length = code >= 128 ? 5 + ((code >> 5) & 3) : 3 + ((code >> 5) & 1);
      return this.#match(length, (this.#next() << 3) + ((code >> 2) & 7) + 1, code & 3);
    }
    if (code >= 16) {
      return this.#wide(code);
    }
    if (this.#state === 0) {
      this.#literals(3 + this.#long(code, 15));
      this.#state = LONG_STATE;
      return true;
    }
    const near = (this.#next() << 2) + (code >> 2) + 1;
    const isLong = this.#state === LONG_STATE;
    return this.#match(isLong ? 3 : 2, isLong ? near + 2048 : near, code & 3);
  }

  #wide(code: number): boolean {
    const isFar = code < 32;
    const length = 2 + (isFar ? this.#long(code & 7, 7) : this.#long(code & 31, 31));
    const low = u16le(this.#input, this.#at);
    this.#at += 2;
    const distance = isFar ? FAR + ((code & 8) << 11) + (low >> 2) : (low >> 2) + 1;
    return isFar && distance === FAR ? false : this.#match(length, distance, low & 3);
  }
}

interface LzopHeader {
  readonly flags: number;
  readonly name: string;
  readonly end: number;
}

function headerAt(bytes: Buffer, at: number): LzopHeader {
  const version = u16be(bytes, at + MAGIC_BYTES);
  const isNew = version >= WITH_LEVEL;
  const flagsAt = at + MAGIC_BYTES + 4 + (isNew ? 4 : 1);
  const flags = u32be(bytes, flagsAt);
  const nameAt = flagsAt + 4 + ((flags & FILTERED) === 0 ? 0 : 4) + 8 + (isNew ? 4 : 0);
  const nameEnd = nameAt + 1 + u8(bytes, nameAt);
  const checkEnd = nameEnd + 4;
  const extra = (flags & EXTRA_FIELD) === 0 ? 0 : 8 + u32be(bytes, checkEnd);
  return { flags, name: bytes.toString('latin1', nameAt + 1, nameEnd), end: checkEnd + extra };
}

/** Checksums before the data of a block: those of what goes in only where it is compressed. */
function checkBytes(flags: number, isCompressed: boolean): number {
  const kinds = isCompressed ? [ADLER_OUT, CRC_OUT, ADLER_IN, CRC_IN] : [ADLER_OUT, CRC_OUT];
  return 4 * kinds.filter((kind) => (flags & kind) !== 0).length;
}

/** The blocks of one file from `start` on; where it ends, or -1 when that cannot be told. */
function readBlocks(bytes: Buffer, { flags, end: start }: LzopHeader, out: Yield, parts: Buffer[]): number {
  let left = out.budget.objectAllowance();
  let at = start;
  for (let size = u32be(bytes, at); at + 4 <= bytes.length && size > 0; size = u32be(bytes, at)) {
    out.budget.checkTime();
    const packed = u32be(bytes, at + 4);
    const data = at + 8 + checkBytes(flags, packed < size);
    if (size > MAX_BLOCK_BYTES || packed > size) {
      return -1;
    }
    if (size > left) {
      out.cannot('bomb', 'lzop file expands beyond the limit for one object');
      return -1;
    }
    left -= size;
    const block = bytes.subarray(data, data + packed);
    const plain = packed < size ? new Lzo1x(block, size).read() : block;
    parts.push(plain);
    if (plain.length < size || block.length < packed) {
      return -1;
    }
    at = data + packed;
  }
  return at + 4 <= bytes.length ? at + 4 : -1;
}

function unpackLzop({ bytes }: Piece, out: Yield): void {
  const view = viewOf(bytes);
  let at = 0;
  for (let count = 0; at >= 0 && hasMagic(view.subarray(at), MAGIC); count += 1) {
    if (count === MAX_MEMBERS) {
      out.cannot('bomb', `more than ${MAX_MEMBERS} files of lzop`);
      return;
    }
    const header = headerAt(view, at);
    const parts: Buffer[] = [];
    const end = readBlocks(view, header, out, parts);
    const plain = Buffer.concat(parts);
    if (plain.length > 0) {
      out.emit(header.name, plain);
    }
    reportRatio(out, 'lzop file', (end < 0 ? view.length : end) - at, plain.length);
    if (end < 0 || (header.flags & FILTERED) !== 0) {
      out.cannot('malformed', 'lzop file cannot be read to its end');
    }
    at = end;
  }
}

export function createLzopUnpacker(): Unpacker {
  return {
    name: 'lzop',
    recognises: ({ bytes }: Piece) => hasMagic(bytes, MAGIC),
    unpack: unpackLzop,
  };
}
