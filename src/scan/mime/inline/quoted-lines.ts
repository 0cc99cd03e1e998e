import { viewOf } from '../../unpack/byte-view.ts';
import type { Unpacker, Yield } from '../../unpack/unpacker.ts';
import type { BeginWords } from './begin-words.ts';
import type { TextLikeness } from './text-likeness.ts';

/**
 * Files in lines that somebody quoted or indented, with the same mark before each: `> begin 644 a.zip`. Without the
 * marks they are read as any other.
 */

const LF = 0x0a;
/** Before a line: signs of quotations with initials before them, or blanks; `shar` writes an X. */
const MARK = /^(?:[ \t]{0,16}(?:[A-Za-z]{0,3}[>|:#*%][ \t]{0,4}){1,8}|[ \t]{1,32}|X)$/;
const MAX_MARK = 48;
/** What stands behind the word where a file begins, as `uuencode.ts` and `yenc.ts` know it. */
const HEAD = /^(?:begin(?:-base64)? +[0-7]{3,4} |begin \d{3}|=ybegin )/;
const HEAD_BYTES = 32;
/** Files of one text; each costs a look at the lines behind it. */
const MAX_FILES = 32;

function lineStart(bytes: Buffer, at: number): number {
  let start = at;
  while (start > 0 && at - start <= MAX_MARK && bytes[start - 1] !== LF) {
    start -= 1;
  }
  return start;
}

/** The mark before the file whose word stands at `at`, with the blanks at its end, or nothing. */
function markBefore(bytes: Buffer, at: number): string {
  const word = bytes[at - 1] === 0x79 && bytes[at - 2] === 0x3d ? at - 2 : at;
  const start = lineStart(bytes, word);
  const mark = bytes.toString('latin1', start, word);
  return MARK.test(mark) && HEAD.test(bytes.toString('latin1', word, word + HEAD_BYTES)) ? mark : '';
}

function isHead(bytes: Buffer, at: number): boolean {
  return markBefore(bytes, at) !== '';
}

function lineEnd(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(LF, at);
  return end < 0 ? bytes.length : end + 1;
}

/** The lines from `start` on that have the mark, without it; blanks at its end may be lost on an empty line. */
function linesBehind(
  bytes: Buffer,
  start: number,
  mark: string,
): { readonly text: Buffer; readonly end: number } {
  const [whole, short] = [Buffer.from(mark, 'latin1'), Buffer.from(mark.trimEnd(), 'latin1')];
  const text = Buffer.allocUnsafe(bytes.length - start); // not a part for each line: there are millions
  let [at, length] = [start, 0];
  while (at < bytes.length) {
    const end = lineEnd(bytes, at);
    const isWhole = startsWith(bytes, at, end, whole);
    if (!isWhole && (short.length === 0 || !startsWith(bytes, at, end, short))) {
      break;
    }
    length += bytes.copy(text, length, at + (isWhole ? whole.length : short.length), end);
    at = end;
  }
  return { text: text.subarray(0, length), end: at };
}

/** Whether the line in `[at, end)` begins with `mark`. */
function startsWith(bytes: Buffer, at: number, end: number, mark: Buffer): boolean {
  return end - at >= mark.length && bytes.compare(mark, 0, mark.length, at, at + mark.length) === 0;
}

function unpackQuoted(bytes: Buffer, words: BeginWords, out: Yield): void {
  let behind = 0;
  let files = 0;
  for (const at of words.places(bytes)) {
    const mark = at < behind ? '' : markBefore(bytes, at);
    if (mark !== '' && files < MAX_FILES) {
      files += 1;
      out.budget.checkTime();
      const { text, end } = linesBehind(bytes, lineStart(bytes, at), mark);
      behind = end;
      out.emit('unquoted', text);
    }
  }
}

export function createQuotedLinesUnpacker(likeness: TextLikeness, words: BeginWords): Unpacker {
  return {
    name: 'quoted-lines',
    recognises: (piece) => words.some(piece.bytes, isHead) && likeness.of(piece),
    unpack: (piece, out) => unpackQuoted(viewOf(piece.bytes), words, out),
  };
}
