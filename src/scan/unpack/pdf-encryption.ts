import { createCipheriv, createDecipheriv, hash } from 'node:crypto';
import { numberOf, readString } from './pdf-text.ts';
import { u8 } from './byte-view.ts';
import { rc4 } from './rc4.ts';

/** Decrypts one stream of an encrypted PDF; `object` and `generation` are those of the object that holds it. */
export type PdfDecryptor = (data: Buffer, object: number, generation: number) => Buffer;

/** ISO 32000 7.6.4.3.2: what a user password is padded with. */
const PADDING = Buffer.from('28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a', 'hex');
const AES_SALT = Buffer.from('sAlT');

/** The first block is the initialisation vector; padding is left in place. */
function aes(key: Buffer, data: Buffer): Buffer {
  if (data.length < 32) {
    return Buffer.alloc(0);
  }
  const cipher = createDecipheriv(`aes-${key.length * 8}-cbc`, key, data.subarray(0, 16)).setAutoPadding(
    false,
  );
  return cipher.update(data.subarray(16, data.length - (data.length % 16)));
}

interface Claims {
  readonly version: number;
  readonly revision: number;
  readonly keyBytes: number;
  readonly owner: Buffer;
  readonly user: Buffer;
  readonly userKey: Buffer;
  readonly permissions: number;
  readonly id: Buffer;
  readonly usesAes: boolean;
  readonly metadata: boolean;
}

/** Passwords of revisions 2 to 4 are bytes, cut and padded to 32. */
function padded(password: string): Buffer {
  return Buffer.concat([Buffer.from(password, 'latin1'), PADDING]).subarray(0, 32);
}

/** Revisions 2 to 4: the key comes from the padded password. */
function legacyKey(claims: Claims, password: string): Buffer {
  const permissions = Buffer.alloc(4);
  permissions.writeInt32LE(claims.permissions | 0);
  const tail = claims.revision >= 4 && !claims.metadata ? Buffer.alloc(4, 0xff) : Buffer.alloc(0);
  const parts = [padded(password), claims.owner.subarray(0, 32), permissions, claims.id, tail];
  let key = hash('md5', Buffer.concat(parts), 'buffer');
  for (let round = 0; claims.revision >= 3 && round < 50; round += 1) {
    key = hash('md5', key.subarray(0, claims.keyBytes), 'buffer');
  }
  return key.subarray(0, claims.keyBytes);
}

/** Whether the key belongs to the user password (ISO 32000 7.6.4.4.4 and 7.6.4.4.5). */
function opensLegacy(claims: Claims, key: Buffer): boolean {
  if (claims.revision === 2) {
    return rc4(key, PADDING).equals(claims.user.subarray(0, 32));
  }
  let check = rc4(key, hash('md5', Buffer.concat([PADDING, claims.id]), 'buffer'));
  for (let round = 1; round < 20; round += 1) {
    check = rc4(Buffer.from(key.map((byte) => byte ^ round)), check);
  }
  return check.equals(claims.user.subarray(0, 16));
}

function legacy(claims: Claims, password: string): PdfDecryptor | undefined {
  const key = legacyKey(claims, password);
  if (!opensLegacy(claims, key)) {
    return undefined;
  }
  return (data, object, generation) => {
    const octets = [object, object >> 8, object >> 16, generation, generation >> 8];
    const salt = claims.usesAes ? AES_SALT : Buffer.alloc(0);
    const digest = hash(
      'md5',
      Buffer.concat([key, Buffer.from(octets.map((octet) => octet & 255)), salt]),
      'buffer',
    );
    const objectKey = digest.subarray(0, Math.min(16, key.length + 5));
    return claims.usesAes ? aes(objectKey, data) : rc4(objectKey, data);
  };
}

/** Algorithm 2.B of ISO 32000-2 for a user password. */
function hash2b(secret: Buffer, salt: Buffer): Buffer {
  let key = hash('sha256', Buffer.concat([secret, salt]), 'buffer');
  for (let round = 0, last = 0; round < 64 || last > round - 32; round += 1) {
    const unit = Buffer.concat([secret, key]);
    const block = Buffer.alloc(64 * unit.length, unit);
    const cipher = createCipheriv('aes-128-cbc', key.subarray(0, 16), key.subarray(16, 32)).setAutoPadding(
      false,
    );
    const encrypted = cipher.update(block);
    const remainder = encrypted.subarray(0, 16).reduce((sum, byte) => sum + byte, 0) % 3;
    key = hash(['sha256', 'sha384', 'sha512'][remainder] ?? 'sha256', encrypted, 'buffer');
    last = u8(encrypted, encrypted.length - 1);
  }
  return key.subarray(0, 32);
}

/** Passwords of revisions 5 and 6 are UTF-8 of at most 127 bytes. */
const MAX_SECRET_BYTES = 127;

/** Revisions 5 and 6: a random file key, encrypted under the password. */
function modern(claims: Claims, password: string): PdfDecryptor | undefined {
  const secret = Buffer.from(password).subarray(0, MAX_SECRET_BYTES);
  const digest = (salt: Buffer): Buffer =>
    claims.revision >= 6 ? hash2b(secret, salt) : hash('sha256', Buffer.concat([secret, salt]), 'buffer');
  const { user, userKey } = claims;
  if (userKey.length < 32 || !digest(user.subarray(32, 40)).equals(user.subarray(0, 32))) {
    return undefined;
  }
  const wrapper = digest(user.subarray(40, 48));
  const cipher = createDecipheriv('aes-256-cbc', wrapper, Buffer.alloc(16)).setAutoPadding(false);
  const key = cipher.update(userKey.subarray(0, 32));
  return (data) => aes(key, data);
}

function stringOf(dictionary: string, key: string): Buffer {
  const at = new RegExp(`/${key}(?![A-Za-z])`).exec(dictionary);
  return at === null
    ? Buffer.alloc(0)
    : (readString(dictionary, at.index + at[0].length, 1024) ?? Buffer.alloc(0));
}

function readClaims(dictionary: string, trailer: string): Claims {
  const idAt = /\/ID\s{0,16}\[/.exec(trailer);
  const id = idAt === null ? undefined : readString(trailer, idAt.index + idAt[0].length, 1024);
  const version = numberOf(dictionary, 'V') ?? 0;
  const bits = numberOf(dictionary, 'Length') ?? 40;
  return {
    version,
    revision: numberOf(dictionary, 'R') ?? 0,
    // Writers state bits; some crypt filters state bytes.
    keyBytes:
      version === 1 ? 5 : version === 4 ? 16 : Math.min(16, Math.max(5, bits >= 40 ? bits >> 3 : bits)),
    owner: stringOf(dictionary, 'O'),
    user: stringOf(dictionary, 'U'),
    userKey: stringOf(dictionary, 'UE'),
    permissions: numberOf(dictionary, 'P') ?? 0,
    id: id ?? Buffer.alloc(0),
    usesAes: /\/AESV[23]/.test(dictionary),
    metadata: !/\/EncryptMetadata\s{0,16}false/.test(dictionary),
  };
}

/**
 * Reads the encryption dictionary and gives the test of one user password: a decryptor when it opens the document.
 * Undefined when the scheme is not known.
 */
export function pdfLock(
  dictionary: string,
  trailer: string,
): ((password: string) => PdfDecryptor | undefined) | undefined {
  const claims = readClaims(dictionary, trailer);
  if (claims.version >= 5) {
    return (password) => modern(claims, password);
  }
  return claims.version >= 1 ? (password) => legacy(claims, password) : undefined;
}
