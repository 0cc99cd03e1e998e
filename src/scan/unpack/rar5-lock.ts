import { createDecipheriv, createHmac, pbkdf2Sync } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Budget } from '../budget.ts';
import { u32le, u8 } from './byte-view.ts';
import type { RarAttempt, RarLock } from './rar-attempt.ts';
import {
  FieldReader,
  type Rar5Cipher,
  type Rar5Content,
  type Rar5Header,
  rar5Headers,
} from './rar5-header.ts';
import type { SevenZipFile } from './seven-zip.ts';

/** Writers take 15. At 20 one try takes a third of a second; RAR itself would go to 24. */
export const MAX_RAR_ROUNDS_POWER = 20;
/** Headers looked at for a password check, one or more for each file. */
export const MAX_RAR_HEADERS = 2000;
/** Keys and checks that differ: files of one archive share theirs. */
export const MAX_RAR_CHECKS = 8;

const CIPHER_BLOCK = 16;
/** Behind so many rounds more stand the key of the checksums, and the check. */
const SUM_KEY_ROUNDS = 16;
const CHECK_ROUNDS = 32;
const KEY_BYTES = 32;

/** What one password may be for one file. */
type Fit = 'yes' | 'no' | 'untold';

function folded(bytes: Buffer, length: number): Buffer {
  const sum = Buffer.alloc(length);
  for (const [index, byte] of bytes.entries()) {
    sum[index % length] = u8(sum, index % length) ^ byte;
  }
  return sum;
}

function derive(password: string, { power, salt }: Rar5Cipher, moreRounds = 0): Buffer {
  return pbkdf2Sync(password, salt, 2 ** power + moreRounds, KEY_BYTES, 'sha256');
}

function isAffordable({ power }: Rar5Cipher): boolean {
  return power <= MAX_RAR_ROUNDS_POWER;
}

function idOf({ power, salt, check }: Rar5Cipher): string {
  return `${power} ${salt.toString('hex')} ${check?.toString('hex') ?? ''}`;
}

function decrypt(key: Buffer, iv: Buffer, bytes: Buffer): Buffer {
  const cipher = createDecipheriv('aes-256-cbc', key, iv).setAutoPadding(false);
  return cipher.update(bytes.subarray(0, bytes.length - (bytes.length % CIPHER_BLOCK)));
}

/** The header of a compressed block has a checksum over its flags and its size of one to three bytes. */
function mayStartRar5(start: Buffer): boolean {
  const flags = u8(start, 0);
  const sizeBytes = ((flags >> 3) & 3) + 1;
  const sum = start.subarray(2, 2 + sizeBytes).reduce((all, byte) => all ^ byte, flags ^ 0x5a);
  return sizeBytes <= 3 && u8(start, 1) === sum;
}

/** Behind a lock each header is encrypted, its vector in front; its checksum covers its size and all that it holds. */
function opensHeader(sealed: Buffer, key: Buffer): boolean {
  const [iv, bytes] = [sealed.subarray(0, CIPHER_BLOCK), sealed.subarray(CIPHER_BLOCK)];
  if (bytes.length < CIPHER_BLOCK) {
    return true; // nothing to test
  }
  const fields = new FieldReader(decrypt(key, iv, bytes.subarray(0, CIPHER_BLOCK)), 4);
  const end = fields.number() + fields.at;
  const header = decrypt(key, iv, bytes.subarray(0, Math.ceil(end / CIPHER_BLOCK) * CIPHER_BLOCK));
  return header.length >= end && crc32(header.subarray(4, end)) === u32le(header, 0);
}

/** One password before everything that is encrypted in an archive. */
class Trial {
  readonly doubtful: SevenZipFile[] = [];
  readonly #password: string;
  readonly #budget: Budget;
  readonly #known = new Map<string, Buffer>();
  /** Of the file that a solid one goes on from. */
  #before: Fit | undefined;

  constructor(password: string, budget: Budget) {
    this.#password = password;
    this.#budget = budget;
  }

  #derived(cipher: Rar5Cipher, moreRounds: number): Buffer {
    const name = `${moreRounds} ${cipher.power} ${cipher.salt.toString('hex')}`;
    const known = this.#known.get(name);
    if (known !== undefined) {
      return known;
    }
    this.#budget.checkTime();
    const key = derive(this.#password, cipher, moreRounds);
    this.#known.set(name, key);
    return key;
  }

  fit(header: Rar5Header): Fit {
    const { cipher, content } = header;
    const fit = cipher === undefined ? 'yes' : this.#fitOf(header, cipher);
    if (content?.method !== 0 && fit !== 'untold') {
      this.#before = fit;
    }
    return cipher === undefined ? 'untold' : fit;
  }

  #fitOf(header: Rar5Header, cipher: Rar5Cipher): Fit {
    if (!isAffordable(cipher)) {
      return 'no';
    }
    if (cipher.check !== undefined) {
      const isRight = folded(this.#derived(cipher, CHECK_ROUNDS), cipher.check.length).equals(cipher.check);
      return isRight ? 'yes' : 'no';
    }
    const key = this.#derived(cipher, 0);
    if (header.content === undefined) {
      return opensHeader(header.data, key) ? 'yes' : 'no';
    }
    return this.#fitContent(header, header.content, key, cipher);
  }

  #fitContent({ data, isSplit }: Rar5Header, content: Rar5Content, key: Buffer, cipher: Rar5Cipher): Fit {
    if (content.unpackedBytes === 0 || data.length < CIPHER_BLOCK) {
      return 'untold';
    }
    if (isSplit) {
      return 'yes';
    }
    if (content.method === 0) {
      return this.#fitStored(
        decrypt(key, cipher.iv, data).subarray(0, content.unpackedBytes),
        content,
        cipher,
      );
    }
    if (content.isSolid && this.#before !== undefined) {
      return this.#before; // what it goes on from cannot be read
    }
    return mayStartRar5(decrypt(key, cipher.iv, data.subarray(0, CIPHER_BLOCK))) ? 'yes' : 'no';
  }

  /** A checksum may lie, and some programs leave the file there all the same: the content is kept. */
  #fitStored(bytes: Buffer, { name, crc }: Rar5Content, cipher: Rar5Cipher): Fit {
    if (crc === undefined || this.#sumOf(bytes, cipher) === crc) {
      return 'yes';
    }
    this.doubtful.push({ name, bytes });
    return 'no';
  }

  #sumOf(bytes: Buffer, cipher: Rar5Cipher): number {
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(crc32(bytes));
    if (!cipher.hasKeyedSum) {
      return u32le(sum, 0);
    }
    const keyed = createHmac('sha256', this.#derived(cipher, SUM_KEY_ROUNDS)).update(sum).digest();
    return u32le(folded(keyed, 4), 0);
  }
}

class Rar5Lock implements RarLock {
  readonly isWhole: boolean;
  readonly untried?: string;
  readonly #headers: readonly Rar5Header[];
  /** Whether 7-Zip says of everything that the password is right for it. */
  readonly #isProvable: boolean;

  constructor(headers: readonly Rar5Header[], ciphers: readonly Rar5Cipher[]) {
    this.#headers = headers;
    this.isWhole = headers.every(({ isFile, cipher }) => !isFile || cipher !== undefined);
    this.#isProvable = headers.every(
      ({ cipher, content }) =>
        cipher === undefined || cipher.check !== undefined || content === undefined || content.isVerifiable,
    );
    if (!ciphers.every(isAffordable)) {
      this.untried = 'with a key of more rounds than are tried';
    }
  }

  attempt(password: string, budget: Budget): RarAttempt {
    const trial = new Trial(password, budget);
    const fits = this.#headers.map((header) => trial.fit(header));
    const mayOpen = fits.includes('yes') || !fits.includes('no');
    return { mayOpen, isUnproven: !this.#isProvable, doubtful: trial.doubtful };
  }
}

/** Undefined when nothing is encrypted, or when there is more than is looked at: the part that counts may be behind. */
export function rar5Lock(archive: Buffer): RarLock | undefined {
  const found: Rar5Header[] = [];
  const ciphers = new Map<string, Rar5Cipher>();
  for (const header of rar5Headers(archive)) {
    found.push(header);
    if (header.cipher !== undefined) {
      ciphers.set(idOf(header.cipher), header.cipher);
    }
    if (found.length > MAX_RAR_HEADERS || ciphers.size > MAX_RAR_CHECKS) {
      return undefined;
    }
  }
  return ciphers.size === 0 ? undefined : new Rar5Lock(found, [...ciphers.values()]);
}
