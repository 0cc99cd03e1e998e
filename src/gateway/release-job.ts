import type { Overlay } from './overlay.ts';
import { blanked } from './overlay.ts';
import type { MessageSpool } from './message-spool.ts';
import type { ContentEncoder } from './relay.ts';

/** One piece of a release: large enough for few calls, small enough that one session does not hold the thread. */
const PIECE_BYTES = 256 * 1024;

/**
 * The last piece and the `tail` that follows: together they fit in one TLS record (16 KiB), because clients
 * hang when the POP3 terminator comes split.
 */
const LAST_PIECE_BYTES = 12 * 1024;
/** The same before an encoder: twice its size covers dot-stuffing of nothing but dots. */
const LAST_ENCODED_BYTES = 6 * 1024;

export interface ReleaseRange {
  readonly start: number;
  readonly end: number;
  readonly blank: boolean;
  readonly encoder: ContentEncoder | undefined;
  readonly tail: Uint8Array | undefined;
  readonly overlay: Overlay | undefined;
}

/** Reads one judged range in pieces that are ready for the wire. Holds its message until `finish`. */
export class ReleaseJob {
  readonly #spool: MessageSpool;
  readonly #range: ReleaseRange;
  readonly #lastPieceBytes: number;
  #position: number;
  #buffer: Buffer | undefined;

  constructor(spool: MessageSpool, range: ReleaseRange) {
    const { start, end, encoder, tail } = range;
    if (!Number.isSafeInteger(start) || start < 0 || end < start || end > spool.byteLength) {
      throw new RangeError('release leaves its message');
    }
    spool.retain();
    this.#spool = spool;
    this.#range = range;
    const withTail = Math.max(LAST_PIECE_BYTES - (tail?.length ?? 0), LAST_ENCODED_BYTES);
    this.#lastPieceBytes = encoder === undefined ? withTail : LAST_ENCODED_BYTES;
    this.#position = start;
  }

  /** Is the next piece the last one, which must leave in one write? */
  get isLast(): boolean {
    return this.#nextEnd() === this.#range.end;
  }

  /** Belongs behind the last piece, in the same write. */
  get tail(): Uint8Array | undefined {
    return this.#range.tail;
  }

  /** Pieces from a file share one buffer: the one before must be written when `next` is called. */
  get sharesBuffer(): boolean {
    return !this.#spool.isInMemory;
  }

  /** The next piece without the tail, at once when it is in memory. Not to be called after the last one. */
  next(): Uint8Array | Promise<Uint8Array> {
    const start = this.#position;
    const end = this.#nextEnd();
    this.#position = end;
    const view = this.#spool.view(start, end);
    return view === undefined ? this.#nextFromFile(start, end) : this.#dress(view, start);
  }

  async #nextFromFile(start: number, end: number): Promise<Uint8Array> {
    this.#buffer ??= Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, this.#range.end - start));
    const piece = this.#buffer.subarray(0, end - start);
    await this.#spool.read(start, piece);
    return this.#dress(piece, start);
  }

  /** To be called once, when nothing more is read. */
  finish(): void {
    this.#spool.release();
  }

  #nextEnd(): number {
    const left = this.#range.end - this.#position;
    if (this.#range.tail === undefined || left <= this.#lastPieceBytes) {
      return this.#position + Math.min(left, PIECE_BYTES);
    }
    return this.#position + Math.min(left - this.#lastPieceBytes, PIECE_BYTES);
  }

  #dress(piece: Uint8Array, start: number): Uint8Array {
    const { blank, overlay, encoder } = this.#range;
    const shown = blank ? blanked(piece) : (overlay?.apply(piece, start) ?? piece);
    return encoder === undefined ? shown : encoder.encode(shown);
  }
}
