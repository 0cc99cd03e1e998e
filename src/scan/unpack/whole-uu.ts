import type { Piece } from '../piece.ts';
import { latin1, viewOf } from './byte-view.ts';
import { hasKnownStart } from './known-start.ts';

/**
 * uuencoded files in a text that are whole: every line has the length that it states, and the end is there. Read as
 * anything else their lines are noise, which can be read in every way and hides nothing but itself.
 */

const WORD = Buffer.from('begin ');
const LF = 0x0a;
const CR = 0x0d;
const HEAD = /^begin [0-7]{3,4} [^\r\n]{1,200}\r?\n/;
const HEAD_BYTES = 256;
/** Letters are codes from 0x20 on, six bits each; nought may be a grave. */
const FIRST = 0x20;
const LAST = 0x60;
/** Bytes of a full line, as every writer makes them. */
const FULL = 45;
const END = /^[` ]?\r?\nend[ \t]*(?:\r?\n|$)/;
const END_BYTES = 32;
/** What a page or a script would read as characters; noise has few of them in one line. */
const CODED = /&#|[%=][\dA-F]{2}|\\(?:X|U|[0-7]{2})/g;
const MIN_CODED = 4;

/** A line of data: where it ends, and where the next one begins. */
interface Line {
  readonly end: number;
  readonly next: number;
  readonly count: number;
}

/** The line of data at `at`; undefined when it is none, or not whole. */
function lineAt(bytes: Buffer, at: number): Line | undefined {
  const count = ((bytes[at] ?? LAST) - FIRST) & 63;
  const end = at + 1 + Math.ceil(count / 3) * 4;
  const next = bytes[end] === CR ? end + 2 : end + 1;
  if (count === 0 || count > FULL || bytes[next - 1] !== LF) {
    return undefined;
  }
  for (let place = at; place < end; place += 1) {
    const code = bytes[place] ?? 0;
    if (code < FIRST || code > LAST) {
      return undefined;
    }
  }
  return { end, next, count };
}

/** The first bytes of the file whose first line is at `at`. */
function startsLikeAFile(bytes: Buffer, at: number): boolean {
  const groups = Array.from({ length: 4 }, (_, group) =>
    [1, 2, 3, 4].reduce((sum, place) => sum * 64 + (((bytes[at + group * 4 + place] ?? 0) - FIRST) & 63), 0),
  );
  return hasKnownStart(
    Buffer.from(groups.flatMap((value) => [value >> 16, (value >> 8) & 255, value & 255])),
  );
}

function isCoded(bytes: Buffer, { end }: Line, at: number): boolean {
  return (latin1(bytes, at, end).match(CODED)?.length ?? 0) >= MIN_CODED;
}

/** Different letters of a line of data that are packed in any way; words and digits have fewer. */
const MIN_LETTERS = 30;

/** Every letter of a line of data lies in `[FIRST, LAST]`; a bit for each of them but the last, which is nought as the first is. */
function isNoise(bytes: Buffer, { end }: Line, at: number): boolean {
  let [low, high, letters] = [0, 0, 0];
  for (let place = at; place < end && letters < MIN_LETTERS; place += 1) {
    const letter = ((bytes[place] ?? 0) - FIRST) & 63;
    const bit = 1 << (letter & 31);
    const seen = letter < 32 ? low : high;
    if ((seen & bit) === 0) {
      letters += 1;
      low |= letter < 32 ? bit : 0;
      high |= letter < 32 ? 0 : bit;
    }
  }
  return letters >= MIN_LETTERS;
}

interface WholeFile {
  /** Lines that may go. */
  readonly cuts: [number, number][];
  readonly end: number;
}

/** The file that begins at `start`; undefined when it is not whole, or may be something else. */
function wholeFile(bytes: Buffer, start: number): WholeFile | undefined {
  const head = HEAD.exec(latin1(bytes, start, start + HEAD_BYTES))?.[0];
  if (head === undefined) {
    return undefined;
  }
  const first = start + head.length;
  const cuts: [number, number][] = [[start, first]];
  let lines = 0;
  let noise = 0;
  let at = first;
  for (let line = lineAt(bytes, at); line !== undefined; line = lineAt(bytes, at)) {
    if (!isCoded(bytes, line, at)) {
      cuts.push([at, line.next]);
    }
    lines += 1;
    noise += isNoise(bytes, line, at) ? 1 : 0;
    at = line.next;
    if (line.count < FULL) {
      break;
    }
  }
  const end = END.exec(latin1(bytes, at, at + END_BYTES))?.[0];
  const isFile = end !== undefined && (startsLikeAFile(bytes, first) || noise * 2 >= lines);
  return isFile ? { cuts: [...cuts, [at, at + end.length]], end: at + end.length } : undefined;
}

/** The text without such files; the same array when there are none. Takes linear time. */
export function textWithoutUu(bytes: Buffer): Buffer {
  const kept: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(WORD); at >= 0;) {
    const isLineStart = at === 0 || bytes[at - 1] === LF;
    const file = isLineStart ? wholeFile(bytes, at) : undefined;
    for (const [start, end] of file?.cuts ?? []) {
      kept.push(bytes.subarray(from, start));
      from = end;
    }
    at = bytes.indexOf(WORD, file?.end ?? at + WORD.length);
  }
  return from === 0 ? bytes : Buffer.concat([...kept, bytes.subarray(from)]);
}

/** The piece with that text; the same piece when there are none. */
export function withoutWholeUu(piece: Piece): Piece {
  const bytes = viewOf(piece.bytes);
  const rest = textWithoutUu(bytes);
  return rest === bytes ? piece : { ...piece, bytes: rest };
}
