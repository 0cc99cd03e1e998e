import type { Piece } from '../piece.ts';
import { u8, viewOf } from './byte-view.ts';
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

/** Lengths of at most 19 codes, three bits each from the 17th bit on, fill the tree of seven bits (RFC 1951 3.2.7). */
const FIRST_LENGTH = 17;
const MAX_SYMBOLS = 29;
const WHOLE_TREE = 128;

function bitsAt(bytes: Uint8Array, at: number, count: number): number {
  const place = at >> 3;
  return ((u8(bytes, place) | (u8(bytes, place + 1) << 8)) >> (at & 7)) & (2 ** count - 1);
}

/** Whether the codes at the beginning of a dynamic block are complete: of other data one in a hundred are. */
function hasCodes(bytes: Uint8Array): boolean {
  const isSized = bitsAt(bytes, 3, 5) <= MAX_SYMBOLS && bitsAt(bytes, 8, 5) <= MAX_SYMBOLS;
  const count = bitsAt(bytes, 13, 4) + 4;
  let filled = 0;
  for (let index = 0; index < count; index += 1) {
    const length = bitsAt(bytes, FIRST_LENGTH + 3 * index, 3);
    filled += length === 0 ? 0 : WHOLE_TREE >> length;
  }
  return isSized && filled === WHOLE_TREE;
}

function mayBeStream(bytes: Uint8Array): boolean {
  const kind = bitsAt(bytes, 1, 2);
  return kind === FIXED || (kind === DYNAMIC && hasCodes(bytes)) ? mayBeDeflate(bytes) : false;
}

/** What programs write with `deflateRaw`: no header, so that only the end tells what it is. */
export function createDeflateFileUnpacker(): Unpacker {
  return {
    name: 'deflate-file',
    recognises: ({ bytes }: Piece) =>
      bytes.length >= MIN_BYTES &&
      (u8(bytes, 0) & 6) !== 0 &&
      !looksLikeText(bytes) &&
      !hasKnownStart(bytes) &&
      mayBeStream(bytes),
    unpack: ({ bytes }, out) => {
      const inflated = inflateRaw(viewOf(bytes), out.budget.objectAllowance());
      const isWhole = inflated.end === 'complete' && bytes.length - inflated.consumed <= MAX_TAIL;
      if (isWhole || inflated.end === 'capped') {
        emitStream(out, '', inflated, 'deflate stream');
      }
    },
  };
}
