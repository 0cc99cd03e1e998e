import { createDecipheriv, createHash, hash } from 'node:crypto';
import type { Budget } from '../budget.ts';
import { u8 } from './byte-view.ts';
import { PasswordTries } from './password-tries.ts';
import type { Yield } from './unpacker.ts';

/** OpenPGP messages that are encrypted under a password (RFC 9580 5.3 and 5.13.1), which may stand in the mail. */

interface Cipher {
  readonly name: string;
  readonly keyBytes: number;
  readonly blockBytes: number;
}

/** RFC 9580 9.3; CAST5, Blowfish and Twofish are not in the library. */
const CIPHERS: ReadonlyMap<number, Cipher> = new Map([
  [2, { name: 'des-ede3-cfb', keyBytes: 24, blockBytes: 8 }],
  [7, { name: 'aes-128-cfb', keyBytes: 16, blockBytes: 16 }],
  [8, { name: 'aes-192-cfb', keyBytes: 24, blockBytes: 16 }],
  [9, { name: 'aes-256-cfb', keyBytes: 32, blockBytes: 16 }],
  [11, { name: 'camellia-128-cfb', keyBytes: 16, blockBytes: 16 }],
  [12, { name: 'camellia-192-cfb', keyBytes: 24, blockBytes: 16 }],
  [13, { name: 'camellia-256-cfb', keyBytes: 32, blockBytes: 16 }],
]);

interface Hash {
  readonly name: string;
  readonly bytes: number;
  /** Time for one byte, that of SHA-1 being one. */
  readonly cost: number;
}

/** RFC 9580 9.5. */
const HASHES: ReadonlyMap<number, Hash> = new Map([
  [1, { name: 'md5', bytes: 16, cost: 2.5 }],
  [2, { name: 'sha1', bytes: 20, cost: 1 }],
  [3, { name: 'ripemd160', bytes: 20, cost: 6 }],
  [8, { name: 'sha256', bytes: 32, cost: 1 }],
  [9, { name: 'sha384', bytes: 48, cost: 2.5 }],
  [10, { name: 'sha512', bytes: 64, cost: 2.5 }],
  [11, { name: 'sha224', bytes: 28, cost: 1 }],
]);
const VERSION = 4;
const SALTED = 1;
const ITERATED = 3;
const SALT_BYTES = 8;
/** Hashed at once. */
const BLOCK_BYTES = 64 * 1024;
/** Passwords that one message is encrypted under are tried one after the other. */
const MAX_SESSIONS = 4;
/**
 * How often one message of a scan is tried: it stands in every reading of the text around it, one try takes up to a
 * second, and only a password that comes to light in between could change what comes of it.
 */
export const MAX_ATTEMPTS = 2;
/**
 * Bytes that are hashed for keys in one scan, of all messages and passwords, those of slow hashes counting more: gpg asks
 * for twice 62 MiB of each password where a machine hashes those in a tenth of a second, so that sixteen are tried.
 */
export const MAX_HASHED_BYTES = 2 * 1024 * 1024 * 1024;
/** A packet of the checksum behind the content: its type and length, and SHA-1 over all before. */
const CHECK_BYTES = 22;
const CHECK_HEAD = 2;

/** How a key comes from a password. */
interface Session {
  readonly cipher: Cipher;
  readonly hash: Hash;
  readonly salt: Buffer;
  /** Bytes that are hashed. */
  readonly count: number;
  /** The encrypted key of the message; empty where the password gives it itself. */
  readonly sealedKey: Buffer;
}

function sessionOf(body: Buffer): Session | undefined {
  const kind = u8(body, 2);
  const cipher = CIPHERS.get(u8(body, 1));
  const digest = HASHES.get(u8(body, 3));
  const isKnown = u8(body, 0) === VERSION && (kind === 0 || kind === SALTED || kind === ITERATED);
  if (!isKnown || cipher === undefined || digest === undefined) {
    return undefined;
  }
  const saltEnd = 4 + (kind === 0 ? 0 : SALT_BYTES);
  const coded = kind === ITERATED ? u8(body, saltEnd) : 0;
  const count = kind === ITERATED ? (16 + (coded & 15)) * 2 ** ((coded >> 4) + 6) : 0;
  const sealedKey = body.subarray(saltEnd + (kind === ITERATED ? 1 : 0));
  return { cipher, hash: digest, salt: body.subarray(4, saltEnd), count, sealedKey };
}

/** One hash of the repeated salt and password (RFC 9580 3.7.1); `lead` zeros stand before them. */
function hashed({ hash: { name }, salt, count }: Session, password: Buffer, lead: number): Buffer {
  const unit = Buffer.concat([salt, password]);
  const total = Math.max(count, unit.length);
  const whole = Math.max(1, Math.floor(BLOCK_BYTES / Math.max(1, unit.length))) * unit.length;
  const block = Buffer.alloc(whole, unit);
  const sum = createHash(name).update(Buffer.alloc(lead));
  for (let left = total; left > 0; left -= block.length) {
    sum.update(block.subarray(0, Math.min(left, block.length)));
  }
  return sum.digest();
}

function keyOf(session: Session, password: string): Buffer {
  const secret = Buffer.from(password);
  let key = hashed(session, secret, 0);
  for (let lead = 1; key.length < session.cipher.keyBytes; lead += 1) {
    key = Buffer.concat([key, hashed(session, secret, lead)]);
  }
  return key.subarray(0, session.cipher.keyBytes);
}

function decrypted({ name, blockBytes }: Cipher, key: Buffer, data: Buffer): Buffer {
  return createDecipheriv(name, key, Buffer.alloc(blockBytes)).update(data);
}

/** The content under this key; undefined for a wrong one. Two bytes are repeated, and a checksum covers all. */
function contentOf(cipher: Cipher, key: Buffer, data: Buffer): Buffer | undefined {
  const head = cipher.blockBytes + 2;
  const start = decrypted(cipher, key, data.subarray(0, head));
  if (!start.subarray(-2).equals(start.subarray(-4, -2))) {
    return undefined;
  }
  const plain = decrypted(cipher, key, data);
  const end = plain.length - CHECK_BYTES;
  const sum = hash('sha1', plain.subarray(0, end + CHECK_HEAD), 'buffer');
  return sum.equals(plain.subarray(end + CHECK_HEAD)) ? plain.subarray(head, end) : undefined;
}

function opened(session: Session, password: string, data: Buffer): Buffer | undefined {
  const key = keyOf(session, password);
  if (session.sealedKey.length === 0) {
    return contentOf(session.cipher, key, data);
  }
  const own = decrypted(session.cipher, key, session.sealedKey);
  const cipher = CIPHERS.get(u8(own, 0));
  return cipher?.keyBytes === own.length - 1 ? contentOf(cipher, own.subarray(1), data) : undefined;
}

/** Bytes that one password takes: of the shortest hash a whole block is filled as well. */
function costOf({ cipher, hash: { bytes, cost }, count }: Session): number {
  return Math.ceil(cipher.keyBytes / bytes) * cost * Math.max(count, BLOCK_BYTES);
}

/** An encrypted message. */
interface Sealed {
  readonly sessions: readonly Session[];
  readonly data: Buffer;
}

interface Attempts {
  count: number;
  content: Buffer | undefined;
  readonly tried: Set<string>;
}

/** What one scan has tried. */
class ScanAttempts {
  /** By digests of the messages. */
  readonly #messages = new Map<string, Attempts>();
  /** Passwords that opened one of them: the sender may have used them for the next. */
  readonly #worked = new Set<string>();
  #hashLeft: number;

  constructor(maxHashed: number) {
    this.#hashLeft = maxHashed;
  }

  of(digest: string): Attempts {
    const attempts = this.#messages.get(digest) ?? { count: 0, content: undefined, tried: new Set<string>() };
    this.#messages.set(digest, attempts);
    return attempts;
  }

  get worked(): readonly string[] {
    return [...this.#worked];
  }

  /** The content under the first of `candidates` that opens it, less those that were tried. */
  open(sealed: Sealed, candidates: Iterable<string>, tried: Set<string>): Buffer | undefined {
    for (const password of candidates) {
      for (const session of tried.has(password) ? [] : sealed.sessions) {
        this.#hashLeft -= costOf(session);
        const content = this.#hashLeft < 0 ? undefined : opened(session, password, sealed.data);
        if (content !== undefined) {
          this.#worked.add(password);
        }
        if (content !== undefined || this.#hashLeft < 0) {
          return content;
        }
      }
      tried.add(password);
    }
    return undefined;
  }
}

/** Opens encrypted messages by the passwords of a mail, and remembers what came of it as long as the scan lasts. */
export class PasswordOpener {
  readonly #scans = new WeakMap<Budget, ScanAttempts>();
  readonly #maxHashed: number;

  constructor(maxHashed = MAX_HASHED_BYTES) {
    this.#maxHashed = maxHashed;
  }

  /**
   * The packets inside of encrypted data; undefined when no password opens it. `sessions`: bodies of the packets that
   * say how a password gives the key. `data`: body of the packet with its checksum, version 1.
   */
  open(sessions: readonly Buffer[], data: Buffer, name: string | undefined, out: Yield): Buffer | undefined {
    const known = sessions.slice(0, MAX_SESSIONS).flatMap((body) => sessionOf(body) ?? []);
    if (known.length === 0 || u8(data, 0) !== 1 || data.length < CHECK_BYTES + 20) {
      return undefined;
    }
    const scan = this.#scanOf(out.budget);
    const attempts = scan.of(hash('sha256', Buffer.concat([...sessions, data])));
    if (attempts.content === undefined && attempts.count < MAX_ATTEMPTS) {
      attempts.count += 1;
      const candidates = new PasswordTries(out, scan.worked, name).candidates();
      attempts.content = scan.open({ sessions: known, data: data.subarray(1) }, candidates, attempts.tried);
    }
    return attempts.content;
  }

  #scanOf(budget: Budget): ScanAttempts {
    const scan = this.#scans.get(budget) ?? new ScanAttempts(this.#maxHashed);
    this.#scans.set(budget, scan);
    return scan;
  }
}
