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

/** Where the next character of a literal is: behind the backslash that some stand behind. */
function unescaped(bytes: Buffer, at: number, isEscaped: boolean): number {
  return isEscaped && bytes[at] === BACKSLASH && ESCAPED[bytes[at + 1] ?? 0] === 1 ? at + 1 : at;
}

/** The line of data at `start`; undefined when it is none. Blanks at its end may be lost: they stand for nought. */
function lineAt(bytes: Buffer, start: number, isEscaped: boolean): Line | undefined {
  const first = unescaped(bytes, start, isEscaped);
  const count = ((bytes[first] ?? 0) - FIRST) & 63;
  if (count < MIN_BYTES || count > FULL) {
    return undefined;
  }
  const most = Math.ceil(count / 3) * 4;
  const least = Math.ceil((count * 4) / 3);
  const codes: number[] = [];
  let [at, end, length] = [first + 1, -1, 0];
  while (codes.length < most) {
    const place = unescaped(bytes, at, isEscaped);
    const code = bytes[place] ?? 0;
    if (code < FIRST || code > LAST) {
      break;
    }
    codes.push((code - FIRST) & 63);
    at = place + 1;
    if (codes.length >= least && ENDING[bytes[at] ?? LF] === 1) {
      [end, length] = [at, codes.length];
    }
  }
  return end < 0 ? undefined : { data: dataOf(codes.slice(0, length)).subarray(0, count), end };
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

/** Behind `\n` in a literal. */
function isBehindEscape(bytes: Buffer, at: number): boolean {
  return bytes[at - 1] === LETTER_N && bytes[at - 2] === BACKSLASH;
}

/** The data of such lines, those that follow each other as one. */
function dataIn(bytes: Buffer, isEscaped: boolean): Buffer[] {
  const found: Buffer[] = [];
  const words: Buffer[] = [];
  let left = MAX_DATA;
  for (let at = 0; at < bytes.length && left > 0;) {
    const isStart = at === 0 || OPENING[bytes[at - 1] ?? 0] === 1 || isBehindEscape(bytes, at);
    const lines: Buffer[] = [];
    let next = at;
    for (let line = isStart ? lineAt(bytes, at, isEscaped) : undefined; line !== undefined;) {
      lines.push(line.data);
      next = behindBreak(bytes, line.end);
      line = next > line.end ? lineAt(bytes, next, isEscaped) : undefined;
    }
    if (lines.length > 0) {
      const data = Buffer.concat(lines);
      left -= data.length + ENTRY_BYTES;
      (data.length < MIN_FILE ? words : found).push(...(data.length < MIN_FILE ? [data, SEPARATOR] : [data]));
    }
    at = Math.max(at + 1, next);
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
