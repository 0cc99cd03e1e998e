import { crc32 } from 'node:zlib';
import type { Budget } from '../budget.ts';
import { u16le } from './byte-view.ts';
import type { RarAttempt, RarLock } from './rar-attempt.ts';
import { mayStartRar3, RAR3_START_BYTES, withSmallModel } from './rar3-start.ts';
import { RAR4_MAGIC, Rar4Block, rar4Blocks, withoutFlag } from './rar4-block.ts';
import { decryptRar4, type Rar4Key, Rar4Keys, Rar4KeyStore } from './rar4-key.ts';
import type { SevenZipFile } from './seven-zip.ts';

const HIDDEN_HEADERS = 0x80;
const SALT_BYTES = 8;
const CIPHER_BLOCK = 16;
const STORED = '0';
/** Blocks looked at, one or two for each file. */
export const MAX_RAR4_BLOCKS = 2000;
/** Salts that differ: all of one archive share theirs, and each costs a key for every password. */
export const MAX_RAR4_SALTS = 8;

/** Only 7-Zip can tell, and it derives the key by itself. */
const UNTOLD: RarAttempt = { mayOpen: true, isCostly: true, doubtful: [] };
const WRONG: RarAttempt = { mayOpen: false, doubtful: [] };

/** What one password may be for one file. */
type Fit = 'yes' | 'no' | 'untold';

/** The block of a file as it would be without encryption; `unpackedBytes` of all files that may share its model. */
function plainBlock(block: Rar4Block, keys: Rar4Keys, unpackedBytes = Infinity): Buffer[] {
  const key = block.isEncrypted ? keys.of(block.salt) : undefined;
  if (key === undefined) {
    return [block.header, block.data];
  }
  const decrypted = decryptRar4(key, block.data);
  const isStart = block.method !== STORED && !block.isSolid && !block.isSplit;
  const plain = isStart ? withSmallModel(decrypted, unpackedBytes) : decrypted;
  return [block.plainHeader(), plain, block.data.subarray(plain.length)];
}

/** One password before all files of an archive. */
class Trial {
  readonly doubtful: SevenZipFile[] = [];
  readonly #keys: Rar4Keys;
  /** Of the file that a solid one goes on from. */
  #before: Fit | undefined;

  constructor(keys: Rar4Keys) {
    this.#keys = keys;
  }

  fit(block: Rar4Block): Fit {
    const fit = block.isEncrypted ? this.#fitOf(block) : 'yes';
    if (block.method !== STORED && fit !== 'untold') {
      this.#before = fit;
    }
    return block.isEncrypted ? fit : 'untold';
  }

  #fitOf(block: Rar4Block): Fit {
    const key = this.#keys.of(block.salt);
    if (key === undefined || block.unpackedBytes === 0 || block.data.length < CIPHER_BLOCK) {
      return 'untold';
    }
    if (block.isSplit) {
      return 'yes';
    }
    return block.method === STORED ? this.#fitStored(block, key) : this.#fitPacked(block, key);
  }

  /** A checksum may lie, and some programs leave the file there all the same: the content is kept. */
  #fitStored(block: Rar4Block, key: Rar4Key): Fit {
    const bytes = decryptRar4(key, block.data).subarray(0, block.unpackedBytes);
    if (crc32(bytes) === block.crc) {
      return 'yes';
    }
    this.doubtful.push({ name: block.name, bytes });
    return 'no';
  }

  #fitPacked(block: Rar4Block, key: Rar4Key): Fit {
    if (block.isSolid && this.#before !== undefined) {
      return this.#before; // it has no start of its own
    }
    return mayStartRar3(decryptRar4(key, block.data.subarray(0, RAR3_START_BYTES))) ? 'yes' : 'no';
  }
}

/** RAR 4 with readable names: each file is tested, and 7-Zip gets what may be right, decrypted. */
class OpenNames implements RarLock {
  readonly isWhole: boolean;
  readonly #head: Buffer;
  readonly #blocks: readonly Rar4Block[];
  readonly #sealed: readonly Rar4Block[];
  readonly #store: Rar4KeyStore;

  constructor(head: Buffer, blocks: readonly Rar4Block[], store: Rar4KeyStore) {
    this.#store = store;
    this.#head = head;
    this.#blocks = blocks;
    this.#sealed = blocks.filter((block) => block.isEncrypted);
    this.isWhole = blocks.every(
      ({ isFile, isEncrypted, data }) => !isFile || isEncrypted || data.length === 0,
    );
  }

  /** Whether its encryption is one that is known, without a part that does not fit the format. */
  get isFamiliar(): boolean {
    const salts = new Set(this.#sealed.map(({ salt }) => salt.toString('hex')));
    return (
      this.#sealed.length > 0 &&
      salts.size <= MAX_RAR4_SALTS &&
      this.#sealed.every(({ isKnownCipher, isSound }) => isKnownCipher && isSound)
    );
  }

  attempt(password: string, budget: Budget): RarAttempt {
    const keys = new Rar4Keys(password, budget, this.#store);
    if (this.#sealed.some(({ salt }) => keys.of(salt) === undefined)) {
      return UNTOLD;
    }
    const trial = new Trial(keys);
    const fits = this.#blocks.map((block) => trial.fit(block));
    const { doubtful } = trial;
    if (fits.includes('no') && !fits.includes('yes')) {
      return { mayOpen: false, doubtful };
    }
    const unpacked = this.#blocks.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0);
    const parts = this.#blocks.flatMap((block) => plainBlock(block, keys, unpacked));
    return { mayOpen: true, plain: Buffer.concat([this.#head, ...parts]), doubtful };
  }
}

/** RAR 4 with hidden names: each header stands encrypted behind its salt, and has a checksum. */
class HiddenNames implements RarLock {
  readonly isWhole = true;
  readonly #archive: Buffer;
  readonly #from: number;
  readonly #store: Rar4KeyStore;

  constructor(archive: Buffer, from: number, store: Rar4KeyStore) {
    this.#store = store;
    this.#archive = archive;
    this.#from = from;
  }

  attempt(password: string, budget: Budget): RarAttempt {
    const keys = new Rar4Keys(password, budget, this.#store);
    const first = this.#blockAt(this.#from, keys);
    if (first === undefined) {
      return keys.count === 0 ? UNTOLD : WRONG;
    }
    const plain = this.#plain(keys);
    return plain === undefined ? { ...UNTOLD, isCostly: false } : { mayOpen: true, plain, doubtful: [] };
  }

  #blockAt(at: number, keys: Rar4Keys): Rar4Block | undefined {
    const key = keys.of(this.#archive.subarray(at, at + SALT_BYTES));
    const from = at + SALT_BYTES;
    const start = this.#archive.subarray(from, from + CIPHER_BLOCK);
    if (key === undefined || start.length < CIPHER_BLOCK) {
      return undefined;
    }
    const size = u16le(decryptRar4(key, start), 5);
    const end = from + Math.ceil(size / CIPHER_BLOCK) * CIPHER_BLOCK;
    const header = decryptRar4(key, this.#archive.subarray(from, end)).subarray(0, size);
    const block = new Rar4Block(header, this.#archive.subarray(end));
    return block.isSound && header.length === size ? block : undefined;
  }

  /** Undefined when not everything is as writers make it. */
  #plain(keys: Rar4Keys): Buffer | undefined {
    const main = withoutFlag(this.#archive.subarray(RAR4_MAGIC.length, this.#from), HIDDEN_HEADERS);
    const parts = [this.#archive.subarray(0, RAR4_MAGIC.length), main];
    for (let at = this.#from, count = 0; count < MAX_RAR4_BLOCKS; count += 1) {
      const block = keys.count > MAX_RAR4_SALTS ? undefined : this.#blockAt(at, keys);
      if (block === undefined || (block.isEncrypted && !block.isKnownCipher)) {
        return undefined;
      }
      parts.push(...plainBlock(block, keys));
      if (block.isEnd) {
        return Buffer.concat(parts);
      }
      const headerBytes = Math.ceil(block.header.length / CIPHER_BLOCK) * CIPHER_BLOCK;
      at += SALT_BYTES + headerBytes + block.data.length;
    }
    return undefined;
  }
}

function openNames(archive: Buffer, store: Rar4KeyStore): RarLock | undefined {
  const blocks: Rar4Block[] = [];
  for (const block of rar4Blocks(archive, RAR4_MAGIC.length)) {
    blocks.push(block);
    if (blocks.length > MAX_RAR4_BLOCKS) {
      return undefined;
    }
  }
  const lock = new OpenNames(archive.subarray(0, RAR4_MAGIC.length), blocks, store);
  return lock.isFamiliar ? lock : undefined;
}

/** Undefined when nothing is encrypted, or not in a way that is known. */
export function rar4Lock(archive: Buffer, store = new Rar4KeyStore()): RarLock | undefined {
  const from = RAR4_MAGIC.length + u16le(archive, RAR4_MAGIC.length + 5);
  if ((u16le(archive, RAR4_MAGIC.length + 3) & HIDDEN_HEADERS) === 0) {
    return openNames(archive, store);
  }
  return archive.length < from + SALT_BYTES + CIPHER_BLOCK
    ? undefined
    : new HiddenNames(archive, from, store);
}
