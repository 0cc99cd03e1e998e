import type { Decoded } from './base64.ts';

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
  const length = next - at;
  const isBreak =
    length === 3 ? bytes[at + 1] === CR && bytes[at + 2] === LF : length === 2 && bytes[at + 1] === LF;
  return (isBreak && !isIndent) || next === end;
}

/** Blanks at a line's end are to be dropped (RFC 2045 6.7), and not all clients do. */
function isBlankBeforeBreak(bytes: Buffer, at: number, end: number): boolean {
  return at + 1 < end && isBlank(bytes[at]) && (bytes[at + 1] === LF || bytes[at + 1] === CR);
}

/** Decodes `[from, to)`; an `=` that starts neither an escape nor a soft break stands for itself. */
export function decodeQuotedPrintable(bytes: Buffer, from: number, to: number): Decoded {
  const out = Buffer.allocUnsafe(to - from);
  let length = 0;
  let regular = true;
  let at = from;
  while (at < to) {
    const byte = bytes[at] ?? 0;
    if (byte !== EQUALS) {
      regular &&= !isBlankBeforeBreak(bytes, at, to);
      out[length] = byte;
      length += 1;
      at += 1;
      continue;
    }
    const value = at + 2 < to ? escaped(bytes, at) : -1;
    if (value >= 0) {
      out[length] = value;
      length += 1;
      at += 3;
      continue;
    }
    const next = afterSoftBreak(bytes, at, to);
    regular &&= next !== -1 && isCleanSoftBreak(bytes, at, next, to);
    if (next === -1) {
      out[length] = byte;
      length += 1;
    }
    at = next === -1 ? at + 1 : next;
  }
  return { bytes: out.subarray(0, length), regular };
}

/** Value of `=HH` at `at`, or -1. */
function escaped(bytes: Buffer, at: number): number {
  const high = HEX[bytes[at + 1] ?? 0] ?? -1;
  const low = HEX[bytes[at + 2] ?? 0] ?? -1;
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/**
 * What real decoders make of malformed quoted-printable: blanks at line ends and starts kept or removed, and
 * escapes that a soft break cuts in two joined.
 */
export function quotedPrintableReadings(bytes: Buffer, start: number, end: number): Buffer[] {
  const text = bytes.toString('latin1', start, end);
  const joined = text.replace(/=[ \t]*(?:\r+\n|\r|\n)/g, '');
  const lines = text.split(/\r\n|\r|\n/); // not by one pattern: `[ \t]+$` is quadratic on a run of blanks
  const trimmed = lines.map((line) => line.trim()).join('\n');
  const readings = new Set([text, joined, trimmed, trimmed.replaceAll('=\n', '')]);
  return [...readings].map((reading) => {
    const raw = Buffer.from(reading, 'latin1');
    return decodeQuotedPrintable(raw, 0, raw.length).bytes;
  });
}

/** True when the bytes hold an escape or soft break of quoted-printable. */
export function looksQuotedPrintable(bytes: Buffer, start: number, end: number): boolean {
  const head = bytes.toString('latin1', start, Math.min(end, start + LOOKS_AT_BYTES));
  return /=(?:[0-9a-f]{2}|[ \t]*[\r\n])/i.test(head);
}
