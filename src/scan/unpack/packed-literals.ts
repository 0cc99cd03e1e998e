import { isZlibHeader } from './decompress.ts';
import { hasKnownStart } from './known-start.ts';
import { replaceEach } from './replace-each.ts';

/** Files and compressed data that a script holds as a string with escapes, such as Python writes bytes. Linear. */

const ESCAPE = Buffer.from(String.raw`\x`);
/** Every file of interest has an escape near its beginning: so far behind the quote at most, bytes. */
const MAX_BEFORE = 8;
/** What is shorter hides nothing, bytes. */
const MIN_BYTES = 32;
const BACKSLASH = 0x5c;
const DOUBLE = 0x22;
const SINGLE = 0x27;

const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\n': '', '\r': '' };

/** The quote that stands last in the few bytes before `at`, or -1. */
function quoteBefore(bytes: Buffer, at: number): number {
  for (let place = at - 1; place >= Math.max(0, at - MAX_BEFORE); place -= 1) {
    if (bytes[place] === DOUBLE || bytes[place] === SINGLE) {
      return place;
    }
  }
  return -1;
}

/** Where the literal that opens at `quote` ends, or the end of the text. */
function literalEnd(bytes: Buffer, quote: number): number {
  for (let at = quote + 1; at < bytes.length; at += 1) {
    if (bytes[at] === BACKSLASH) {
      at += 1;
    } else if (bytes[at] === bytes[quote]) {
      return at;
    }
  }
  return bytes.length;
}

function valueOf(literal: string): Buffer {
  const value = replaceEach(
    literal,
    /\\(?:x([\da-fA-F]{2})|([0-7]{1,3})|([\s\S]))/g,
    (_, hex: string | undefined, octal: string | undefined, other = '') =>
      hex !== undefined
        ? String.fromCharCode(Number.parseInt(hex, 16))
        : octal !== undefined
          ? String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
          : (CONTROLS[String(other)] ?? String(other)),
  );
  return Buffer.from(value, 'latin1');
}

/** What such literals of a text say, where that is a file or zlib data. */
export function packedLiterals(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = bytes.indexOf(ESCAPE); at >= 0;) {
    const quote = quoteBefore(bytes, at);
    const end = quote < 0 ? at + ESCAPE.length : literalEnd(bytes, quote);
    const value = quote < 0 ? undefined : valueOf(bytes.toString('latin1', quote + 1, end));
    if (
      value !== undefined &&
      value.length >= MIN_BYTES &&
      (isZlibHeader(value, 0) || hasKnownStart(value))
    ) {
      found.push(value);
    }
    at = bytes.indexOf(ESCAPE, end);
  }
  return found;
}
