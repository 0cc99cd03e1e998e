import type { Piece } from '../piece.ts';
import { viewOf } from './byte-view.ts';
import { inflateRaw, mayBeDeflate } from './decompress.ts';
import { emitStream } from './emission.ts';
import { hasKnownStart } from './known-start.ts';
import { looksLikeText } from './script-text.ts';
import type { Unpacker } from './unpacker.ts';

/** Shorter files hold nothing. */
const MIN_BYTES = 32;
/** Bytes that may stand behind the stream: a checksum, a length, a line end. */
const MAX_TAIL = 8;
/** The kind of a deflate block that is compressed, in the first byte (RFC 1951 3.2.3). */
const FIXED = 1;
const DYNAMIC = 2;

/** What programs write with `deflateRaw`: no header, so that only the end tells what it is. */
export function createDeflateFileUnpacker(): Unpacker {
  return {
    name: 'deflate-file',
    recognises: ({ bytes }: Piece) => {
      const kind = ((bytes[0] ?? 0) >> 1) & 3;
      const mayBegin = bytes.length >= MIN_BYTES && (kind === FIXED || kind === DYNAMIC);
      return mayBegin && !looksLikeText(bytes) && !hasKnownStart(bytes) && mayBeDeflate(bytes);
    },
    unpack: ({ bytes }, out) => {
      const inflated = inflateRaw(viewOf(bytes), out.budget.objectAllowance());
      const isWhole = inflated.end === 'complete' && bytes.length - inflated.consumed <= MAX_TAIL;
      if (isWhole || inflated.end === 'capped') {
        emitStream(out, '', inflated, 'deflate stream');
      }
    },
  };
}
