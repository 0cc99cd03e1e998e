import { createDecipheriv, hash } from 'node:crypto';
import { latin1, u16le, u32le, u64le } from './byte-view.ts';

/** Reads one password-protected Office document (MS-OFFCRYPTO): gives the package, or undefined for a wrong password. */
export type OfficeDecryptor = (password: string) => Buffer | undefined;

/** What Office itself tries before it asks: documents under it open without a question. */
export const OFFICE_DEFAULT_PASSWORD = 'VelvetSweatshop';

/** Hash rounds per try. Office writes 50,000 or 100,000; a file that asks for far more only wants to cost time. */
const MAX_SPIN = 200_000;
const SEGMENT_BYTES = 4096;

function littleEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function spin(algorithm: string, salt: Buffer, password: string, rounds: number): Buffer {
  let state = hash(algorithm, Buffer.concat([salt, Buffer.from(password, 'utf16le')]), 'buffer');
  const block = Buffer.alloc(4 + state.length);
  for (let round = 0; round < rounds; round += 1) {
    block.writeUInt32LE(round, 0);
    state.copy(block, 4);
    state = hash(algorithm, block, 'buffer');
  }
  return state;
}

function decrypt(mode: 'cbc' | 'ecb', key: Buffer, iv: Buffer | null, data: Buffer): Buffer {
  const cipher = createDecipheriv(`aes-${key.length * 8}-${mode}`, key, iv).setAutoPadding(false);
  return cipher.update(data.subarray(0, data.length - (data.length % 16)));
}

function fit(bytes: Buffer, length: number): Buffer {
  const fitted = Buffer.alloc(length, 0x36);
  bytes.copy(fitted);
  return fitted;
}

interface AgileKey {
  readonly algorithm: string;
  readonly salt: Buffer;
  readonly keyBytes: number;
}

function attribute(element: string, name: string): string {
  return new RegExp(`\\b${name}="([^"]{0,4096})"`).exec(element)?.[1] ?? '';
}

function readAgileKey(element: string): AgileKey | undefined {
  const algorithm = attribute(element, 'hashAlgorithm').toLowerCase().replace('-', '');
  const keyBytes = Number(attribute(element, 'keyBits')) / 8;
  const usable =
    ['sha1', 'sha256', 'sha384', 'sha512'].includes(algorithm) && [16, 24, 32].includes(keyBytes);
  const aes =
    attribute(element, 'cipherAlgorithm') === 'AES' &&
    attribute(element, 'cipherChaining') === 'ChainingModeCBC';
  const salt = Buffer.from(attribute(element, 'saltValue'), 'base64');
  return usable && aes && salt.length >= 1 ? { algorithm, keyBytes, salt } : undefined;
}

const BLOCK_VERIFIER_INPUT = Buffer.from('fea7d2763b4b9e79', 'hex');
const BLOCK_VERIFIER_VALUE = Buffer.from('d7aa0f6d3061344e', 'hex');
const BLOCK_KEY = Buffer.from('146e0be7abacd0d6', 'hex');

function decryptSegments(bytes: Buffer, data: AgileKey, key: Buffer): Buffer {
  const segments: Buffer[] = [];
  for (let at = 8, index = 0; at < bytes.length; at += SEGMENT_BYTES, index += 1) {
    const iv = fit(hash(data.algorithm, Buffer.concat([data.salt, littleEndian(index)]), 'buffer'), 16);
    segments.push(decrypt('cbc', key, iv, bytes.subarray(at, at + SEGMENT_BYTES)));
  }
  return Buffer.concat(segments).subarray(0, u64le(bytes, 0));
}

function agile(xml: string, encrypted: Buffer): OfficeDecryptor | undefined {
  const dataElement = /<keyData\b[^>]{0,8192}>/.exec(xml)?.[0] ?? '';
  const keyElement = /<(?:\w{1,16}:)?encryptedKey\b[^>]{0,8192}>/.exec(xml)?.[0] ?? '';
  const data = readAgileKey(dataElement);
  const lock = readAgileKey(keyElement);
  const rounds = Number(attribute(keyElement, 'spinCount'));
  if (data === undefined || lock === undefined || !(rounds <= MAX_SPIN)) {
    return undefined;
  }
  const field = (name: string): Buffer => Buffer.from(attribute(keyElement, name), 'base64');
  return (password) => {
    const spun = spin(lock.algorithm, lock.salt, password, rounds);
    const open = (block: Buffer, secret: Buffer): Buffer => {
      const key = fit(hash(lock.algorithm, Buffer.concat([spun, block]), 'buffer'), lock.keyBytes);
      return decrypt('cbc', key, fit(lock.salt, 16), secret);
    };
    const input = open(BLOCK_VERIFIER_INPUT, field('encryptedVerifierHashInput')).subarray(
      0,
      lock.salt.length,
    );
    const expected = hash(lock.algorithm, input, 'buffer');
    if (
      !open(BLOCK_VERIFIER_VALUE, field('encryptedVerifierHashValue'))
        .subarray(0, expected.length)
        .equals(expected)
    ) {
      return undefined;
    }
    const key = open(BLOCK_KEY, field('encryptedKeyValue')).subarray(0, data.keyBytes);
    return decryptSegments(encrypted, data, key);
  };
}

const STANDARD_ROUNDS = 50_000;

function deriveStandardKey(spun: Buffer, keyBytes: number): Buffer {
  const final = hash('sha1', Buffer.concat([spun, littleEndian(0)]), 'buffer');
  const derive = (pad: number): Buffer => {
    const block = Buffer.alloc(64, pad);
    final.forEach((byte, index) => {
      block[index] = byte ^ pad;
    });
    return hash('sha1', block, 'buffer');
  };
  return Buffer.concat([derive(0x36), derive(0x5c)]).subarray(0, keyBytes);
}

function standard(info: Buffer, encrypted: Buffer): OfficeDecryptor | undefined {
  const headerAt = 12;
  const keyBytes = u32le(info, headerAt + 16) / 8;
  const verifierAt = headerAt + u32le(info, 8);
  const salt = info.subarray(verifierAt + 4, verifierAt + 20);
  const verifier = info.subarray(verifierAt + 20, verifierAt + 36);
  const verifierHash = info.subarray(verifierAt + 40, verifierAt + 72);
  if (![16, 24, 32].includes(keyBytes) || verifierHash.length < 32) {
    return undefined;
  }
  return (password) => {
    const key = deriveStandardKey(spin('sha1', salt, password, STANDARD_ROUNDS), keyBytes);
    const expected = hash('sha1', decrypt('ecb', key, null, verifier), 'buffer');
    if (!decrypt('ecb', key, null, verifierHash).subarray(0, 20).equals(expected)) {
      return undefined;
    }
    return decrypt('ecb', key, null, encrypted.subarray(8)).subarray(0, u64le(encrypted, 0));
  };
}

/** A decryptor for the streams `EncryptionInfo` and `EncryptedPackage`; undefined when the scheme is not known. */
export function officeDecryptor(info: Buffer, encrypted: Buffer): OfficeDecryptor | undefined {
  const minor = u16le(info, 2);
  if (minor === 4) {
    return agile(latin1(info, 8, 64 * 1024), encrypted);
  }
  return minor === 2 ? standard(info, encrypted) : undefined;
}
