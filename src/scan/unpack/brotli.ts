import type { Piece } from '../piece.ts';
import { brotliSure, decompressBrotli, mayBeBrotli } from './decompress.ts';
import { emitStream } from './emission.ts';
import { hasKnownStart } from './known-start.ts';
import { looksLikeText } from './script-text.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** Brotli has no magic: a file name says so, or an attachment of no other kind is a stream to its end. */

const NAMED = /\.(?:br|tbr|brotli)$/i;
/** Of an attachment without such a name: a larger one costs too much for a guess. */
export const MAX_TRIAL_BYTES = 4 * 1024 * 1024;
/** Shorter ones hold nothing. */
const MIN_TRIAL_BYTES = 32;

/** Whether an attachment that does not say what it is begins as a stream. */
function isTrial(piece: Piece): boolean {
  const { bytes, type, depth } = piece;
  const isUntyped = depth === 0 && type === 'application/octet-stream';
  const isSized = bytes.length >= MIN_TRIAL_BYTES && bytes.length <= MAX_TRIAL_BYTES;
  return isUntyped && isSized && !hasKnownStart(bytes) && !looksLikeText(bytes) && mayBeBrotli(bytes);
}

function isNamed({ name, path, bytes }: Piece): boolean {
  return bytes.length > 0 && NAMED.test(name ?? path);
}

function tryOut({ bytes }: Piece, out: Yield): void {
  const stream = brotliSure(bytes, out.budget.objectAllowance());
  if (stream?.end === 'capped' || stream?.consumed === bytes.length) {
    emitStream(out, '', stream, 'brotli stream');
  }
}

/** Only a stream that inflates is believed. */
export function createBrotliUnpacker(): Unpacker {
  return {
    name: 'brotli',
    recognises: (piece) => isNamed(piece) || isTrial(piece),
    unpack: async (piece, out) => {
      if (!isNamed(piece)) {
        tryOut(piece, out);
        return;
      }
      const stream = await decompressBrotli(piece.bytes, out.budget.objectAllowance());
      emitStream(out, '', stream, 'brotli stream');
    },
  };
}
