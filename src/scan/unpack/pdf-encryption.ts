import { createCipheriv, createDecipheriv, createSecretKey, hash } from 'node:crypto';
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
  readonly ownerKey: Buffer;
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

function md5(bytes: Buffer): Buffer {
  return hash('md5', bytes, 'buffer');
}

/** RC4 under the key with each byte changed by the number of the round. */
function rc4Round(key: Buffer, round: number, bytes: Buffer): Buffer {
  return rc4(round === 0 ? key : Buffer.from(key.map((byte) => byte ^ round)), bytes);
}

/** Revisions 2 to 4: the padded user password, as the owner password gives it (ISO 32000 7.6.4.4.8). */
function userPasswordOf(claims: Claims, ownerPassword: string): Buffer {
  let digest = md5(padded(ownerPassword));
  for (let round = 0; claims.revision >= 3 && round < 50; round += 1) {
    digest = md5(digest);
  }
  const key = digest.subarray(0, claims.revision >= 3 ? claims.keyBytes : 5);
  let secret = claims.owner.subarray(0, 32);
  for (let round = claims.revision >= 3 ? 19 : 0; round >= 0; round -= 1) {
    secret = rc4Round(key, round, secret);
  }
  return secret;
}

/** Revisions 2 to 4: the key comes from the padded password. */
function legacyKey(claims: Claims, password: Buffer): Buffer {
  const permissions = Buffer.alloc(4);
  permissions.writeInt32LE(claims.permissions | 0);
  const tail = claims.revision >= 4 && !claims.metadata ? Buffer.alloc(4, 0xff) : Buffer.alloc(0);
  const parts = [password, claims.owner.subarray(0, 32), permissions, claims.id, tail];
  let key = md5(Buffer.concat(parts));
  for (let round = 0; claims.revision >= 3 && round < 50; round += 1) {
    key = md5(key.subarray(0, claims.keyBytes));
  }
  return key.subarray(0, claims.keyBytes);
}

/** Whether the key belongs to the user password (ISO 32000 7.6.4.4.4 and 7.6.4.4.5). */
function opensLegacy(claims: Claims, key: Buffer): boolean {
  if (claims.revision === 2) {
    return rc4(key, PADDING).equals(claims.user.subarray(0, 32));
  }
  let check = md5(Buffer.concat([PADDING, claims.id]));
  for (let round = 0; round < 20; round += 1) {
    check = rc4Round(key, round, check);
  }
  return check.equals(claims.user.subarray(0, 16));
}

function legacy(claims: Claims, password: Buffer): PdfDecryptor | undefined {
  const key = legacyKey(claims, password);
  if (!opensLegacy(claims, key)) {
    return undefined;
  }
  return (data, object, generation) => {
    const octets = [object, object >> 8, object >> 16, generation, generation >> 8];
    const salt = claims.usesAes ? AES_SALT : Buffer.alloc(0);
    const digest = md5(Buffer.concat([key, Buffer.from(octets.map((octet) => octet & 255)), salt]));
    const objectKey = digest.subarray(0, Math.min(16, key.length + 5));
    return claims.usesAes ? aes(objectKey, data) : rc4(objectKey, data);
  };
}

const HASHES = ['sha256', 'sha384', 'sha512'] as const;

/** Algorithm 2.B of ISO 32000-2. `user`: what the user password left, for an owner password. */
function hash2b(secret: Buffer, salt: Buffer, user: Buffer): Buffer {
  let key = hash('sha256', Buffer.concat([secret, salt, user]), 'buffer');
  for (let round = 0, last = 0; round < 64 || last > round - 32; round += 1) {
    const unit = Buffer.concat([secret, key, user]);
    const block = Buffer.allocUnsafe(64 * unit.length).fill(unit);
    const secretKey = createSecretKey(key.subarray(0, 16)); // what a cipher makes of bytes itself takes 10 µs
    const encrypted = createCipheriv('aes-128-cbc', secretKey, key.subarray(16, 32)).update(block);
    let sum = 0;
    for (let at = 0; at < 16; at += 1) {
      sum += u8(encrypted, at);
    }
    key = hash(HASHES[sum % 3] ?? 'sha256', encrypted, 'buffer');
    last = u8(encrypted, encrypted.length - 1);
  }
  return key.subarray(0, 32);
}

/** Passwords of revisions 5 and 6 are UTF-8 of at most 127 bytes. */
const MAX_SECRET_BYTES = 127;
const NONE = Buffer.alloc(0);

/** Revisions 5 and 6: a random file key, encrypted under each of the two passwords. */
function modern(claims: Claims, password: string, role: 'user' | 'owner'): PdfDecryptor | undefined {
  const secret = Buffer.from(password).subarray(0, MAX_SECRET_BYTES);
  const [claim, sealedKey] =
    role === 'user' ? [claims.user, claims.userKey] : [claims.owner, claims.ownerKey];
  const user = role === 'user' ? NONE : claims.user.subarray(0, 48);
  const digest = (salt: Buffer): Buffer =>
    claims.revision >= 6
      ? hash2b(secret, salt, user)
      : hash('sha256', Buffer.concat([secret, salt, user]), 'buffer');
  if (sealedKey.length < 32 || !digest(claim.subarray(32, 40)).equals(claim.subarray(0, 32))) {
    return undefined;
  }
  const wrapper = digest(claim.subarray(40, 48));
  const cipher = createDecipheriv('aes-256-cbc', wrapper, Buffer.alloc(16)).setAutoPadding(false);
  const key = cipher.update(sealedKey.subarray(0, 32));
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
    ownerKey: stringOf(dictionary, 'OE'),
    user: stringOf(dictionary, 'U'),
    userKey: stringOf(dictionary, 'UE'),
    permissions: numberOf(dictionary, 'P') ?? 0,
    id: id ?? Buffer.alloc(0),
    usesAes: /\/AESV[23]/.test(dictionary),
    metadata: !/\/EncryptMetadata\s{0,16}false/.test(dictionary),
  };
}

/** The two passwords of a document, each of which opens it. */
export interface PdfLock {
  /** By the password of a user, and by that of the owner where it is cheap to try. */
  open(password: string): PdfDecryptor | undefined;
  /** By the password of the owner in revision 6, where every try takes 2 ms. */
  openAsOwner(password: string): PdfDecryptor | undefined;
}

/** Reads the encryption dictionary. Undefined when the scheme is not known. */
export function pdfLock(dictionary: string, trailer: string): PdfLock | undefined {
  const claims = readClaims(dictionary, trailer);
  if (claims.version >= 5) {
    const isCheap = claims.revision < 6;
    return {
      open: (password) =>
        modern(claims, password, 'user') ?? (isCheap ? modern(claims, password, 'owner') : undefined),
      openAsOwner: (password) => (isCheap ? undefined : modern(claims, password, 'owner')),
    };
  }
  const open = (password: string): PdfDecryptor | undefined =>
    legacy(claims, padded(password)) ?? legacy(claims, userPasswordOf(claims, password));
  return claims.version >= 1 ? { open, openAsOwner: () => undefined } : undefined;
}
