import type { Piece } from './piece.ts';
import type { ReadingStep, Unpacker } from './unpack/unpacker.ts';
import type { Waiting } from './waiting-piece.ts';

/** The order in which programs read a text. */
const ORDER: readonly ReadingStep[] = ['transfer', 'charset', 'script'];

/**
 * Up to here a text is read in any order, bytes: who writes one may be cleverer than programs are. Longer noise shows
 * signs of every step in what each of the others makes of it, by accident, and would be read in every order.
 */
export const MAX_ANY_ORDER_BYTES = 64 * 1024;

/** The step behind which a text that `unpacker` spelled otherwise stands; undefined when the order does not matter. */
export function stepOf({ bytes }: Piece, { step }: Unpacker): ReadingStep | undefined {
  return bytes.length > MAX_ANY_ORDER_BYTES ? step : undefined;
}

/** False when `unpacker` takes a step that no program takes behind the one that gave the text. */
export function mayFollow({ step: taken }: Waiting, { step }: Unpacker): boolean {
  return taken === undefined || step === undefined || ORDER.indexOf(step) >= ORDER.indexOf(taken);
}

/**
 * True for what is rather another spelling of `piece` than something inside it. Where `piece` was read as a message,
 * its spellings are not: each would be read, spelled out and read again.
 */
export function isViewOf(child: Piece, piece: Piece): boolean {
  return child.bytes.length * 2 > piece.bytes.length;
}
