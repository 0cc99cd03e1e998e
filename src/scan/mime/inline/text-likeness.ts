import { KnownAnswers } from '../../known-answers.ts';
import type { Piece } from '../../piece.ts';
import { viewOf } from '../../unpack/byte-view.ts';

/** Looked at in each of three places: a PDF starts and ends like text. */
const WINDOW_BYTES = 512;

function isTextWindow(bytes: Buffer, start: number): boolean {
  const end = Math.min(bytes.length, start + WINDOW_BYTES);
  let controls = 0;
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== 0x1b)) {
      controls += byte === 0 ? WINDOW_BYTES : 1;
    }
  }
  return controls <= (end - start) / 16;
}

/**
 * True when the piece is declared a text or looks like one in an encoding that contains ASCII: no NUL and few other
 * control characters at its start, middle and end.
 */
function isTextLike(piece: Piece): boolean {
  if (piece.type?.startsWith('text/') === true) {
    return true;
  }
  const bytes = viewOf(piece.bytes);
  const last = Math.max(0, bytes.length - WINDOW_BYTES);
  return isTextWindow(bytes, 0) && isTextWindow(bytes, last >> 1) && isTextWindow(bytes, last);
}

/** Tells texts from data; the decoders of one set ask one after the other about the same piece. */
export class TextLikeness {
  readonly #known = new KnownAnswers<Piece, boolean>();

  of(piece: Piece): boolean {
    return this.#known.of(piece, isTextLike);
  }
}
