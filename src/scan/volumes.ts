import type { PieceRecord } from './piece-ledger.ts';
import type { Piece } from './piece.ts';
import { u16le, viewOf } from './unpack/byte-view.ts';
import type { Meeting, Waiting } from './waiting-piece.ts';

/** `a.7z.001`, `a.zip.002`, `a.z01`: parts of a file that a sender cut because of its size. */
const NUMBERED = /^(.{1,200}\.[a-z0-9]{1,8})\.(\d{3})$/i;
const SPANNED = /^(.{1,200})\.z(\d\d)$/i;
/** The last part of a spanned zip archive has the name of the whole. */
const LAST = /^(.{1,200})\.zip$/i;
const MAY_BE_VOLUME = /\.(?:\d{3}|z\d\d|zip)$/i;
/** Parts of one message, and their bytes together: what mail servers take has few. */
const MAX_VOLUMES = 64;
const MAX_BYTES = 50 * 1024 * 1024;

interface Volume {
  readonly waiting: Waiting;
  readonly piece: Piece;
}

/** A file put together from its parts. */
export interface JoinedFile {
  readonly piece: Piece;
  /** As the first part was. */
  readonly how: Meeting;
  readonly records: readonly PieceRecord[];
}

const END_OF_DIRECTORY = Buffer.from('PK\u0005\u0006');
/** In that record: the number of the part that it stands in, counted from zero. */
const DISK_AT = 4;
/** The record and the longest comment behind it. */
const MAX_END_BYTES = 22 + 65_535;

/** Whether a zip archive says of itself that it is not its first part. */
function isLastDisk({ bytes }: Piece): boolean {
  const end = viewOf(bytes.subarray(-MAX_END_BYTES));
  const at = end.lastIndexOf(END_OF_DIRECTORY);
  return at >= 0 && u16le(end, at + DISK_AT) > 0;
}

/** Parts of one file by their numbers, from one on. */
class VolumeSet {
  readonly #name: string;
  readonly #volumes = new Map<number, Volume>();
  #last: Volume | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** The first of one number counts: other readings of a message may have another. */
  add(number: number, volume: Volume): void {
    this.#volumes.set(number, this.#volumes.get(number) ?? volume);
  }

  addLast(volume: Volume): void {
    this.#last ??= volume;
  }

  /** Undefined while a part is missing: the first, one in between, or the last of a spanned archive. */
  joined(isSpanned: boolean): JoinedFile | undefined {
    const count = this.#volumes.size;
    const parts = Array.from({ length: count }, (_, at) => this.#volumes.get(at + 1));
    const all = [...parts, ...(isSpanned ? [this.#last] : [])].filter((part) => part !== undefined);
    const [first] = all;
    if (first === undefined || all.length < 2 || all.length < count + (isSpanned ? 1 : 0)) {
      return undefined;
    }
    const { path, depth } = first.piece;
    const { mimeDepth, part } = first.waiting;
    const bytes = Buffer.concat(all.map(({ piece }) => piece.bytes));
    return {
      piece: { path: `${path}/joined`, name: this.#name, bytes, depth },
      how: { isRead: false, mimeDepth, part, isSpelled: false },
      records: all.map(({ waiting }) => waiting.record),
    };
  }
}

/** Puts parts of files together that stand in one message, each as a file of its own. */
export class Volumes {
  readonly #numbered = new Map<string, VolumeSet>();
  readonly #spanned = new Map<string, VolumeSet>();
  #count = 0;
  #left = MAX_BYTES;

  /** Remembers a piece whose name says that it is a part. */
  note(waiting: Waiting, piece: Piece): void {
    const name = piece.name ?? '';
    if (!MAY_BE_VOLUME.test(name)) {
      return;
    }
    const numbered = NUMBERED.exec(name);
    const spanned = SPANNED.exec(name);
    const last = isLastDisk(piece) ? LAST.exec(name) : null;
    const base = numbered?.[1] ?? spanned?.[1] ?? last?.[1];
    this.#count += base === undefined ? 0 : 1;
    if (base === undefined || this.#count > MAX_VOLUMES || piece.bytes.length > this.#left) {
      return;
    }
    this.#left -= piece.bytes.length;
    if (last !== null) {
      setOf(this.#spanned, base, '.zip').addLast({ waiting, piece });
    } else if (numbered === null) {
      setOf(this.#spanned, base, '.zip').add(Number(spanned?.[2]), { waiting, piece });
    } else {
      setOf(this.#numbered, base, '').add(Number(numbered[2]), { waiting, piece });
    }
  }

  /** The files of which every part was met. */
  joined(): JoinedFile[] {
    const found = [
      ...Array.from(this.#numbered.values(), (set) => set.joined(false)),
      ...Array.from(this.#spanned.values(), (set) => set.joined(true)),
    ];
    return found.filter((file) => file !== undefined);
  }
}

function setOf(sets: Map<string, VolumeSet>, base: string, extension: string): VolumeSet {
  const key = base.toLowerCase();
  const set = sets.get(key) ?? new VolumeSet(base + extension);
  sets.set(key, set);
  return set;
}
