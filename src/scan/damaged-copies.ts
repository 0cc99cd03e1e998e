import { seenOf } from './mime/text-repairs.ts';
import type { PieceRecord } from './piece-ledger.ts';
import type { Piece } from './piece.ts';
import { viewOf } from './unpack/byte-view.ts';
import type { UnscannableCause } from './verdict.ts';

/** Unpackers that give another spelling of a text: what looks like a file in one may be the ruin of a file in another. */
const SPELLERS = new Set([
  'text',
  'text-repairs',
  'flowed-text',
  'base64-text',
  'quoted-text',
  'script-text',
  'wide-text',
  'rtf',
]);

/** True for what an unpacker of that name gives. */
export function isSpelling(unpacker: string): boolean {
  return SPELLERS.has(unpacker);
}

/** Bytes at either end of a file that tell it: with a zip archive sizes, checksums and names of entries. */
const EDGE_BYTES = 32;

/** Ruins, and files that were read, that are remembered of one message; beyond it each ruin stands for itself. */
const MAX_RUINS = 32;
const MAX_FILES = 64;
/** All files that are remembered, bytes: each ruin costs a search in them. */
const MAX_BYTES = 8 * 1024 * 1024;

/** What one unpacker could not read of a piece. */
export interface Damage {
  readonly unpacker: string;
  readonly piece: Piece;
  readonly record: PieceRecord;
  /** It was made by spelling a text in another way. */
  readonly isSpelled: boolean;
  readonly cause: UnscannableCause;
  readonly detail: string;
}

/** The MIME part in which a piece was found. */
function partOf({ path }: Piece): string {
  return path.split('/', 1)[0] ?? '';
}

/** A file that was opened, and nothing in it was in the way. */
class WholeFile {
  readonly unpacker: string;
  readonly part: string;
  readonly #bytes: Buffer;
  #seen: Buffer | undefined;

  constructor(unpacker: string, piece: Piece) {
    this.unpacker = unpacker;
    this.part = partOf(piece);
    this.#bytes = viewOf(piece.bytes);
  }

  startsOrEndsWith(part: Buffer): boolean {
    const { length } = part;
    const end = this.#bytes.length - length;
    return (
      end >= 0 && (this.#bytes.subarray(0, length).equals(part) || this.#bytes.subarray(end).equals(part))
    );
  }

  /** True when the beginning or end of `ruin` stands in it. Compared without what some spellings drop. */
  holdsAnEdge(ruin: Buffer): boolean {
    const file = (this.#seen ??= seenOf(this.#bytes));
    const rest = seenOf(ruin);
    const isLong = rest.length >= EDGE_BYTES;
    return (
      isLong && (file.includes(rest.subarray(0, EDGE_BYTES)) || file.includes(rest.subarray(-EDGE_BYTES)))
    );
  }
}

/**
 * Tells files that cannot be read from ruins of files that were read whole: a message is read in many ways, a text
 * is spelled in many, and most of them tear apart what is encoded there.
 */
export class DamagedCopies {
  readonly #damages: Damage[] = [];
  readonly #whole: WholeFile[] = [];
  #left = MAX_BYTES;

  /** False when there is no room to remember it. */
  add(damage: Damage): boolean {
    if (this.#damages.length >= MAX_RUINS) {
      return false;
    }
    this.#damages.push(damage);
    return true;
  }

  /** `piece` was opened, and nothing in it was in the way. */
  addWhole(unpacker: string, piece: Piece): void {
    if (this.#whole.length < MAX_FILES && piece.bytes.length <= this.#left) {
      this.#left -= piece.bytes.length;
      this.#whole.push(new WholeFile(unpacker, piece));
    }
  }

  /** What cannot be read, the ruins left out. */
  damages(): Damage[] {
    return this.#damages.filter((damage) => !this.#isRuin(damage));
  }

  /**
   * It is the beginning or the end of a file that was read; or it was guessed or spelled, and its own beginning or end
   * stands in one of the same part. Of another part it would be: an archive that nobody can open needs no more than a
   * decoy beside it that begins alike.
   */
  #isRuin({ unpacker, piece, isSpelled }: Damage): boolean {
    const bytes = viewOf(piece.bytes);
    return this.#whole.some(
      (file) =>
        file.unpacker === unpacker &&
        (file.startsOrEndsWith(bytes) ||
          (isSpelled && file.part === partOf(piece) && file.holdsAnEdge(bytes))),
    );
  }
}
