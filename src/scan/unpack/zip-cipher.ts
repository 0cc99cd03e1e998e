import { createCipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { u16le, u8 } from './byte-view.ts';

/** Traditional PKWARE encryption (APPNOTE 6.1): a 12-byte header, whose last byte checks the password. */
const HEADER_BYTES = 12;
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => tableEntry(byte));

function tableEntry(byte: number): number {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return value;
}

class ZipCryptoKeys {
  #first = 0x12345678;
  #second = 0x23456789;
  #third = 0x34567890;

  constructor(password: Buffer) {
    for (const byte of password) {
      this.#update(byte);
    }
  }

  #update(byte: number): void {
    this.#first = (this.#first >>> 8) ^ (CRC_TABLE[(this.#first ^ byte) & 0xff] ?? 0);
    this.#second = (Math.imul((this.#second + (this.#first & 0xff)) | 0, 134775813) + 1) | 0;
    this.#third = (this.#third >>> 8) ^ (CRC_TABLE[(this.#third ^ (this.#second >>> 24)) & 0xff] ?? 0);
  }

  decrypt(from: Uint8Array, to: Buffer): void {
    for (let i = 0; i < from.length; i += 1) {
      const mix = (this.#third | 2) & 0xffff;
      const byte = u8(from, i) ^ ((Math.imul(mix, mix ^ 1) >>> 8) & 0xff);
      to[i] = byte;
      this.#update(byte);
    }
  }
}

/**
 * Decrypts an entry, or gives undefined when the check byte says that the password is wrong.
 * `checks`: the values that the check byte may have (high byte of the CRC, or of the time).
 */
export function decryptZipCrypto(
  data: Uint8Array,
  password: string,
  checks: readonly number[],
): Buffer | undefined {
  const keys = new ZipCryptoKeys(Buffer.from(password));
  const header = Buffer.alloc(HEADER_BYTES);
  if (data.length < HEADER_BYTES) {
    return undefined;
  }
  keys.decrypt(data.subarray(0, HEADER_BYTES), header);
  if (!checks.includes(u8(header, HEADER_BYTES - 1))) {
    return undefined;
  }
  const plain = Buffer.alloc(data.length - HEADER_BYTES);
  keys.decrypt(data.subarray(HEADER_BYTES), plain);
  return plain;
}

/** WinZip AES (method 99): what the extra field 0x9901 says. */
export interface AesClaim {
  readonly strength: number;
  readonly method: number;
}

export const AES_EXTRA = 0x9901;

export function readAesExtra(extra: Buffer): AesClaim {
  return { strength: u8(extra, 4), method: u16le(extra, 5) };
}

const AES_MAC_BYTES = 10;
const AES_VERIFIER_BYTES = 2;
const AES_ITERATIONS = 1000;

/** Key stream of AES in counter mode with a little-endian counter from 1, which node:crypto does not offer. */
function applyCounterMode(key: Buffer, data: Uint8Array): Buffer {
  const counters = Buffer.alloc(Math.ceil(data.length / 16) * 16);
  for (let block = 0; block * 16 < counters.length; block += 1) {
    counters.writeUInt32LE(block + 1, block * 16);
  }
  const cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  const stream = cipher.update(counters);
  const plain = Buffer.alloc(data.length);
  for (let i = 0; i < data.length; i += 1) {
    plain[i] = u8(data, i) ^ u8(stream, i);
  }
  return plain;
}

/** Decrypts an AES entry (salt, verifier, data, code), or gives undefined when the password is wrong. */
export function decryptZipAes(data: Uint8Array, password: string, strength: number): Buffer | undefined {
  const keyBytes = 8 * (strength + 1);
  const saltBytes = keyBytes / 2;
  if (strength < 1 || strength > 3 || data.length < saltBytes + AES_VERIFIER_BYTES + AES_MAC_BYTES) {
    return undefined;
  }
  const derivedBytes = 2 * keyBytes + AES_VERIFIER_BYTES;
  const derived = pbkdf2Sync(password, data.subarray(0, saltBytes), AES_ITERATIONS, derivedBytes, 'sha1');
  const start = saltBytes + AES_VERIFIER_BYTES;
  if (!derived.subarray(2 * keyBytes).equals(data.subarray(saltBytes, start))) {
    return undefined;
  }
  const secret = data.subarray(start, data.length - AES_MAC_BYTES);
  const code = createHmac('sha1', derived.subarray(keyBytes, 2 * keyBytes))
    .update(secret)
    .digest();
  // A two-byte verifier lets one in 65,536 wrong passwords through; the code decides.
  if (!timingSafeEqual(code.subarray(0, AES_MAC_BYTES), data.subarray(data.length - AES_MAC_BYTES))) {
    return undefined;
  }
  return applyCounterMode(derived.subarray(0, keyBytes), secret);
}

export function matchesCrc(bytes: Uint8Array, crc: number): boolean {
  return crc32(bytes) === crc;
}
