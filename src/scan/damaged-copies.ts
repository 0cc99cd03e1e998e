import { seenOf, withoutOverlong } from './mime/text-repairs.ts';
import type { PieceRecord } from './piece-ledger.ts';
import type { Piece } from './piece.ts';
import { viewOf } from './unpack/byte-view.ts';
import type { UnscannableCause } from './verdict.ts';

const NONE = new Uint8Array(0);

/** Unpackers that call nothing damaged: what they read need not be remembered, and one text gives it in many spellings. */
const NEVER_DAMAGED = new Set(['uuencode', 'xxencode', 'yenc']);

/** Bytes at either end of a file that tell it: with a zip archive sizes, checksums and names of entries. */
const EDGE_BYTES = 32;

/** Ruins, and files that were read, that are remembered of one message; beyond it each ruin stands for itself. */
const MAX_RUINS = 32;
/** Those in texts that are only shown need no search, and their bytes are not kept: a source is spelled in many ways. */
const MAX_QUOTED_RUINS = 1000;
const MAX_FILES = 64;
/** All files that are remembered, bytes: each ruin costs a search in them. */
const MAX_BYTES = 8 * 1024 * 1024;

/** What one unpacker could not read of a piece. */
export interface Damage {
  readonly unpacker: string;
  readonly piece: Piece;
  readonly record: PieceRecord;
  readonly cause: UnscannableCause;
  readonly detail: string;
  /** It goes on to the end of the message: there is no more of it anywhere. */
  readonly isLast?: boolean;
  /** Nothing but its end is missing. */
  readonly isCut?: boolean | undefined;
}

/**
 * True for a zip archive that no program can open, whatever its headers say: each entry and the end have numbers of two
 * bytes that are below 256 in every archive there is.
 */
function hasNoZero({ unpacker, piece }: Damage): boolean {
  return unpacker === 'zip' && !viewOf(piece.bytes).includes(0);
}

/** Of several volumes none is whole, and the rest may come in another mail. */
const VOLUME = /\.(?:\d{3}|[rz]\d\d|part\d+\.rar)$/i;

/** Sources of programs hold archives to test programs with; whoever runs such a program has its password as well. */
function isEncrypted({ cause, record }: Damage): boolean {
  return cause === 'encrypted' && record.quotedIn === 'source';
}

/** A part as the message numbers it. All else are readings without structure, which hold what stands in such parts. */
const NUMBERED = /(?:^|\/)[0-9][^/]*$/;

/** A file that was opened, and nothing in it was in the way. */
class WholeFile {
  readonly unpacker: string;
  /** The record goes on learning where the file is met: a message is read in many ways, from the outside inwards. */
  readonly record: PieceRecord;
  readonly #bytes: Buffer;
  #seen: Buffer | undefined;
  #exact: Buffer | undefined;

  constructor(unpacker: string, piece: Piece, record: PieceRecord) {
    this.unpacker = unpacker;
    this.record = record;
    this.#bytes = viewOf(piece.bytes);
  }

  startsOrEndsWith(part: Buffer): boolean {
    const { length } = part;
    const end = this.#bytes.length - length;
    return (
      end >= 0 && (this.#bytes.subarray(0, length).equals(part) || this.#bytes.subarray(end).equals(part))
    );
  }

  /** True for what a client shows of it that takes it for a text. */
  isRepairedAs(bytes: Buffer): boolean {
    this.#exact ??= seenOf(withoutOverlong(this.#bytes) ?? this.#bytes);
    return this.#withoutUnseen().equals(bytes) || this.#exact.equals(bytes);
  }

  /**
   * True when the beginning of `ruin` stands in it, or its beginning or end without what some spellings drop; when
   * little is left then, all of it. Headers are mostly what they drop.
   */
  holdsAnEdge(ruin: Buffer): boolean {
    const rest = seenOf(ruin);
    if (rest.length < EDGE_BYTES) {
      return ruin.length >= EDGE_BYTES && this.#bytes.includes(ruin);
    }
    if (this.#bytes.includes(ruin.subarray(0, EDGE_BYTES))) {
      return true;
    }
    const file = this.#withoutUnseen();
    return file.includes(rest.subarray(0, EDGE_BYTES)) || file.includes(rest.subarray(-EDGE_BYTES));
  }

  #withoutUnseen(): Buffer {
    return (this.#seen ??= seenOf(this.#bytes));
  }
}

/** Enough to see that something follows; mail servers leave a few line ends behind what they cut. */
const MAX_BLANK_BYTES = 64;

/** True when nothing of `message` stands behind `piece`. */
export function isLastOf(message: Buffer, { range }: Piece): boolean {
  const rest = message.subarray(range?.end ?? 0);
  return range !== undefined && rest.length <= MAX_BLANK_BYTES && /^\s*$/.test(rest.toString('latin1'));
}

/**
 * Tells files that cannot be read from ruins of files that were read whole: a message is read in many ways, a text
 * is spelled in many, and most of them tear apart what is encoded there.
 */
export class DamagedCopies {
  readonly #damages: Damage[] = [];
  readonly #quoted: Damage[] = [];
  readonly #whole: WholeFile[] = [];
  /** Parts of files that were put together and opened: by themselves they cannot be read. */
  readonly #joined = new Set<PieceRecord>();
  #left = MAX_BYTES;

  /** False when it is told in any case, or there is no room to remember it. */
  add(damage: Damage): boolean {
    if (damage.cause !== 'malformed' && !hasNoZero(damage) && !isEncrypted(damage)) {
      return false;
    }
    const isQuoted =
      damage.record.quotedIn !== undefined && (damage.cause === 'malformed' || isEncrypted(damage));
    const ruins = isQuoted ? this.#quoted : this.#damages;
    if (ruins.length >= (isQuoted ? MAX_QUOTED_RUINS : MAX_RUINS)) {
      return false;
    }
    ruins.push(isQuoted ? { ...damage, piece: { ...damage.piece, bytes: NONE } } : damage);
    return true;
  }

  /** `piece` was opened, and nothing in it was in the way. */
  addWhole(unpacker: string, piece: Piece, record: PieceRecord): void {
    if (!NEVER_DAMAGED.has(unpacker) && this.#whole.length < MAX_FILES && piece.bytes.length <= this.#left) {
      this.#left -= piece.bytes.length;
      this.#whole.push(new WholeFile(unpacker, piece, record));
    }
  }

  /** What `records` hold together was opened. */
  addJoined(records: readonly PieceRecord[]): void {
    records.forEach((record) => this.#joined.add(record));
  }

  /** What cannot be read, the ruins left out. */
  damages(): Damage[] {
    return [...this.#damages, ...this.#quoted].filter((damage) => !this.#isRuin(damage));
  }

  #isRuin(damage: Damage): boolean {
    const { unpacker, piece, cause } = damage;
    if (cause === 'malformed' && this.#joined.has(damage.record)) {
      return true;
    }
    if (cause === 'encrypted' && damage.record.quotedIn === 'source') {
      return true;
    }
    const bytes = viewOf(piece.bytes);
    const files = this.#whole.filter((file) => file.unpacker === unpacker);
    if (hasNoZero(damage) && files.some((file) => file.isRepairedAs(bytes))) {
      return true;
    }
    return (
      cause === 'malformed' &&
      (damage.record.quotedIn !== undefined ||
        isCutOff(damage) ||
        files.some((file) => file.startsOrEndsWith(bytes)) ||
        isGuessOfSome(damage, files))
    );
  }
}

/**
 * True for what a mail server cut that returned a message as a text: no part of the message is that file, only a reading
 * without structure finds it, and the end of the message is its end. What there is of it was read.
 */
function isCutOff({ isLast, isCut, piece, record }: Damage): boolean {
  const isShort = isCut === true && !VOLUME.test(piece.name ?? '');
  const isPart = [...record.earnest].some((part) => NUMBERED.test(part));
  return isPart ? isShort && record.isCut : isShort || isLast === true;
}

/**
 * All its meetings are guesses or spellings, and in each of its parts stands a file that holds its own beginning or
 * end. Of another part it would be: an archive that nobody can open needs no more than a decoy beside it that begins
 * alike.
 */
function isGuessOfSome({ piece, record }: Damage, files: readonly WholeFile[]): boolean {
  const bytes = viewOf(piece.bytes);
  const alike = record.earnest.size === 0 ? files.filter((file) => file.holdsAnEdge(bytes)) : [];
  const all = [...record.parts];
  const numbered = all.filter((part) => NUMBERED.test(part));
  return (
    alike.length > 0 &&
    (numbered.length > 0 ? numbered : all).every((part) => alike.some((file) => file.record.parts.has(part)))
  );
}
