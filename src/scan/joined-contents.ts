import type { Piece } from './piece.ts';
import type { PieceRecord } from './piece-ledger.ts';

/** Contents up to here are joined: the fixed cost of a look at them is many times that of their bytes. */
export const MAX_JOINED_PIECE_BYTES = 8 * 1024;
/** Joined contents are looked at when they have this size, so that they wait for no long time. */
export const MAX_JOINED_BYTES = 64 * 1024;

/** More than one, because a wide text ends with two bytes that make a letter; and no part of any word. */
const SEPARATOR_BYTES = 4;
const LINE_END = 0x0a;

/** A content that is looked at together with others, or by itself should they be suspicious. */
export interface JoinedPiece {
  readonly piece: Piece;
  readonly record: PieceRecord;
}

/** Small contents that wait to be looked at together. */
export class JoinedContents {
  #waiting: JoinedPiece[] = [];
  /** Those whose bytes stand in no other that waits. */
  #distinct: Uint8Array[] = [];
  #length = SEPARATOR_BYTES;

  /** Bytes of all together, separators included. */
  get length(): number {
    return this.#length;
  }

  get count(): number {
    return this.#waiting.length;
  }

  /** `isInside`: its bytes stand, as a part, in a content that waits as well. */
  add(waiting: JoinedPiece, isInside: boolean): void {
    this.#waiting.push(waiting);
    if (!isInside) {
      this.#distinct.push(waiting.piece.bytes);
      this.#length += waiting.piece.bytes.length + SEPARATOR_BYTES;
    }
  }

  /** All that waits, joined in `room`, which has the length asked for. Nothing waits any more. */
  take(room: Buffer): { readonly bytes: Buffer; readonly pieces: readonly JoinedPiece[] } {
    room.fill(LINE_END);
    let at = SEPARATOR_BYTES;
    for (const bytes of this.#distinct) {
      room.set(bytes, at);
      at += bytes.length + SEPARATOR_BYTES;
    }
    const pieces = this.#waiting;
    this.#waiting = [];
    this.#distinct = [];
    this.#length = SEPARATOR_BYTES;
    return { bytes: room, pieces };
  }
}
