import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';

/** The old zip encryption: weak, and read by every unzip program. It keeps programs out, not people. */
const CRYPTO_HEADER_BYTES = 12;
/** Encrypted in one go; about 5 ms. */
const CHUNK_BYTES = 512 * 1024;
const FLAG_ENCRYPTED = 0x0001;
const FLAG_UTF8 = 0x0800;
const METHOD_DEFLATE = 8;
const VERSION = 20;
/** Sizes in the format are 32 bits; the largest message is far below. */
const MAX_BYTES = 2 ** 31 - 1;

const deflate = promisify(deflateRaw);

/** Table of the CRC-32 with the reversed polynomial of IEEE 802.3. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0xedb88320;
  return value >>> 0;
});

/** "Traditional PKWARE encryption", APPNOTE.TXT section 6.1. */
class ZipCipher {
  #key0 = 0x12345678;
  #key1 = 0x23456789;
  #key2 = 0x34567890;

  constructor(password: string) {
    for (const byte of Buffer.from(password)) this.#update(byte);
  }

  /** Encrypts in place. */
  encrypt(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength; at += 1) {
      const plain = bytes[at] ?? 0;
      const mask = (this.#key2 | 2) & 0xffff;
      bytes[at] = plain ^ ((Math.imul(mask, mask ^ 1) >>> 8) & 0xff);
      this.#update(plain);
    }
  }

  #update(byte: number): void {
    this.#key0 = crcStep(this.#key0, byte);
    this.#key1 = (Math.imul((this.#key1 + (this.#key0 & 0xff)) | 0, 134_775_813) + 1) | 0;
    this.#key2 = crcStep(this.#key2, this.#key1 >>> 24);
  }
}

function crcStep(crc: number, byte: number): number {
  return (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
}

/** A zip with one member, encrypted with a password. `name` has to be a plain file name. */
export async function writeZip(name: string, content: Uint8Array, password: string): Promise<Buffer> {
  if (content.byteLength > MAX_BYTES) throw new Error('too large for a zip');
  const checksum = crc32(content);
  const body = await encrypted(await deflate(content), checksum, password);
  const member = { name: Buffer.from(name), checksum, packed: body.byteLength, plain: content.byteLength };
  const local = Buffer.concat([u32(0x04034b50), u16(VERSION), fields(member), u16(0), member.name]);
  const central = Buffer.concat([
    u32(0x02014b50),
    u16(VERSION),
    u16(VERSION),
    fields(member),
    Buffer.alloc(16 - 2), // extra, comment, disk, attributes, offset: all 0
    u16(0),
    member.name,
  ]);
  return Buffer.concat([
    local,
    body,
    central,
    endRecord(central.byteLength, local.byteLength + body.byteLength),
  ]);
}

async function encrypted(packed: Buffer, checksum: number, password: string): Promise<Buffer> {
  const header = randomBytes(CRYPTO_HEADER_BYTES);
  header[CRYPTO_HEADER_BYTES - 1] = checksum >>> 24; // by which a program knows that the password is right
  const body = Buffer.concat([header, packed]);
  const cipher = new ZipCipher(password);
  for (let at = 0; at < body.byteLength; at += CHUNK_BYTES) {
    cipher.encrypt(body.subarray(at, at + CHUNK_BYTES));
    if (at + CHUNK_BYTES < body.byteLength) await nextTurn();
  }
  return body;
}

interface Member {
  readonly name: Buffer;
  readonly checksum: number;
  readonly packed: number;
  readonly plain: number;
}

/** 1980-01-01: when it was exported is nobody's business. */
const DOS_DATE = 0x21;

/** What local header and central directory have in common, up to the length of the name. */
function fields({ name, checksum, packed, plain }: Member): Buffer {
  return Buffer.concat([
    u16(FLAG_ENCRYPTED | FLAG_UTF8),
    u16(METHOD_DEFLATE),
    u16(0),
    u16(DOS_DATE),
    u32(checksum),
    u32(packed),
    u32(plain),
    u16(name.byteLength),
  ]);
}

function endRecord(centralBytes: number, centralAt: number): Buffer {
  return Buffer.concat([u32(0x06054b50), u32(0), u16(1), u16(1), u32(centralBytes), u32(centralAt), u16(0)]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
