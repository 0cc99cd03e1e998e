import { crc32 } from 'node:zlib';
import type { Piece } from '../piece.ts';
import { u32le, viewOf } from './byte-view.ts';
import { DoubtfulReadings } from './doubtful-readings.ts';
import { decodeLzma } from './lzma.ts';
import { PasswordTries } from './password-tries.ts';
import {
  hasAllChecksums,
  parseSevenZipHeader,
  readSevenZipHeader,
  restForOneFile,
  type SevenZipHeader,
  type SevenZipStreams,
  UnfamiliarHeader,
  writeSevenZip,
} from './seven-zip-header.ts';
import { idOf, roundsOf, type SevenZipKeyRule, SevenZipKeys } from './seven-zip-key.ts';
import { COPY, type Fit, type SevenZipLock, sevenZipLocks } from './seven-zip-lock.ts';
import type { SevenZip, SevenZipOutcome } from './seven-zip.ts';
import type { Yield } from './unpacker.ts';

/** Headers packed in headers; writers pack once. */
const MAX_HEADER_DEPTH = 4;
const LZMA_METHOD = '030101';
/** Headers decoded here, some thousand files; longer ones are decoded by 7-Zip. */
const MAX_OWN_HEADER_BYTES = 256 * 1024;
/** Mark, "all defined", the checksum. */
const DIGEST_BYTES = 6;

/** Key rules tried although another folder stays closed: one without a salt serves all folders of common writers. */
export const MAX_MIXED_RULES = 8;
/** Rounds for one password, 2^24 as of the dearest key; after them no further one is tried for what is partly closed. */
const MAX_MIXED_ROUNDS = 16_777_216;

/** What became of an encrypted archive. */
export interface VaultOutcome {
  /** What came out; of an archive that stayed sealed, each reading that may be a right one. */
  readonly outcomes: readonly SevenZipOutcome[];
  /** Not every part was opened, or no checksum says that it was. */
  readonly isSealed: boolean;
}

/** `partly`: for some encrypted folders only, because each may have its own password. */
type VaultFit = Fit | 'partly';
type Keys = readonly Buffer[];

/** An archive whose header is readable, and the keys found so far for its folders. */
class Vault {
  readonly locks: readonly SevenZipLock[];
  readonly #header: SevenZipHeader;
  readonly #keys: (Keys | undefined)[];

  constructor(archive: Buffer, header: SevenZipHeader) {
    this.#header = header;
    this.locks = sevenZipLocks(archive, header.streams);
    this.#keys = this.locks.map(({ rules }) => (rules.length === 0 ? [] : undefined));
  }

  /** Whether a reading without an error is a right one. */
  get isVerified(): boolean {
    return hasAllChecksums(this.#header);
  }

  get isLocked(): boolean {
    return this.locks.some(({ rules }) => rules.length > 0);
  }

  /**
   * Notes the keys where they may be right, and says whether they may be for every encrypted folder. After one that
   * they do not open few further keys are derived: folders with a salt of their own would each cost one.
   */
  tryKeys(derive: (rule: SevenZipKeyRule) => Buffer): VaultFit {
    const known = new Map<string, Buffer>();
    const fits: Fit[] = [];
    let isPartly = false;
    let rounds = 0;
    for (const [index, lock] of this.locks.entries()) {
      const isKnown = lock.rules.every((rule) => known.has(idOf(rule)));
      const mayMix = known.size < MAX_MIXED_RULES && rounds <= MAX_MIXED_ROUNDS;
      if (isKnown || mayMix || !fits.includes('none')) {
        rounds += isKnown ? 0 : Math.max(0, ...lock.rules.map(roundsOf));
        const keys = lock.rules.map((rule) => known.get(idOf(rule)) ?? derive(rule));
        lock.rules.forEach((rule, at) => known.set(idOf(rule), keys[at] ?? Buffer.alloc(0)));
        const fit = lock.fit(keys);
        this.#keys[index] = fit === 'none' ? this.#keys[index] : keys;
        fits.push(fit);
        isPartly ||= fit !== 'none' && lock.rules.length > 0;
      }
    }
    if (!fits.includes('none')) {
      return fits.includes('possible') ? 'possible' : 'likely';
    }
    return isPartly ? 'partly' : 'none';
  }

  get isHalfOpen(): boolean {
    return this.#keys.some((keys) => keys !== undefined);
  }

  /** The only folder, when it is LZMA of one short packed stream and nothing else; undefined also for a wrong key. */
  decodeByLzma(): Buffer | undefined {
    const [unlocked] = this.#unlocked();
    const coders = unlocked?.folder.coders ?? [];
    const at = coders.findIndex(({ method }) => method === LZMA_METHOD);
    const size = unlocked?.folder.sizes[at] ?? 0;
    const isSimple = coders.every(
      ({ method, inputs }, index) => inputs === 1 && (index === at || method === COPY.method),
    );
    const properties = coders[at]?.properties;
    const [pack] = unlocked?.packs ?? [];
    return isSimple && properties !== undefined && pack !== undefined && size <= MAX_OWN_HEADER_BYTES
      ? decodeLzma(properties, pack, size)
      : undefined;
  }

  #unlocked(): ReturnType<SevenZipLock['unlock']>[] {
    return this.locks.map((lock, index) => lock.unlock(this.#keys[index]));
  }

  /** The archive without its encryption; what has no key stays as it is, so that its decoder refuses it. */
  plain(): Buffer {
    const unlocked = this.#unlocked();
    const { isPacked, streams, rest } = this.#header;
    return writeSevenZip({
      folders: unlocked.map(({ folder }) => folder),
      packs: unlocked.flatMap(({ packs }) => packs),
      digests: streams.digests,
      rest: isPacked ? restForOneFile() : rest,
    });
  }
}

/** One attempt at all passwords for one archive. */
class VaultRun {
  readonly #archive: Buffer;
  readonly #out: Yield;
  readonly #sevenZip: SevenZip;
  readonly #keys: SevenZipKeys;
  readonly #tries: PasswordTries;

  constructor(piece: Piece, out: Yield, sevenZip: SevenZip, keys: SevenZipKeys) {
    this.#archive = viewOf(piece.bytes);
    this.#out = out;
    this.#sevenZip = sevenZip;
    this.#keys = keys;
    this.#tries = new PasswordTries(out, [''], piece.name);
  }

  /** Undefined: nothing is encrypted. */
  async open(): Promise<VaultOutcome | undefined> {
    let header = readSevenZipHeader(this.#archive);
    let wasEncrypted = false;
    for (let depth = 0; header.isPacked; depth += 1) {
      const vault = new Vault(this.#archive, header);
      wasEncrypted ||= vault.isLocked;
      const bytes = depth < MAX_HEADER_DEPTH ? await this.#openHeader(vault, header.streams) : undefined;
      if (bytes === undefined) {
        return this.#unreadable(wasEncrypted);
      }
      header = parseSevenZipHeader(bytes);
    }
    const vault = new Vault(this.#archive, header);
    return vault.isLocked || wasEncrypted ? this.#openContent(vault) : undefined;
  }

  #unreadable(wasEncrypted: boolean): VaultOutcome {
    if (!wasEncrypted) {
      throw new UnfamiliarHeader('packed 7z header not followed');
    }
    return { outcomes: [], isSealed: true };
  }

  async #openHeader(vault: Vault, { folders, digests }: SevenZipStreams): Promise<Buffer | undefined> {
    if (folders.length !== 1 || digests.length !== DIGEST_BYTES) {
      throw new UnfamiliarHeader('packed 7z header without a checksum');
    }
    const passwords = vault.isLocked ? this.#tries.candidates() : [''];
    for (const password of passwords) {
      if (this.#tryKeys(vault, password) !== 'none') {
        const bytes = await this.#unpackHeader(vault);
        if (bytes !== undefined && crc32(bytes) === u32le(digests, 2)) {
          this.#tries.worked(password);
          return bytes;
        }
      }
    }
    return undefined;
  }

  /** Every writer packs headers by LZMA; what else it may be 7-Zip decodes, as the only file of an archive. */
  async #unpackHeader(vault: Vault): Promise<Buffer | undefined> {
    const own = vault.decodeByLzma();
    if (own !== undefined) {
      return own;
    }
    const { files } = await this.#sevenZip.extract(vault.plain(), this.#out.budget, '', '7z');
    return files[0]?.bytes;
  }

  async #openContent(vault: Vault): Promise<VaultOutcome> {
    if (!vault.isLocked) {
      return { outcomes: [await this.#extract(vault)], isSealed: false };
    }
    const doubtful = new DoubtfulReadings(this.#out.budget.objectAllowance());
    const later: string[] = [];
    for (const password of this.#tries.candidates()) {
      const fit = this.#tryKeys(vault, password);
      const opened = fit === 'likely' ? await this.#read(vault, fit, doubtful) : undefined;
      if (opened !== undefined) {
        return opened;
      }
      later.push(...(fit === 'possible' || fit === 'partly' ? [password] : []));
    }
    return (await this.#openUnlikely(vault, later, doubtful)) ?? this.#sealed(vault, doubtful);
  }

  /** What decoders would accept although no writer fills its last block like that. */
  async #openUnlikely(
    vault: Vault,
    passwords: readonly string[],
    doubtful: DoubtfulReadings,
  ): Promise<VaultOutcome | undefined> {
    const unlikely = new Set(passwords);
    for (const password of new PasswordTries(this.#out, passwords).candidates()) {
      if (!unlikely.has(password) || doubtful.isFull) {
        return undefined;
      }
      const opened = await this.#read(vault, this.#tryKeys(vault, password), doubtful);
      if (opened !== undefined) {
        return opened;
      }
    }
    return undefined;
  }

  async #read(vault: Vault, fit: VaultFit, doubtful: DoubtfulReadings): Promise<VaultOutcome | undefined> {
    const outcome = doubtful.isFull ? undefined : await this.#extract(vault);
    if (outcome === undefined) {
      return undefined;
    }
    if (!outcome.failed && vault.isVerified && fit !== 'partly') {
      return { outcomes: [outcome], isSealed: false };
    }
    doubtful.add(outcome);
    return undefined;
  }

  async #sealed(vault: Vault, doubtful: DoubtfulReadings): Promise<VaultOutcome> {
    if (doubtful.readings.length === 0 && vault.isHalfOpen) {
      doubtful.add(await this.#extract(vault));
    }
    return { outcomes: doubtful.readings, isSealed: true };
  }

  #tryKeys(vault: Vault, password: string): VaultFit {
    return vault.tryKeys((rule) => this.#keys.derive(password, rule, this.#out.budget));
  }

  #extract(vault: Vault): Promise<SevenZipOutcome> {
    return this.#sevenZip.extract(vault.plain(), this.#out.budget, '', '7z');
  }
}

/**
 * Encrypted 7z archives: passwords are told apart by the first block of what they decrypt, and 7-Zip gets the archive
 * without its encryption. Only the choice of the password and the cipher are ours, not the decoders.
 */
export class SevenZipVault {
  readonly #sevenZip: SevenZip;
  readonly #keys = new SevenZipKeys();

  constructor(sevenZip: SevenZip) {
    this.#sevenZip = sevenZip;
  }

  /** Undefined when nothing is encrypted or the structure is one that is left to 7-Zip. */
  async open(piece: Piece, out: Yield): Promise<VaultOutcome | undefined> {
    try {
      return await new VaultRun(piece, out, this.#sevenZip, this.#keys).open();
    } catch (error) {
      if (error instanceof UnfamiliarHeader) {
        return undefined; // 7-Zip reads it, and tries the passwords
      }
      throw error;
    }
  }
}
