import type { Piece } from '../piece.ts';
import { endsEarly } from './cut-archive.ts';
import { isGarbledArj, ungarbledArj } from './arj.ts';
import { hasMagic, viewOf } from './byte-view.ts';
import { DoubtfulReadings } from './doubtful-readings.ts';
import { reportRatio } from './emission.ts';
import { PasswordTries } from './password-tries.ts';
import type { RarAttempt, RarLock } from './rar-attempt.ts';
import { rarLock } from './rar-lock.ts';
import { Rar4KeyStore } from './rar4-key.ts';
import { formatsOf, hidesNames, type SevenZipFormat } from './seven-zip-format.ts';
import { SevenZipVault } from './seven-zip-vault.ts';
import type { SevenZip, SevenZipOutcome } from './seven-zip.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** Formats whose recognition is weak: a failure that gave nothing is an accident of the first bytes, not an archive. */
const WEAK_FORMATS: ReadonlySet<string> = new Set([
  'lzma',
  'compress',
  'cpio',
  'arj',
  'lzh',
  'swf',
  'disk-image',
  'mbr',
  'ext',
]);

/** Bytes behind a stream of compress that may be no part of it: padding, a line end, a checksum of somebody's own. */
const MAX_BEHIND = 64;

/** Only these ask for a password. */
const ENCRYPTING_FORMATS: ReadonlySet<string> = new Set(['7z', 'rar', 'rar5', 'arj', 'dmg', 'wim']);

/** No test: 7-Zip is asked. */
const UNTOLD: RarAttempt = { mayOpen: true, doubtful: [] };
const NOTHING: SevenZipOutcome = { files: [], encrypted: true, failed: false };

interface Readers {
  readonly sevenZip: SevenZip;
  readonly vault: SevenZipVault;
  readonly rar4Keys: Rar4KeyStore;
}

class SevenZipRun {
  readonly #sevenZip: SevenZip;
  readonly #vault: SevenZipVault;
  readonly #rar4Keys: Rar4KeyStore;
  readonly #piece: Piece;
  readonly #out: Yield;
  /** What some password gave of an archive whose files have several. */
  readonly #partial: DoubtfulReadings;

  constructor(readers: Readers, piece: Piece, out: Yield) {
    this.#sevenZip = readers.sevenZip;
    this.#vault = readers.vault;
    this.#rar4Keys = readers.rar4Keys;
    this.#piece = piece;
    this.#out = out;
    this.#partial = new DoubtfulReadings(out.budget.objectAllowance());
  }

  async open(format: SevenZipFormat): Promise<void> {
    const vaulted = format.name === '7z' ? await this.#vault.open(this.#piece, this.#out) : undefined;
    if (vaulted === undefined) {
      await this.#openByWasm(format);
      return;
    }
    for (const outcome of vaulted.outcomes) {
      this.#report(format, outcome);
    }
    if (vaulted.isSealed) {
      this.#out.cannot('encrypted', '7z archive is encrypted');
    }
  }

  async #openByWasm(format: SevenZipFormat): Promise<void> {
    const lock = rarLock(viewOf(this.#piece.bytes), this.#rar4Keys);
    if (lock !== undefined) {
      await this.#openLocked(format, lock);
      return;
    }
    const outcome = await this.#extract(format, '');
    if (format.name === 'arj' && isGarbledArj(this.#piece.bytes)) {
      this.#conclude(format, await this.#ungarbled(format), outcome);
      return;
    }
    if (!outcome.encrypted || !ENCRYPTING_FORMATS.has(format.name)) {
      const isRead = format.name === 'compress' && (await this.#failsAtEnd(format, outcome));
      this.#report(format, isRead ? { ...outcome, failed: false } : outcome);
      return;
    }
    this.#conclude(format, await this.#tryPasswords(format), outcome);
  }

  /** 7-Zip knows no password of ARJ. */
  async #ungarbled(format: SevenZipFormat): Promise<SevenZipOutcome | undefined> {
    for (const password of new PasswordTries(this.#out, [], this.#piece.name).candidates()) {
      const plain = ungarbledArj(this.#piece.bytes, password);
      const outcome = plain === undefined ? NOTHING : await this.#extractPlain(format, plain);
      if (!outcome.encrypted && outcome.files.length > 0) {
        return outcome;
      }
    }
    return undefined;
  }

  /** A stream of compress has no end of its own: a few bytes behind it are read as codes that there are not. */
  async #failsAtEnd(format: SevenZipFormat, { failed, files, stopped }: SevenZipOutcome): Promise<boolean> {
    if (!failed || files.length === 0 || stopped !== undefined) {
      return false;
    }
    const bytes = this.#piece.bytes.subarray(0, -MAX_BEHIND);
    const before = await this.#sevenZip.extract(bytes, this.#out.budget, '', format.type);
    return !before.failed && before.files.length > 0;
  }

  /** Where a password can be told by itself, 7-Zip sees the right one only. */
  async #openLocked(format: SevenZipFormat, lock: RarLock): Promise<void> {
    const opened = await this.#tryPasswords(format, lock);
    const sealed = opened ?? (lock.isWhole ? NOTHING : await this.#extract(format, ''));
    this.#conclude(format, opened, sealed, lock.untried);
  }

  #conclude(
    format: SevenZipFormat,
    opened: SevenZipOutcome | undefined,
    sealed: SevenZipOutcome,
    untried?: string,
  ): void {
    if (opened !== undefined) {
      this.#report(format, opened);
      return;
    }
    for (const outcome of [sealed, ...this.#partial.readings]) {
      this.#report(format, { ...outcome, failed: false });
    }
    const reason = untried === undefined ? '' : ` ${untried}`;
    this.#out.cannot('encrypted', `${format.name} archive is encrypted${reason}`);
  }

  async #extract({ name, type }: SevenZipFormat, password: string): Promise<SevenZipOutcome> {
    const { bytes } = this.#piece;
    const outcome = await this.#sevenZip.extract(bytes, this.#out.budget, password, type);
    const unopened = outcome.failed && outcome.files.length === 0 && hidesNames(name, viewOf(bytes));
    return unopened ? { ...outcome, encrypted: true, failed: false } : outcome;
  }

  async #tryPasswords(format: SevenZipFormat, lock?: RarLock): Promise<SevenZipOutcome | undefined> {
    const later: string[] = [];
    for (const password of new PasswordTries(this.#out, [], this.#piece.name).candidates()) {
      const attempt = lock?.attempt(password, this.#out.budget) ?? UNTOLD;
      if (attempt.isCostly === true) {
        later.push(password);
      } else {
        const opened = await this.#try(format, password, attempt);
        if (opened !== undefined) {
          return opened;
        }
      }
    }
    return later.length === 0 ? undefined : this.#tryCostly(format, later);
  }

  async #tryCostly(format: SevenZipFormat, costly: readonly string[]): Promise<SevenZipOutcome | undefined> {
    const left = new Set(costly);
    for (const password of new PasswordTries(this.#out, costly).candidates()) {
      if (!left.has(password)) {
        return undefined;
      }
      const opened = await this.#try(format, password, UNTOLD);
      if (opened !== undefined) {
        return opened;
      }
    }
    return undefined;
  }

  /** What a password opens; what it gives of an archive that stays closed is kept for the end. */
  async #try(
    format: SevenZipFormat,
    password: string,
    { mayOpen, isUnproven = false, plain, doubtful }: RarAttempt,
  ): Promise<SevenZipOutcome | undefined> {
    this.#keep({ ...NOTHING, files: doubtful });
    if (!mayOpen) {
      return undefined;
    }
    const outcome = await (plain === undefined
      ? this.#extract(format, password)
      : this.#extractPlain(format, plain));
    if (!outcome.encrypted && !isUnproven) {
      return outcome;
    }
    this.#keep(outcome);
    return undefined;
  }

  #keep(outcome: SevenZipOutcome): void {
    if (!this.#partial.isFull) {
      this.#partial.add(outcome);
    }
  }

  /** Without its encryption an archive of which not all can be read had another password. */
  async #extractPlain({ type }: SevenZipFormat, plain: Buffer): Promise<SevenZipOutcome> {
    const outcome = await this.#sevenZip.extract(plain, this.#out.budget, '', type);
    const isSealed = outcome.failed && outcome.stopped === undefined;
    return isSealed ? { ...outcome, encrypted: true, failed: false } : outcome;
  }

  #report(format: SevenZipFormat, outcome: SevenZipOutcome): void {
    let total = 0;
    for (const { name, bytes } of outcome.files) {
      this.#out.emit(name, bytes);
      total += bytes.length;
    }
    reportRatio(this.#out, `${format.name} archive`, this.#piece.bytes.length, total);
    this.#reportFailure(format, outcome);
  }

  #reportFailure(format: SevenZipFormat, { stopped, failed, files }: SevenZipOutcome): void {
    if (stopped?.scanCause === 'bomb') {
      this.#out.cannot('bomb', `${format.name}: ${stopped.message}`);
    } else if (stopped !== undefined) {
      throw stopped;
    } else if (failed && !(WEAK_FORMATS.has(format.name) && files.length === 0)) {
      const isCut = endsEarly(format.name, viewOf(this.#piece.bytes));
      this.#out.cannot('malformed', `${format.name} archive cannot be read to its end`, isCut);
    }
  }
}

/** Everything that only 7-Zip reads. */
export function createSevenZipUnpacker(sevenZip: SevenZip): Unpacker {
  const readers = { sevenZip, vault: new SevenZipVault(sevenZip), rar4Keys: new Rar4KeyStore() };
  return {
    name: '7-zip',
    recognises: (piece) => formatsOf(piece).length > 0,
    unpack: async (piece, out) => {
      const run = new SevenZipRun(readers, piece, out);
      for (const format of formatsOf(piece)) {
        await run.open(format);
      }
    },
  };
}

const LZIP_HEADER_BYTES = 6;
const LZIP_TRAILER_BYTES = 20;
const LZMA_PROPERTIES = 0x5d;

/**
 * The dictionary of an lzip member: a power of two, less some sixteenths of it. Those are left in, because 7-Zip takes
 * round sizes only.
 */
function lzipDictionary(coded: number): number {
  return 2 ** (coded & 0x1f);
}

/** An lzip member as the `.lzma` file that 7-Zip reads: same coder, another header, length unknown. */
function asLzma(member: Uint8Array): Buffer {
  const header = Buffer.alloc(13, 0xff);
  header[0] = LZMA_PROPERTIES;
  header.writeUInt32LE(Math.min(lzipDictionary(member[5] ?? 0), 0xffff_ffff), 1);
  return Buffer.concat([header, member.subarray(LZIP_HEADER_BYTES)]);
}

/** Member starts: each trailer states the size of its member, but a cut or lying file has none to trust. */
function lzipMembers(bytes: Uint8Array): Uint8Array[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts: number[] = [];
  for (let at = view.indexOf('LZIP\u0001', 0, 'latin1'); at >= 0 && starts.length < MAX_LZIP_MEMBERS;) {
    starts.push(at);
    at = view.indexOf('LZIP\u0001', at + LZIP_HEADER_BYTES + LZIP_TRAILER_BYTES, 'latin1');
  }
  // Each reaches to the end of the bytes: the coder knows its own end, and the mark may occur inside data.
  return starts.map((start) => view.subarray(start));
}

/** Members opened per file: each costs a run of 7-Zip. */
const MAX_LZIP_MEMBERS = 16;

export function createLzipUnpacker(sevenZip: SevenZip): Unpacker {
  return {
    name: 'lzip',
    recognises: ({ bytes }) => hasMagic(bytes, 'LZIP\u0001'),
    unpack: async ({ bytes }, out) => {
      const members = lzipMembers(bytes);
      let read = 0;
      for (const member of members) {
        const { files, stopped } = await sevenZip.extract(asLzma(member), out.budget, '', 'lzma');
        for (const file of files) {
          read += file.bytes.length;
          out.emit('', file.bytes);
        }
        if (stopped !== undefined) {
          out.cannot(stopped.scanCause, `lzip: ${stopped.message}`);
          return;
        }
      }
      reportRatio(out, 'lzip stream', bytes.length, read);
      if (read === 0 || members.length >= MAX_LZIP_MEMBERS) {
        out.cannot('malformed', 'lzip stream cannot be read to its end');
      }
    },
  };
}
