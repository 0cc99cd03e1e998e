import { viewOf } from '../../unpack/byte-view.ts';
import type { Unpacker } from '../../unpack/unpacker.ts';
import { looksLikeBase64 } from '../base64-readings.ts';
import { decodeBase64 } from '../base64.ts';
import { decodeQuotedPrintable } from '../quoted-printable.ts';
import type { TextLikeness } from './text-likeness.ts';

/** A text that is coded shows it within this many bytes. */
const LOOKS_AT_BYTES = 16 * 1024;

/** So many escapes, and no `=` that is none, are no accident. */
const MIN_ESCAPES = 4;

/** A text that is nothing but base64: encoded twice, or not labelled. */
export const base64TextUnpacker: Unpacker = {
  name: 'base64-text',
  recognises: (piece) => looksLikeBase64(viewOf(piece.bytes), 0, piece.bytes.length),
  unpack: (piece, out) => {
    const decoded = decodeBase64(viewOf(piece.bytes), 0, piece.bytes.length);
    if (decoded.regular) {
      out.emit('base64', decoded.bytes);
    }
  },
};

const EQUALS = 0x3d;
const LF = 0x0a;
const CR = 0x0d;

function isHexDigit(byte: number | undefined): boolean {
  const digit = byte ?? 0;
  const letter = digit | 0x20;
  return (digit >= 0x30 && digit <= 0x39) || (letter >= 0x61 && letter <= 0x66);
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}

/** What stands before a line end in scripts, with `=`: a blank, or another sign of an operator. */
const BEFORE_ASSIGNED: ReadonlySet<number | undefined> = new Set(Buffer.from(' \t=!<>+-*/%&|?^'));

/**
 * True for a soft break at `at`. Scripts have their values in the next line, indented:
 * without such a break there are more blanks in a row, and nothing else to be seen.
 */
function isSoftBreak(head: Buffer, at: number): boolean {
  const next = head[at + 1] === LF ? at + 2 : head[at + 1] === CR && head[at + 2] === LF ? at + 3 : -1;
  return next >= 0 && !(isBlank(head[next]) && BEFORE_ASSIGNED.has(head[at - 1]));
}

/** A soft line break anywhere, or nothing but escapes behind every `=` and enough of them. */
function isQuoted(bytes: Buffer): boolean {
  const head = bytes.subarray(0, LOOKS_AT_BYTES);
  let escapes = 0;
  let others = 0;
  for (let at = head.indexOf(EQUALS); at >= 0; at = head.indexOf(EQUALS, at + 1)) {
    if (isSoftBreak(head, at)) {
      return true;
    }
    const isEscape = isHexDigit(head[at + 1]) && isHexDigit(head[at + 2]);
    escapes += isEscape ? 1 : 0;
    others += isEscape ? 0 : 1;
  }
  return others === 0 && escapes >= MIN_ESCAPES;
}

/** Quoted-printable inside another encoding, or not labelled. */
export function createQuotedTextUnpacker(likeness: TextLikeness): Unpacker {
  return {
    name: 'quoted-text',
    step: 'transfer',
    recognises: (piece) => likeness.of(piece) && isQuoted(viewOf(piece.bytes)),
    unpack: (piece, out) => {
      const read = (): Buffer => decodeQuotedPrintable(viewOf(piece.bytes), 0, piece.bytes.length).bytes;
      out.emit('quoted-printable', read(), { again: read });
    },
  };
}
