import type { GuiltyRange } from '../scanner.ts';
import { NoticeText } from './notice-text.ts';

const LF = 0x0a;
const CR = 0x0d;
const EQUALS = 0x3d;
const HEX = '0123456789ABCDEF';

function isLineBreak(byte: number | undefined): boolean {
  return byte === LF || byte === CR;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}

function isHex(byte: number | undefined): boolean {
  return (
    byte !== undefined &&
    ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66))
  );
}

/**
 * The bytes that stand in `range` afterwards; always exactly as many, with every CR and LF where it was
 * (protocol notes 1.4).
 */
export function overlay(message: Uint8Array, range: GuiltyRange, notice: string): Uint8Array {
  const out = new Uint8Array(message.subarray(range.start, range.end)); // a copy: `slice` of a Buffer would be a view
  const text = new NoticeText(notice);
  switch (range.encoding) {
    case 'base64':
      overlayBase64(out, text);
      return out;
    case 'quoted-printable':
      overlayQuotedPrintable(out, text, startsLine(message, range.start));
      return out;
    case 'identity':
      overlayIdentity(out, text, startsLine(message, range.start));
      return out;
    default: {
      const never: never = range.encoding;
      return never;
    }
  }
}

function startsLine(message: Uint8Array, at: number): boolean {
  return at === 0 || isLineBreak(message[at - 1]);
}

function overlayIdentity(out: Uint8Array, text: NoticeText, atLineStart: boolean): void {
  let lineStart = atLineStart;
  for (let i = 0; i < out.length; i += 1) {
    if (isLineBreak(out[i])) {
      lineStart = true;
      continue;
    }
    out[i] = text.take(lineStart, i + 1 === out.length || isLineBreak(out[i + 1]));
    lineStart = false;
  }
}

/**
 * Keeps CR, LF and `=`. Each run of characters between two `=` is encoded by itself, so that the notice is
 * readable also for a decoder that starts anew after padding, and well-formed input keeps its decoded size.
 */
function overlayBase64(out: Uint8Array, text: NoticeText): void {
  let start = 0;
  while (start < out.length) {
    const equals = out.indexOf(EQUALS, start);
    const end = equals === -1 ? out.length : equals;
    overlayBase64Run(out.subarray(start, end), text);
    start = end + 1;
  }
}

function overlayBase64Run(run: Uint8Array, text: NoticeText): void {
  let places = 0;
  for (const byte of run) {
    places += isLineBreak(byte) ? 0 : 1;
  }
  const encoded = Buffer.from(text.takeBytes(Math.floor((places * 3) / 4))).toString('base64');
  let next = 0;
  for (let i = 0; i < run.length; i += 1) {
    if (!isLineBreak(run[i])) {
      const code = encoded.charCodeAt(next);
      // A last lone character (malformed input) encodes nothing; `A` is the neutral one.
      run[i] = Number.isNaN(code) || code === EQUALS ? 0x41 : code;
      next += 1;
    }
  }
}

/** End of a soft break that starts with the `=` at `at`, or -1. Blanks before the line end are allowed (RFC 2045 6.7). */
function softBreakEnd(bytes: Uint8Array, at: number): number {
  let i = at + 1;
  while (isBlank(bytes[i])) {
    i += 1;
  }
  return isLineBreak(bytes[i]) ? i : -1;
}

function overlayQuotedPrintable(out: Uint8Array, text: NoticeText, atLineStart: boolean): void {
  let lineStart = atLineStart;
  let i = 0;
  while (i < out.length) {
    if (isLineBreak(out[i])) {
      lineStart = true;
      i += 1;
      continue;
    }
    const soft = out[i] === EQUALS ? softBreakEnd(out, i) : -1;
    i = soft === -1 ? overlayQuotedCharacter(out, i, text, lineStart) : soft;
    lineStart = false;
  }
}

/** Overwrites one character, `=HH` or plain, and returns the place after it. */
function overlayQuotedCharacter(out: Uint8Array, at: number, text: NoticeText, lineStart: boolean): number {
  if (out[at] === EQUALS && isHex(out[at + 1]) && isHex(out[at + 2])) {
    const code = text.take(lineStart, true);
    out[at + 1] = HEX.charCodeAt(code >> 4);
    out[at + 2] = HEX.charCodeAt(code & 15);
    return at + 3;
  }
  const next = out[at + 1];
  const beforeEnd = at + 1 === out.length || isLineBreak(next) || next === EQUALS;
  out[at] = text.take(lineStart, beforeEnd);
  return at + 1;
}
