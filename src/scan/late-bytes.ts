import type { Piece } from './piece.ts';

/**
 * Contents from here on that can be decoded once more are let go of until it is their turn, bytes: the readings of one
 * large text together are many times as big as the message. Decoding smaller ones twice would cost more than they do.
 */
export const MIN_LATE_BYTES = 4 * 1024 * 1024;

const NONE = new Uint8Array(0);

/** How to decode the content of a piece once more, when it is not kept; otherwise undefined. */
export function laterOf(
  { bytes }: Piece,
  again: (() => Uint8Array) | undefined,
): (() => Uint8Array) | undefined {
  return bytes.length < MIN_LATE_BYTES ? undefined : again;
}

/** All that is known of a piece but its content. */
export function withoutBytes(piece: Piece): Piece {
  return { ...piece, bytes: NONE };
}
