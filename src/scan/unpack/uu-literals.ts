import { latin1 } from './byte-view.ts';
import { signsOf } from './sign-stretches.ts';

/** Lines of uuencoded data in a script that decodes them itself: Perl and Ruby by `unpack`, PHP and Python by functions. */

/** Words of such scripts. */
export const UU_WORDS: readonly string[] = [
  'unpack',
  'uudecode',
  'a2b_uu',
  "'uu'",
  '"uu"',
  "'uu_codec'",
  '"uu_codec"',
];
const DECODES = /unpack1?[\s(]{0,8}["'/]?(?:q\W)?u[*\d]{0,3}\b|uudecode|a2b_uu|["']uu(?:_codec)?["']/i;

const FIRST = 0x20;
const LAST = 0x60;
const BACKSLASH = 0x5c;
const LF = 0x0a;
const LETTER_N = 0x6e;
/** Bytes of a full line, as every writer makes them. */
const FULL = 45;
/** What stands before the first character of a line: an end of line or the sign that opens a literal, and what ends it. */
const OPENING = signsOf(/["'`{([<|!/\n]/);
const ENDING = signsOf(/["'`})\]>|!/\r\n\\]/);
/** Signs that scripts write behind a backslash. */
const ESCAPED = signsOf(/["'\\$@`#%]/);
/** Fewer bytes of data than this stand in any literal. */
const MIN_BYTES = 3;
/** Data of one script. */
const MAX_DATA = 16 * 1024 * 1024;
/** What remembering one of them takes, bytes. */
const ENTRY_BYTES = 64;
/** Shorter data are words: they are given together. */
const MIN_FILE = 64;
const SEPARATOR = Buffer.from('\n');

interface Line {
  readonly data: Buffer;
  readonly end: number;
}

interface Extent {
  readonly end: number;
  /** Characters that stand for data. */
  readonly length: number;
}

/** Where the next character of a literal is: behind the backslash that some stand behind. */
function unescaped(bytes: Buffer, at: number, isEscaped: boolean): number {
  return isEscaped && bytes[at] === BACKSLASH && ESCAPED[bytes[at + 1] ?? 0] === 1 ? at + 1 : at;
}

/** Where the data of the line at `start` end, and how many characters they are; undefined when it is no such line. */
function extentOf(bytes: Buffer, start: number, count: number, isEscaped: boolean): Extent | undefined {
  const most = Math.ceil(count / 3) * 4;
  const least = Math.ceil((count * 4) / 3);
  let [at, end, length] = [start, -1, 0];
  for (let read = 1; read <= most; read += 1) {
    const place = unescaped(bytes, at, isEscaped);
    const code = bytes[place] ?? 0;
    if (code < FIRST || code > LAST) {
      break;
    }
    at = place + 1;
    if (read >= least && ENDING[bytes[at] ?? LF] === 1) {
      [end, length] = [at, read];
    }
  }
  return end < 0 ? undefined : { end, length };
}

function codesOf(bytes: Buffer, start: number, length: number, isEscaped: boolean): number[] {
  const codes: number[] = [];
  for (let at = start; codes.length < length; at += 1) {
    at = unescaped(bytes, at, isEscaped);
    codes.push(((bytes[at] ?? 0) - FIRST) & 63);
  }
  return codes;
}

/** The line of data at `start`; undefined when it is none. Blanks at its end may be lost: they stand for nought. */
function lineAt(bytes: Buffer, start: number, isEscaped: boolean): Line | undefined {
  const first = unescaped(bytes, start, isEscaped);
  const count = ((bytes[first] ?? 0) - FIRST) & 63;
  const isLine = count >= MIN_BYTES && count <= FULL;
  const extent = isLine ? extentOf(bytes, first + 1, count, isEscaped) : undefined;
  if (extent === undefined) {
    return undefined;
  }
  const codes = codesOf(bytes, first + 1, extent.length, isEscaped);
  return { data: dataOf(codes).subarray(0, count), end: extent.end };
}

function dataOf(codes: readonly number[]): Buffer {
  const data = Buffer.allocUnsafe(Math.ceil(codes.length / 4) * 3);
  for (let group = 0; group * 4 < codes.length; group += 1) {
    const value = [0, 1, 2, 3].reduce((sum, place) => sum * 64 + (codes[group * 4 + place] ?? 0), 0);
    data.writeUIntBE(value, group * 3, 3);
  }
  return data;
}

/** `\n` in a literal, or the end of a line, behind which the next line of data may stand. */
function behindBreak(bytes: Buffer, at: number): number {
  const escape = latin1(bytes, at, at + 4);
  return at + (/^(?:\\r)?\\n|^\r?\n/.exec(escape)?.[0].length ?? 0);
}

/**
 * Where the next line may begin: behind what opens one, or behind `\n` in a literal. A function of its own, so small
 * that it is compiled to a tight loop.
 */
function nextStart(bytes: Buffer, from: number): number {
  const { length } = bytes;
  for (let at = from; at < length; at += 1) {
    const before = at === 0 ? LF : (bytes[at - 1] ?? 0);
    if (OPENING[before] === 1 || (before === LETTER_N && at > 1 && bytes[at - 2] === BACKSLASH)) {
      return at;
    }
  }
  return length;
}

/** The line at `start` and those that follow it. */
function linesFrom(bytes: Buffer, start: number, isEscaped: boolean): { data: Buffer[]; next: number } {
  const data: Buffer[] = [];
  let next = start;
  for (let line = lineAt(bytes, start, isEscaped); line !== undefined;) {
    data.push(line.data);
    next = behindBreak(bytes, line.end);
    line = next > line.end ? lineAt(bytes, next, isEscaped) : undefined;
  }
  return { data, next };
}

/** The data of such lines, those that follow each other as one. */
function dataIn(bytes: Buffer, isEscaped: boolean): Buffer[] {
  const found: Buffer[] = [];
  const words: Buffer[] = [];
  let left = MAX_DATA;
  for (let at = nextStart(bytes, 0); at < bytes.length && left > 0;) {
    const lines = linesFrom(bytes, at, isEscaped);
    if (lines.data.length > 0) {
      const data = Buffer.concat(lines.data);
      left -= data.length + ENTRY_BYTES;
      (data.length < MIN_FILE ? words : found).push(...(data.length < MIN_FILE ? [data, SEPARATOR] : [data]));
    }
    at = nextStart(bytes, Math.max(at + 1, lines.next));
  }
  return words.length === 0 ? found : [...found, Buffer.concat(words)];
}

/** All such data. A backslash may be a letter of the data, or stand before one: it is read as both. */
export function uuLiterals(bytes: Buffer): Buffer[] {
  if (!DECODES.test(bytes.toString('latin1'))) {
    return [];
  }
  const escaped = bytes.includes(BACKSLASH) ? dataIn(bytes, true) : [];
  return [...dataIn(bytes, false), ...escaped];
}
