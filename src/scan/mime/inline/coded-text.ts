import type { Unpacker } from '../../unpack/unpacker.ts';
import { looksLikeBase64 } from '../base64-readings.ts';
import { decodeBase64 } from '../base64.ts';
import { decodeQuotedPrintable } from '../quoted-printable.ts';
import { bufferOf, isTextLike } from './text-likeness.ts';

/** A text that is coded shows it within this many bytes. */
const LOOKS_AT_BYTES = 16 * 1024;

/** So many escapes, and no `=` that is none, are no accident. */
const MIN_ESCAPES = 4;

/** A text that is nothing but base64: encoded twice, or not labelled. */
export const base64TextUnpacker: Unpacker = {
  name: 'base64-text',
  recognises: (piece) => looksLikeBase64(bufferOf(piece), 0, piece.bytes.length),
  unpack: (piece, out) => {
    const decoded = decodeBase64(bufferOf(piece), 0, piece.bytes.length);
    if (decoded.regular) {
      out.emit('base64', decoded.bytes);
    }
  },
};

function isQuoted(bytes: Buffer): boolean {
  const head = bytes.toString('latin1', 0, LOOKS_AT_BYTES);
  if (/=\r?\n/.test(head)) {
    return true;
  }
  if (/=(?![0-9A-Fa-f]{2})/.test(head)) {
    return false;
  }
  const escapes = head.match(/=[0-9A-Fa-f]{2}/g)?.length ?? 0;
  return escapes >= MIN_ESCAPES;
}

/** Quoted-printable inside another encoding, or not labelled. */
export const quotedTextUnpacker: Unpacker = {
  name: 'quoted-text',
  recognises: (piece) => {
    const bytes = bufferOf(piece);
    return isTextLike(piece, bytes) && bytes.includes(0x3d) && isQuoted(bytes);
  },
  unpack: (piece, out) =>
    out.emit('quoted-printable', decodeQuotedPrintable(bufferOf(piece), 0, piece.bytes.length).bytes),
};
