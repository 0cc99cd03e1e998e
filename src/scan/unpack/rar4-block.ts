import { crc32 } from 'node:zlib';
import { u16le, u32le, u8 } from './byte-view.ts';

export const RAR4_MAGIC = 'Rar!\u001a\u0007\u0000';

const FILE = 0x74;
/** A comment and the like, in the form of a file. */
const SERVICE = 0x7a;
const END = 0x7b;
const SPLIT = 0x3;
const ENCRYPTED = 0x4;
const SOLID = 0x10;
const LARGE = 0x100;
const SALTED = 0x400;
const HAS_DATA = 0x8000;
const LEAST_BYTES = 7;
const FIXED_FILE_BYTES = 32;
const LARGE_FILE_BYTES = 40;
/** From this one on versions encrypt by AES. */
const AES_VERSION = 29;

/** A block of an archive of RAR 2.9 to 4: its header, readable, and the data behind it as they are. */
export class Rar4Block {
  readonly header: Buffer;
  readonly data: Buffer;

  /** `rest`: what stands behind the header. */
  constructor(header: Buffer, rest: Buffer) {
    this.header = header;
    this.data = rest.subarray(0, Rar4Block.#dataBytes(header));
  }

  static #dataBytes(header: Buffer): number {
    const flags = u16le(header, 3);
    const isLikeFile = u8(header, 2) === FILE || u8(header, 2) === SERVICE;
    const high = isLikeFile && (flags & LARGE) !== 0 ? u32le(header, FIXED_FILE_BYTES) : 0;
    return isLikeFile || (flags & HAS_DATA) !== 0 ? high * 2 ** 32 + u32le(header, LEAST_BYTES) : 0;
  }

  #has(flag: number): boolean {
    return (u16le(this.header, 3) & flag) !== 0;
  }

  get isFile(): boolean {
    return u8(this.header, 2) === FILE;
  }

  get isEnd(): boolean {
    return u8(this.header, 2) === END;
  }

  get isEncrypted(): boolean {
    return (this.isFile || u8(this.header, 2) === SERVICE) && this.#has(ENCRYPTED);
  }

  get isKnownCipher(): boolean {
    return u8(this.header, 24) >= AES_VERSION;
  }

  /** Begins or goes on in another volume. */
  get isSplit(): boolean {
    return this.#has(SPLIT);
  }

  get isSolid(): boolean {
    return this.#has(SOLID);
  }

  get unpackedBytes(): number {
    return u32le(this.header, 11) + (this.#has(LARGE) ? u32le(this.header, 36) * 2 ** 32 : 0);
  }

  get crc(): number {
    return u32le(this.header, 16);
  }

  /** `0` for stored, `1` to `5`. */
  get method(): string {
    return String.fromCharCode(u8(this.header, 25));
  }

  get #nameAt(): number {
    return this.#has(LARGE) ? LARGE_FILE_BYTES : FIXED_FILE_BYTES;
  }

  get name(): string {
    const name = this.header.subarray(this.#nameAt, this.#nameAt + u16le(this.header, 26));
    return name.toString('utf8').split('\0', 1)[0] ?? '';
  }

  get salt(): Buffer {
    const at = this.#nameAt + u16le(this.header, 26);
    return this.#has(SALTED) ? this.header.subarray(at, at + 8) : Buffer.alloc(0);
  }

  get isSound(): boolean {
    const { header } = this;
    return header.length >= LEAST_BYTES && (crc32(header.subarray(2)) & 0xffff) === u16le(header, 0);
  }

  /** The header of the same block when its data are not encrypted. */
  plainHeader(): Buffer {
    return withoutFlag(this.header, ENCRYPTED);
  }
}

/** A header without a flag, its checksum renewed. */
export function withoutFlag(header: Buffer, flag: number): Buffer {
  const changed = Buffer.from(header);
  changed.writeUInt16LE(u16le(header, 3) & ~flag, 3);
  changed.writeUInt16LE(crc32(changed.subarray(2)) & 0xffff, 0);
  return changed;
}

/** Block by block as far as headers go; `at` is where the first one begins. */
export function* rar4Blocks(archive: Buffer, at: number): Generator<Rar4Block, void, void> {
  for (let next = at; next + LEAST_BYTES <= archive.length;) {
    const headerEnd = next + u16le(archive, next + 5);
    const block = new Rar4Block(archive.subarray(next, headerEnd), archive.subarray(headerEnd));
    if (block.header.length < LEAST_BYTES) {
      return;
    }
    yield block;
    if (block.isEnd) {
      return;
    }
    next = headerEnd + block.data.length;
  }
}
