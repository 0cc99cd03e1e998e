import { hash } from 'node:crypto';
import { u16le, u32le } from './byte-view.ts';
import { rc4 } from './rc4.ts';

/** The key of each block of a document. */
export type BlockKeys = (block: number) => Buffer;

/** The keys under a password, or undefined when it is wrong. */
export type Rc4Lock = (password: string) => BlockKeys | undefined;

const VERIFIER_BYTES = 16;
const ALGORITHM_RC4 = 0x6801;
/** Where the header stands behind version, flags and its size. */
const HEADER_AT = 12;

function littleEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function isRight(keys: BlockKeys, sealed: Buffer, algorithm: 'md5' | 'sha1'): boolean {
  const plain = rc4(keys(0), sealed);
  const expected = hash(algorithm, plain.subarray(0, VERIFIER_BYTES), 'buffer');
  return expected.equals(plain.subarray(VERIFIER_BYTES, VERIFIER_BYTES + expected.length));
}

/** MS-OFFCRYPTO 2.3.6: MD5, 40 bits of it, sixteen times with the salt. */
function officeRc4(info: Buffer): Rc4Lock {
  const salt = info.subarray(4, 20);
  return (password) => {
    const first = hash('md5', Buffer.from(password, 'utf16le'), 'buffer').subarray(0, 5);
    const repeated = Buffer.alloc(16 * (5 + salt.length), Buffer.concat([first, salt]));
    const second = hash('md5', repeated, 'buffer').subarray(0, 5);
    const keys: BlockKeys = (block) => hash('md5', Buffer.concat([second, littleEndian(block)]), 'buffer');
    return isRight(keys, info.subarray(20, 52), 'md5') ? keys : undefined;
  };
}

/** MS-OFFCRYPTO 2.3.5: SHA-1 and a key of a stated length; 40 bits are filled up with zeros. */
function cryptoApi(info: Buffer): Rc4Lock | undefined {
  const keyBits = u32le(info, HEADER_AT + 16) || 40;
  const verifierAt = HEADER_AT + u32le(info, 8);
  const salt = info.subarray(verifierAt + 4, verifierAt + 20);
  const value = info.subarray(verifierAt + 20, verifierAt + 36);
  const sealedHash = info.subarray(verifierAt + 40, verifierAt + 60);
  if (
    u32le(info, HEADER_AT + 8) !== ALGORITHM_RC4 ||
    keyBits < 40 ||
    keyBits > 128 ||
    sealedHash.length < 20
  ) {
    return undefined;
  }
  return (password) => {
    const first = hash('sha1', Buffer.concat([salt, Buffer.from(password, 'utf16le')]), 'buffer');
    const keys: BlockKeys = (block) => {
      const key = hash('sha1', Buffer.concat([first, littleEndian(block)]), 'buffer').subarray(
        0,
        keyBits >> 3,
      );
      return keyBits === 40 ? Buffer.concat([key, Buffer.alloc(11)]) : key;
    };
    return isRight(keys, Buffer.concat([value, sealedHash]), 'sha1') ? keys : undefined;
  };
}

/** The lock that an encryption header (version first) describes; undefined when it is none of RC4. */
export function readRc4Lock(info: Buffer): Rc4Lock | undefined {
  const [major, minor] = [u16le(info, 0), u16le(info, 2)];
  if (major === 1 && minor === 1 && info.length >= 52) {
    return officeRc4(info);
  }
  return minor === 2 && major >= 2 && major <= 4 ? cryptoApi(info) : undefined;
}

/** Decrypts a stream in which every block has a key of its own. */
export function decryptBlocks(bytes: Buffer, keys: BlockKeys, blockBytes: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    blocks.push(rc4(keys(at / blockBytes), bytes.subarray(at, at + blockBytes)));
  }
  return Buffer.concat(blocks);
}
