import type { Piece } from '../piece.ts';
import { hasMagic, latin1, u8, viewOf } from './byte-view.ts';
import { reportEnd } from './emission.ts';
import type { Unpacker, Yield } from './unpacker.ts';

const BLOCK = 512;
const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
/** Long names and PAX records beyond this are not metadata any more. */
const MAX_META_BYTES = 64 * 1024;

/** A number in octal text, or in GNU's base 256 when the top bit is set. */
function readNumber(field: Buffer): number {
  if ((u8(field, 0) & 0x80) !== 0) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, u8(field, 0) & 0x7f);
    return Number.isSafeInteger(value) ? value : Number.MAX_SAFE_INTEGER;
  }
  const digits = /^[ 0]*([0-7]*)/.exec(latin1(field))?.[1] ?? '';
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function readText(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

/** Some old writers summed signed bytes. */
function hasGoodChecksum(header: Buffer): boolean {
  const field = header.subarray(CHECKSUM_AT, CHECKSUM_AT + CHECKSUM_BYTES);
  if (!/^[ 0-7]{0,6}[0-7][ \0]/.test(latin1(field))) {
    return false;
  }
  const stated = readNumber(field);
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i += 1) {
    const byte = i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_BYTES ? 0x20 : u8(header, i);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  return stated === unsigned || stated === signed;
}

function isHeader(block: Buffer): boolean {
  return (
    block.length === BLOCK && (hasMagic(block, 'ustar', 257) || hasGoodChecksum(block)) && u8(block, 0) !== 0
  );
}

/** The value of `key` in PAX extended header records (`length key=value\n`). */
function paxValue(records: Buffer, key: string): string | undefined {
  return new RegExp(`(?:^|\\n)\\d+ ${key}=([^\\n]*)`).exec(records.toString())?.[1];
}

/** What a preceding metadata entry says about the next one. */
interface Override {
  readonly name?: string | undefined;
  readonly size?: number | undefined;
}

class TarWalk {
  readonly #bytes: Buffer;
  readonly #out: Yield;
  #next: Override = {};
  #cut = false;

  constructor(bytes: Buffer, out: Yield) {
    this.#bytes = bytes;
    this.#out = out;
  }

  run(): void {
    let at = 0;
    while (at + BLOCK <= this.#bytes.length) {
      this.#out.budget.checkTime();
      const header = this.#bytes.subarray(at, at + BLOCK);
      at += isHeader(header) ? this.#entry(header, at + BLOCK) : BLOCK;
    }
    if (this.#cut) {
      reportEnd(this.#out, 'tar archive', 'truncated');
    }
  }

  /** Emits an entry; returns how far to go on. */
  #entry(header: Buffer, dataAt: number): number {
    const size = readNumber(header.subarray(124, 136));
    const type = String.fromCharCode(u8(header, 156));
    if ('xgLK'.includes(type)) {
      this.#metadata(type, this.#bytes.subarray(dataAt, dataAt + Math.min(size, MAX_META_BYTES)));
      return BLOCK + this.#padded(size);
    }
    const { name = readText(header.subarray(0, 100)), size: paxSize = size } = this.#next;
    this.#next = {};
    // Readers disagree on which size wins (CVE-2025-62518): both are read, and the walk goes on behind the smaller.
    for (const length of new Set([size, paxSize])) {
      this.#content(name, dataAt, length);
    }
    return BLOCK + this.#padded(Math.min(size, paxSize));
  }

  #content(name: string, dataAt: number, size: number): void {
    const content = this.#bytes.subarray(dataAt, dataAt + size);
    this.#cut ||= content.length < size;
    if (content.length > 0) {
      this.#out.emit(name, content);
    }
  }

  #metadata(type: string, body: Buffer): void {
    if (type === 'L') {
      this.#next = { ...this.#next, name: readText(body) };
    } else if (type === 'x') {
      const size = Number(paxValue(body, 'size') ?? paxValue(body, 'GNU\\.sparse\\.size'));
      const name = paxValue(body, 'path') ?? this.#next.name;
      this.#next = { name, size: Number.isSafeInteger(size) && size >= 0 ? size : undefined };
    }
  }

  #padded(size: number): number {
    return Math.ceil(Math.min(size, this.#bytes.length) / BLOCK) * BLOCK;
  }
}

/** A tar that starts with a header; checksums may be wrong when the ustar mark stands, end blocks may be absent. */
export function createTarUnpacker(): Unpacker {
  return {
    name: 'tar',
    recognises: ({ bytes }: Piece) => bytes.length >= BLOCK && isHeader(viewOf(bytes).subarray(0, BLOCK)),
    unpack: ({ bytes }: Piece, out: Yield) => new TarWalk(viewOf(bytes), out).run(),
  };
}
