import type { Reading } from './base64.ts';

const EQUALS = 0x3d;

/** Value in the plain alphabet, or 64: junk. */
const PLAIN = alphabetTable('+/');
/** The same for base64url (RFC 4648 5) on top of the plain one. */
const WITH_URL = alphabetTable('+/', '-_');

function alphabetTable(...lastTwo: readonly string[]): Uint8Array {
  const table = new Uint8Array(256).fill(64);
  const common = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  for (const last of lastTwo) {
    for (const [i, letter] of Buffer.from(common + last).entries()) {
      table[letter] = i;
    }
  }
  return table;
}

/** What `=` means to a decoder that meets it before the end. */
type AtPadding = 'stop' | 'skip' | 'restart';

/** Decodes `[start, end)` and skips what is not in the alphabet. */
function decodeWith(
  bytes: Buffer,
  span: { start: number; end: number },
  table: Uint8Array,
  atPadding: AtPadding,
): Buffer {
  const out = Buffer.allocUnsafe(Math.ceil(((span.end - span.start) * 3) / 4) + 3);
  let length = 0;
  let bits = 0;
  let count = 0;
  for (let i = span.start; i < span.end; i += 1) {
    const byte = bytes[i] ?? 0;
    const value = table[byte] ?? 64;
    if (value < 64) {
      bits = ((bits << 6) | value) & 0xffffff;
      count += 6;
      if (count >= 8) {
        count -= 8;
        out[length] = (bits >> count) & 0xff;
        length += 1;
      }
    } else if (byte === EQUALS && atPadding !== 'skip') {
      if (atPadding === 'stop' && length > 0) {
        break;
      }
      bits = 0;
      count = 0;
    }
  }
  return out.subarray(0, length);
}

/**
 * What real decoders make of base64 with `=` or junk inside: stop at the first padding (mutt), go on over it
 * (Thunderbird, Apple Mail), start anew after it, and read `-` and `_` as data. All skip other junk, and
 * some the whole line in which it stands.
 * Each is made when it is asked for, so that the caller can look at the clock between two and need not hold them all.
 */
export function base64Readings(bytes: Buffer, start: number, end: number): readonly Reading[] {
  const data = bytes.subarray(start, lastDataByte(bytes, start, end));
  const span = { start, end };
  const readings = [() => decodeWith(bytes, span, PLAIN, 'restart')];
  if (data.includes(EQUALS)) {
    readings.push(() => decodeWith(bytes, span, PLAIN, 'stop'));
    readings.push(() => decodeWith(bytes, span, PLAIN, 'skip'));
  }
  if (data.includes(0x2d) || data.includes(0x5f)) {
    readings.push(() => decodeWith(bytes, span, WITH_URL, 'restart'));
  }
  const firstEnd = bytes.indexOf(LF, start);
  // A body that begins otherwise holds more than one thing, which would be joined.
  const isBase64 = firstEnd !== -1 && firstEnd < end && looksLikeBase64(bytes, start, firstEnd);
  if (isBase64 && codedLines(bytes, start, end) !== undefined) {
    readings.push(() => decodedLines(bytes, start, end));
  }
  return readings;
}

function decodedLines(bytes: Buffer, start: number, end: number): Buffer {
  const coded = codedLines(bytes, start, end) ?? bytes.subarray(start, end);
  return decodeWith(coded, { start: 0, end: coded.length }, PLAIN, 'restart');
}

const LF = 0x0a;

/** What stands in a line of base64 that was not written by hand: the alphabets, padding, blanks, a quote mark. */
const IN_CODED_LINE = new Uint8Array(256);
for (const byte of Buffer.from('=> \t\r')) {
  IN_CODED_LINE[byte] = 1;
}
for (const [byte, value] of WITH_URL.entries()) {
  IN_CODED_LINE[byte] ||= value < 64 ? 1 : 0;
}

/** The lines that are nothing but base64; undefined when all or none are. A decoder that works by lines takes these. */
function codedLines(bytes: Buffer, start: number, end: number): Buffer | undefined {
  const out = Buffer.allocUnsafe(end - start);
  let length = 0;
  let lineAt = 0;
  let isCoded = true;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    out[length] = byte;
    length += 1;
    if (byte === LF) {
      length = isCoded ? length : lineAt;
      lineAt = length;
      isCoded = true;
    } else {
      isCoded &&= IN_CODED_LINE[byte] === 1;
    }
  }
  length = isCoded ? length : lineAt;
  return length === 0 || length === out.length ? undefined : out.subarray(0, length);
}

/** End of the span without its final padding: that one means the same to all. */
function lastDataByte(bytes: Buffer, start: number, end: number): number {
  let at = end;
  while (at > start && (bytes[at - 1] === EQUALS || (bytes[at - 1] ?? 0) <= 0x20)) {
    at -= 1;
  }
  return at;
}

const LOOKS_AT_BYTES = 1024;

function isCoded(word: string): boolean {
  return /^[A-Za-z0-9+/]+={0,2}$/.test(word.trim());
}

/** True when the body starts like base64, whatever its header says: its first lines are words of the alphabet. */
export function looksLikeBase64(bytes: Buffer, start: number, end: number): boolean {
  const head = bytes.toString('latin1', start, Math.min(end, start + LOOKS_AT_BYTES)).trim();
  const words = head.split(/[\r\n]+/);
  const first = words[0]?.trim() ?? '';
  if (!isCoded(first) || first.length < 8) {
    return false;
  }
  const second = words[1]?.trim() ?? '';
  return second === '' || isCoded(second);
}
