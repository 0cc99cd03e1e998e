import { hash } from 'node:crypto';
import { buildOle } from './ole-for-test.ts';
import { xorDecryptor, xorKey, xorVerifier } from './office-xor.ts';
import { rc4 } from './rc4.ts';

/** Encrypted documents before 2007, just enough of each for the programs that decrypt them. */

export type LegacyScheme = 'rc4' | 'cryptoapi' | 'cryptoapi, 40 bits' | 'xor';

const SALT = Buffer.from('8899aabbccddeeff0011223344556677', 'hex');
const VERIFIER = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

function u16(...values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.from([value & 255, (value >> 8) & 255])));
}

function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32LE(value, 4 * index));
  return bytes;
}

type Keys = (block: number) => Buffer;

function officeKeys(password: string): Keys {
  const secret = hash('md5', Buffer.from(password, 'utf16le'), 'buffer').subarray(0, 5);
  const joined = Buffer.concat(Array.from({ length: 16 }, () => Buffer.concat([secret, SALT])));
  const base = hash('md5', joined, 'buffer').subarray(0, 5);
  return (block) => hash('md5', Buffer.concat([base, u32(block)]), 'buffer');
}

function apiKeys(password: string, bits: number): Keys {
  const base = hash('sha1', Buffer.concat([SALT, Buffer.from(password, 'utf16le')]), 'buffer');
  return (block) => {
    const key = hash('sha1', Buffer.concat([base, u32(block)]), 'buffer').subarray(0, bits / 8);
    return bits === 40 ? Buffer.concat([key, Buffer.alloc(11)]) : key;
  };
}

interface Lock {
  readonly keys: Keys;
  /** What stands in the file, version first. */
  readonly info: Buffer;
}

function officeLock(password: string): Lock {
  const keys = officeKeys(password);
  const sealed = rc4(keys(0), Buffer.concat([VERIFIER, hash('md5', VERIFIER, 'buffer')]));
  return { keys, info: Buffer.concat([u16(1, 1), SALT, sealed]) };
}

function apiLock(password: string, bits: number): Lock {
  const keys = apiKeys(password, bits);
  const sealed = rc4(keys(0), Buffer.concat([VERIFIER, hash('sha1', VERIFIER, 'buffer')]));
  const provider = Buffer.from('Provider\0', 'utf16le');
  const header = Buffer.concat([u32(4, 0, 0x6801, 0x8004, bits, 1, 0, 0), provider]);
  const verifier = Buffer.concat([u32(16), SALT, sealed.subarray(0, 16), u32(20), sealed.subarray(16)]);
  return { keys, info: Buffer.concat([u16(4, 2), u32(4, header.length), header, verifier]) };
}

function lockOf(scheme: LegacyScheme, password: string): Lock {
  return scheme === 'rc4' ? officeLock(password) : apiLock(password, scheme === 'cryptoapi' ? 128 : 40);
}

function encryptBlocks(bytes: Buffer, keys: Keys, size: number): Buffer {
  const count = Math.ceil(bytes.length / size);
  return Buffer.concat(
    Array.from({ length: count }, (_, block) =>
      rc4(keys(block), bytes.subarray(block * size, (block + 1) * size)),
    ),
  );
}

interface SheetRecord {
  readonly type: number;
  readonly data: Buffer;
  /** Bytes at its start that stay as they are; all when absent. */
  readonly plain?: number;
}

function sheetRecords(filepass: Buffer, content: Buffer): SheetRecord[] {
  return [
    { type: 0x809, data: Buffer.concat([u16(0x600, 5), Buffer.alloc(12)]) },
    { type: 0x2f, data: filepass },
    { type: 0x5c, data: Buffer.alloc(112, 0x20), plain: 0 },
    { type: 0x85, data: Buffer.concat([u32(0x1234), u16(0), Buffer.from('\u0005\u0000Sheet')]), plain: 4 },
    { type: 0xfc, data: content, plain: 0 },
    { type: 0x0a, data: Buffer.alloc(0), plain: 0 },
  ];
}

/** Lays plain records out, and says what is encrypted of them. */
function sealRecords(
  parts: readonly SheetRecord[],
  seal: (stream: Buffer, data: Buffer, at: number) => void,
): Buffer {
  const stream = Buffer.concat(parts.map(({ type, data }) => Buffer.concat([u16(type, data.length), data])));
  let at = 0;
  for (const { data, plain = data.length } of parts) {
    const sealed = Buffer.from(data);
    seal(stream, sealed, at + 4);
    sealed.copy(stream, at + 4 + plain, plain);
    at += 4 + data.length;
  }
  return stream;
}

function sealedSheet(content: Buffer, scheme: LegacyScheme, password: string): Buffer {
  if (scheme === 'xor') {
    const parts = sheetRecords(u16(0, xorKey(password), xorVerifier(password)), content);
    const cover = coverRecord(password);
    return sealRecords(parts, (_, data, at) => cover(data, at));
  }
  const { keys, info } = lockOf(scheme, password);
  const parts = sheetRecords(Buffer.concat([u16(1), info]), content);
  const plain = Buffer.concat(parts.map(({ type, data }) => Buffer.concat([u16(type, data.length), data])));
  const sealed = encryptBlocks(plain, keys, 1024);
  return sealRecords(parts, (_, data, at) => sealed.copy(data, 0, at, at + data.length));
}

/** The inverse of the decryptor, found byte by byte: rotating by 5 and back is one permutation for each place. */
function coverRecord(password: string): (data: Buffer, at: number) => void {
  const decrypt = xorDecryptor(password);
  return (data, at) => {
    const key = Buffer.alloc(data.length);
    decrypt(key, at); // zeros give the key, rotated to the right
    for (const [index, byte] of data.entries()) {
      const mixed = byte ^ (key[index] ?? 0);
      data[index] = ((mixed << 5) | (mixed >> 3)) & 255;
    }
  };
}

export function lockedXls(content: Buffer, scheme: LegacyScheme, password: string): Buffer {
  return buildOle([{ name: 'Workbook', bytes: sealedSheet(content, scheme, password) }]);
}

export function lockedDoc(content: Buffer, scheme: LegacyScheme, password: string): Buffer {
  const { keys, info } = lockOf(scheme, password);
  const head = Buffer.alloc(68);
  u16(0xa5ec, 0xc1).copy(head);
  u16(0x0300).copy(head, 10);
  u32(info.length).copy(head, 14);
  const sealed = encryptBlocks(Buffer.concat([head, content]), keys, 512);
  const table = encryptBlocks(Buffer.concat([info, Buffer.alloc(100)]), keys, 512);
  return buildOle([
    { name: 'WordDocument', bytes: Buffer.concat([head, sealed.subarray(head.length)]) },
    { name: '1Table', bytes: Buffer.concat([info, table.subarray(info.length)]) },
  ]);
}

function pptRecord(version: number, type: number, data: Buffer): Buffer {
  return Buffer.concat([u16(version, type), u32(data.length), data]);
}

/** A picture of a kind and instance, each part encrypted from the start of the key. */
export function sealedPicture(content: Buffer, key: Buffer, kind = 0xf01e, instance = 0x6e0): Buffer {
  const before = [16, ...((instance & 1) === 1 ? [16] : []), kind < 0xf01d ? 34 : 1].map((n) =>
    Buffer.alloc(n, 7),
  );
  const length = content.length + before.reduce((sum, part) => sum + part.length, 0);
  const header = Buffer.concat([u16(instance << 4, kind), u32(length)]);
  return Buffer.concat([header, ...before, content].map((part) => rc4(key, part)));
}

/** Objects 1 (a slide, encrypted) and 2 (the session, for all further ones as well), their directory and the edit that points to it. */
export function lockedPpt(
  content: Buffer,
  scheme: LegacyScheme,
  password: string,
  objects = 2,
  pictures?: (key: Buffer) => Buffer,
): Buffer {
  const { keys, info } = lockOf(scheme, password);
  const slide = rc4(keys(1), pptRecord(0, 0x0fa8, content));
  const session = pptRecord(0x0f, 0x2f14, info);
  const directoryAt = slide.length + session.length;
  const entries = [u32(1 | (2 << 20), 0, slide.length)];
  for (let id = 3; id <= objects; id += 4000) {
    const places = Array.from({ length: Math.min(4000, objects - id + 1) }, () => slide.length);
    entries.push(u32((id | (places.length << 20)) >>> 0, ...places));
  }
  const directory = pptRecord(0, 0x1772, Buffer.concat(entries));
  const edit = pptRecord(0, 0x0ff5, u32(0, 0x03000dae, 0, directoryAt, 1, 3, 1, 2));
  const user = pptRecord(
    0,
    0x0ff6,
    Buffer.concat([u32(20, 0xf3d1c4df, directoryAt + directory.length), u16(0, 0x3f4, 3, 0), u32(8)]),
  );
  return buildOle([
    { name: 'Current User', bytes: user },
    { name: 'PowerPoint Document', bytes: Buffer.concat([slide, session, directory, edit]) },
    ...(pictures === undefined ? [] : [{ name: 'Pictures', bytes: pictures(keys(0)) }]),
  ]);
}
