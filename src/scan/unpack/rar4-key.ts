import { createDecipheriv, createHash } from 'node:crypto';
import type { Budget } from '../budget.ts';
import { u8 } from './byte-view.ts';

/** 262,144 rounds, of which 256 at a time differ in the lowest byte of their counter only. */
const BLOCKS = 1024;
const ROUNDS_PER_BLOCK = 256;
/** The vector takes a byte from the hash so far at sixteen places. */
const BLOCKS_PER_IV_BYTE = BLOCKS / 16;
const COUNTER_BYTES = 3;
/** Longer ones run into a fault of the format's hash that programs repeat; they are left to 7-Zip. */
const MAX_SECRET_BYTES = 63;
const CIPHER_BLOCK = 16;

export interface Rar4Key {
  readonly key: Buffer;
  readonly iv: Buffer;
}

function setEach(chunk: Buffer, unit: number, from: number, value: number): void {
  for (let at = from; at < chunk.length; at += unit) {
    chunk[at] = value;
  }
}

/**
 * SHA-1 over the secret before each counter. The fifth word of the hash so far gives a byte of the vector sixteen
 * times; the key is the rest, words turned.
 */
function rar4Key(secret: Buffer): Rar4Key {
  const unit = secret.length + COUNTER_BYTES;
  const chunk = Buffer.alloc(unit * ROUNDS_PER_BLOCK, Buffer.concat([secret, Buffer.alloc(COUNTER_BYTES)]));
  for (let round = 0, at = secret.length; at < chunk.length; round += 1, at += unit) {
    chunk[at] = round;
  }
  const digest = createHash('sha1');
  const iv = Buffer.alloc(16);
  for (let block = 0; block < BLOCKS; block += 1) {
    setEach(chunk, unit, secret.length + 1, block & 255);
    if ((block & 255) === 0) {
      setEach(chunk, unit, secret.length + 2, block >> 8);
    }
    if (block % BLOCKS_PER_IV_BYTE === 0) {
      const soFar = digest.copy().update(chunk.subarray(0, unit)).digest();
      iv[block / BLOCKS_PER_IV_BYTE] = u8(soFar, 19);
    }
    digest.update(chunk);
  }
  return { key: digest.digest().subarray(0, 16).swap32(), iv };
}

/** Keys kept by a worker, some 300 bytes each: of two or three archives that come in many mails. */
export const MAX_KEPT_RAR4_KEYS = 512;

/** Keys that were calculated, by salt and password. */
export class Rar4KeyStore {
  /** In the order of their last use. */
  readonly #kept = new Map<string, Rar4Key>();
  readonly #most: number;
  #calculated = 0;

  constructor(most = MAX_KEPT_RAR4_KEYS) {
    this.#most = most;
  }

  /** How many keys were not there yet. */
  get calculated(): number {
    return this.#calculated;
  }

  of(secret: Buffer): Rar4Key {
    const name = secret.toString('latin1');
    const known = this.#kept.get(name);
    this.#calculated += known === undefined ? 1 : 0;
    const key = known ?? rar4Key(secret);
    this.#kept.delete(name);
    this.#kept.set(name, key);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#most && oldest !== undefined) {
      this.#kept.delete(oldest);
    }
    return key;
  }
}

/** The keys of one password: a writer salts all of an archive alike, but need not. */
export class Rar4Keys {
  readonly #password: Buffer;
  readonly #budget: Budget;
  readonly #store: Rar4KeyStore;
  readonly #known = new Map<string, Rar4Key>();

  constructor(password: string, budget: Budget, store: Rar4KeyStore) {
    this.#password = Buffer.from(password, 'utf16le');
    this.#budget = budget;
    this.#store = store;
  }

  /** How many salts were asked for: each costs some 3 ms. */
  get count(): number {
    return this.#known.size;
  }

  /** Undefined for a password that is left to 7-Zip. Throws `ScanLimitError` when the time of the scan is over. */
  of(salt: Buffer): Rar4Key | undefined {
    const secret = Buffer.concat([this.#password, salt]);
    if (secret.length > MAX_SECRET_BYTES) {
      return undefined;
    }
    const name = salt.toString('hex');
    const known = this.#known.get(name);
    if (known !== undefined) {
      return known;
    }
    this.#budget.checkTime();
    const key = this.#store.of(secret);
    this.#known.set(name, key);
    return key;
  }
}

/** Whole blocks only; what is behind the last one is left out. */
export function decryptRar4({ key, iv }: Rar4Key, bytes: Buffer): Buffer {
  const cipher = createDecipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  return cipher.update(bytes.subarray(0, bytes.length - (bytes.length % CIPHER_BLOCK)));
}
