import { hash } from 'node:crypto';
import { u32le, u8 } from './byte-view.ts';

export const RAR5_MAGIC = 'Rar!\u001a\u0007\u0001\u0000';

const EXTRA_AREA = 0x1;
const DATA_AREA = 0x2;
const SPLIT = 0x18;
const FILE_HEADER = 2;
const SERVICE_HEADER = 3;
const ENCRYPTION_HEADER = 4;
const ENCRYPTION_RECORD = 1;
const HASH_RECORD = 2;
const HAS_TIME = 0x2;
const HAS_SUM = 0x4;
const SIZE_UNKNOWN = 0x8;
const HAS_CHECK = 0x1;
const HAS_KEYED_SUM = 0x2;
const SALT_BYTES = 16;
const IV_BYTES = 16;
const CHECK_BYTES = 8;

/** Fields of RAR 5: numbers of seven bits a byte, the lowest first. */
export class FieldReader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  number(): number {
    let value = 0;
    for (let weight = 1; weight < 2 ** 50; weight *= 128) {
      const byte = u8(this.#bytes, this.at);
      this.at += 1;
      value += (byte & 127) * weight;
      if (byte < 128) {
        break;
      }
    }
    return value;
  }

  take(length: number): Buffer {
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }
}

/** How something is encrypted. */
export interface Rar5Cipher {
  readonly power: number;
  readonly salt: Buffer;
  /** For the data of a file; a header has its own in front. */
  readonly iv: Buffer;
  /** By which a password is checked without decrypting anything. */
  readonly check?: Buffer;
  /** The checksum of the file is changed by the key. */
  readonly hasKeyedSum: boolean;
}

/** Version, flags, power of the rounds, salt, for a file the initialisation vector, then the check with its own sum. */
function readCipher(fields: FieldReader, ivBytes: number): Rar5Cipher {
  const isKnown = fields.number() === 0;
  const flags = fields.number();
  const power = fields.number();
  const salt = fields.take(SALT_BYTES);
  const iv = fields.take(ivBytes);
  const check = fields.take(CHECK_BYTES);
  const sum = hash('sha256', check, 'buffer').subarray(0, 4);
  // Programs ignore a check whose own sum is wrong.
  const isChecked = isKnown && (flags & HAS_CHECK) !== 0 && check.length === CHECK_BYTES;
  const cipher = { power, salt, iv, hasKeyedSum: (flags & HAS_KEYED_SUM) !== 0 };
  return isChecked && sum.equals(fields.take(4)) ? { ...cipher, check } : cipher;
}

/** The first record of a type in the extra area, behind its size and type. */
function recordIn(extra: Buffer, type: number): FieldReader | undefined {
  for (let at = 0; at < extra.length;) {
    const fields = new FieldReader(extra, at);
    const size = fields.number();
    const end = fields.at + size;
    if (fields.number() === type) {
      return fields;
    }
    at = Math.max(end, at + 1);
  }
  return undefined;
}

function cipherOf(type: number, fields: FieldReader, extra: Buffer): Rar5Cipher | undefined {
  if (type === ENCRYPTION_HEADER) {
    return readCipher(fields, 0);
  }
  const isLikeFile = type === FILE_HEADER || type === SERVICE_HEADER;
  const record = isLikeFile ? recordIn(extra, ENCRYPTION_RECORD) : undefined;
  return record === undefined ? undefined : readCipher(record, IV_BYTES);
}

/** What the header of a file says of its content. */
export interface Rar5Content {
  readonly name: string;
  /** Absent when the writer did not know it. */
  readonly unpackedBytes?: number;
  readonly crc?: number;
  /** 0 is stored. */
  readonly method: number;
  readonly isSolid: boolean;
  /** There is a checksum or hash, which 7-Zip compares. */
  readonly isVerifiable: boolean;
}

function readContent(fields: FieldReader, extra: Buffer): Rar5Content {
  const flags = fields.number();
  const unpackedBytes = fields.number();
  fields.number(); // attributes
  fields.take((flags & HAS_TIME) === 0 ? 0 : 4);
  const crc = (flags & HAS_SUM) === 0 ? undefined : u32le(fields.take(4), 0);
  const compression = fields.number();
  fields.number(); // system
  const name = fields.take(fields.number()).toString('utf8');
  return {
    name,
    method: (compression >> 7) & 7,
    isSolid: (compression & 0x40) !== 0,
    isVerifiable: crc !== undefined || recordIn(extra, HASH_RECORD) !== undefined,
    ...((flags & SIZE_UNKNOWN) === 0 && { unpackedBytes }),
    ...(crc !== undefined && { crc }),
  };
}

export interface Rar5Header {
  readonly isFile: boolean;
  /** Of an archive whose names are hidden; everything behind it is encrypted. */
  readonly isLock: boolean;
  /** Begins or goes on in another volume. */
  readonly isSplit: boolean;
  readonly cipher?: Rar5Cipher;
  readonly content?: Rar5Content;
  /** What belongs to it, as it stands behind it. */
  readonly data: Buffer;
}

function readHeader(archive: Buffer, at: number): Rar5Header {
  const fields = new FieldReader(archive, at + 4);
  const size = fields.number();
  const end = fields.at + size;
  const type = fields.number();
  const flags = fields.number();
  const extraBytes = (flags & EXTRA_AREA) === 0 ? 0 : fields.number();
  const dataBytes = (flags & DATA_AREA) === 0 ? 0 : fields.number();
  const extra = archive.subarray(Math.max(at, end - extraBytes), end);
  const isLikeFile = type === FILE_HEADER || type === SERVICE_HEADER;
  const isLock = type === ENCRYPTION_HEADER;
  const cipher = cipherOf(type, fields, extra);
  return {
    isFile: type === FILE_HEADER,
    isLock,
    isSplit: (flags & SPLIT) !== 0,
    ...(cipher !== undefined && { cipher }),
    ...(isLikeFile && { content: readContent(fields, extra) }),
    data: archive.subarray(end, isLock ? archive.length : end + dataBytes),
  };
}

/** Header by header, up to one that hides the rest. */
export function* rar5Headers(archive: Buffer): Generator<Rar5Header, void, void> {
  for (let at = RAR5_MAGIC.length; at + 7 < archive.length;) {
    const header = readHeader(archive, at);
    yield header;
    if (header.isLock) {
      return;
    }
    at = Math.max(header.data.byteOffset - archive.byteOffset + header.data.length, at + 1);
  }
}
