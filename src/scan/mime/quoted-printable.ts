import { ByteCuts } from '../unpack/byte-cuts.ts';
import { withoutZeros } from '../unpack/byte-view.ts';
import type { Allocate, Decoded, Reading } from './base64.ts';

const LF = 0x0a;
const CR = 0x0d;
const EQUALS = 0x3d;

/** A body that is quoted-printable shows it early. */
const LOOKS_AT_BYTES = 64 * 1024;

const HEX = new Int8Array(256).fill(-1);
for (const [i, digit] of Buffer.from('0123456789abcdef').entries()) {
  HEX[digit] = i;
}
for (const [i, digit] of Buffer.from('ABCDEF').entries()) {
  HEX[digit] = 10 + i;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}

/** Place after the soft break whose `=` is at `at`, or -1. */
function afterSoftBreak(bytes: Buffer, at: number, end: number): number {
  let i = at + 1;
  while (i < end && isBlank(bytes[i])) {
    i += 1;
  }
  if (i >= end) {
    return end;
  }
  if (bytes[i] === CR) {
    return bytes[i + 1] === LF && i + 1 < end ? i + 2 : i + 1;
  }
  return bytes[i] === LF ? i + 1 : -1;
}

/** No blanks before the line end, and not an indent after it, which some clients drop. */
function isCleanSoftBreak(bytes: Buffer, at: number, next: number, end: number): boolean {
  const isIndent = isBlank(bytes[next]) && isBlank(bytes[next + 1]) && next + 1 < end;
  const isTurned = bytes[next] === CR && bytes[next + 1] !== LF && next < end; // LF CR
  const length = next - at;
  const isBreak =
    length === 3 ? bytes[at + 1] === CR && bytes[at + 2] === LF : length === 2 && bytes[at + 1] === LF;
  return (isBreak && !isIndent && !isTurned) || next === end;
}

const BLANK = 1;
const LINE_END = 2;
const KIND = new Uint8Array(256);
KIND[0x20] = BLANK;
KIND[0x09] = BLANK;
KIND[CR] = LINE_END;
KIND[LF] = LINE_END;

/** Blanks at a line's end are to be dropped (RFC 2045 6.7), and not all clients do. */
function hasBlankBeforeEnd(body: Buffer): boolean {
  let before = 0;
  for (let at = 0; at < body.length; at += 1) {
    const kind = KIND[body[at] ?? 0] ?? 0;
    if (kind === LINE_END && before === BLANK) {
      return true;
    }
    before = kind;
  }
  return false;
}

/** Looked at one by one before the native search is asked: a call costs as much as a look at so many bytes. */
const NEAR_BYTES = 24;

/** Copies what stands before the next `=` at or after `at` to `out`; the place of that `=`, or the end. */
function copyLiteral(body: Buffer, at: number, out: Buffer, length: number): number {
  const near = Math.min(body.length, at + NEAR_BYTES);
  let next = at;
  for (let to = length; next < near && body[next] !== EQUALS; next += 1, to += 1) {
    out[to] = body[next] ?? 0;
  }
  if (next < near || near === body.length) {
    return next;
  }
  const equals = body.indexOf(EQUALS, next);
  const end = equals === -1 ? body.length : equals;
  body.copy(out, length + next - at, next, end);
  return end;
}

/** Decodes `[from, to)`; an `=` that starts neither an escape nor a soft break stands for itself. */
export function decodeQuotedPrintable(
  bytes: Buffer,
  from: number,
  to: number,
  allocate: Allocate = (length) => Buffer.allocUnsafe(length),
): Decoded {
  const body = bytes.subarray(from, to);
  const out = allocate(body.length);
  let length = 0;
  let regular = !hasBlankBeforeEnd(body);
  let at = 0;
  while (at < body.length) {
    const equals = copyLiteral(body, at, out, length);
    length += equals - at;
    if (equals === body.length) {
      break;
    }
    const { next, byte, isClean } = readEscape(body, equals);
    regular &&= isClean;
    if (byte >= 0) {
      out[length] = byte;
      length += 1;
    }
    at = next;
  }
  return { bytes: out.subarray(0, length), regular };
}

interface Escape {
  readonly next: number;
  /** What it stands for, or -1: nothing. */
  readonly byte: number;
  readonly isClean: boolean;
}

function readEscape(body: Buffer, at: number): Escape {
  const value = at + 2 < body.length ? escaped(body, at) : -1;
  if (value >= 0) {
    return { next: at + 3, byte: value, isClean: true };
  }
  const next = afterSoftBreak(body, at, body.length);
  if (next === -1) {
    return { next: at + 1, byte: EQUALS, isClean: false };
  }
  return { next, byte: -1, isClean: isCleanSoftBreak(body, at, next, body.length) };
}

/** Value of `=HH` at `at`, or -1. */
function escaped(bytes: Buffer, at: number): number {
  const high = HEX[bytes[at + 1] ?? 0] ?? -1;
  const low = HEX[bytes[at + 2] ?? 0] ?? -1;
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/**
 * What real decoders make of malformed quoted-printable: blanks at line ends and starts kept or removed, and
 * escapes that a soft break cuts in two joined. Each is made when it is asked for, so that the caller can look at the
 * clock between two and need not hold them all.
 */
export function quotedPrintableReadings(whole: Buffer): readonly Reading[] {
  return [
    () => decoded(whole),
    () => decoded(withoutSoftBreaks(withoutNul(whole))),
    () => decoded(trimmedLines(withoutNul(whole))),
    () => decoded(withoutSoftBreaks(trimmedLines(withoutNul(whole)))),
  ];
}

function withoutNul(body: Buffer): Buffer {
  return body.includes(0) ? withoutZeros(body) : body;
}

function decoded(body: Buffer): Buffer {
  return decodeQuotedPrintable(body, 0, body.length).bytes;
}

/** The end of the soft break whose `=` stands at `at`, blanks and any number of CR in it forgiven, or -1. */
function forgivenBreakEnd(body: Buffer, at: number): number {
  const lineEnd = skip(body, at + 1, isBlank);
  const behindCr = skip(body, lineEnd, (byte) => byte === CR);
  if (body[behindCr] === LF) {
    const isTurned = body[behindCr + 1] === CR && body[behindCr + 2] !== LF; // LF CR
    return behindCr + (isTurned ? 2 : 1);
  }
  return behindCr > lineEnd ? lineEnd + 1 : -1;
}

function skip(body: Buffer, from: number, isSkipped: (byte: number) => boolean): number {
  let at = from;
  while (at < body.length && isSkipped(body[at] ?? 0)) {
    at += 1;
  }
  return at;
}

function withoutSoftBreaks(body: Buffer): Buffer {
  const cuts = new ByteCuts(body);
  for (let at = body.indexOf(EQUALS); at >= 0;) {
    const end = forgivenBreakEnd(body, at);
    if (end >= 0) {
      cuts.cut(at, end);
    }
    at = body.indexOf(EQUALS, Math.max(end, at + 1));
  }
  return cuts.rest() ?? body;
}

/** Blanks, other line ends and no-break blanks, as far as one byte tells. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0xa0 || (byte >= 0x09 && byte <= 0x0d);
}

/** The lines without what is blank at their starts and ends, each but the last ended by LF. */
function trimmedLines(body: Buffer): Buffer {
  const out = Buffer.allocUnsafe(body.length);
  let length = 0;
  for (let at = 0; at < body.length;) {
    let end = skip(body, at, (byte) => byte !== LF && byte !== CR);
    const behindCr = skip(body, end, (byte) => byte === CR);
    const next = body[behindCr] === LF ? behindCr + 1 : end + 1;
    const start = Math.min(
      end,
      skip(body, at, (byte) => isSpace(byte) && byte !== LF && byte !== CR),
    );
    while (end > start && isSpace(body[end - 1] ?? 0)) {
      end -= 1;
    }
    length += body.copy(out, length, start, end);
    if (next <= body.length) {
      out[length] = LF;
      length += 1;
    }
    at = next;
  }
  return out.subarray(0, length);
}

/** True when the bytes hold an escape or soft break of quoted-printable. */
export function looksQuotedPrintable(bytes: Buffer, start: number, end: number): boolean {
  const head = bytes.toString('latin1', start, Math.min(end, start + LOOKS_AT_BYTES));
  return /=(?:[0-9a-f]{2}|[ \t]*[\r\n])/i.test(head);
}
