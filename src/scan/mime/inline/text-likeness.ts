import type { Piece } from '../../piece.ts';

/** Binary files show themselves within their first bytes. */
const LOOKS_AT_BYTES = 512;

export function bufferOf(piece: Piece): Buffer {
  return Buffer.from(piece.bytes.buffer, piece.bytes.byteOffset, piece.bytes.byteLength);
}

/** True when the piece starts like text in an encoding that contains ASCII: no NUL, few other control characters. */
export function isTextLike(bytes: Buffer): boolean {
  const end = Math.min(bytes.length, LOOKS_AT_BYTES);
  let controls = 0;
  for (let i = 0; i < end; i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x09 || (byte > 0x0d && byte < 0x20 && byte !== 0x1b)) {
      controls += byte === 0 ? LOOKS_AT_BYTES : 1;
    }
  }
  return controls <= end / 16;
}
