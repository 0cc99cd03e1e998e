import { viewOf } from '../unpack/byte-view.ts';
import type { Unpacker, Yield } from '../unpack/unpacker.ts';
import type { BeginWords } from './inline/begin-words.ts';
import type { TextLikeness } from './inline/text-likeness.ts';

const ALPHABET = '+-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const VALUE = new Uint8Array(256).fill(64);
for (const [i, letter] of Buffer.from(ALPHABET).entries()) {
  VALUE[letter] = i;
}

/** Files begun in one text; each costs a look at the text behind it. */
const MAX_FILES = 100;

/** A beginning as uuencode has it, and a line of this alphabet, which `h` (45 bytes) or a shorter length begins. */
const BEGIN =
  'begin +[0-7]{3,4} ([^\\r\\n]{0,200})[\\r\\n]{1,2}(?=[+\\-0-9A-Za-h][+\\-0-9A-Za-z]{4,84}[ \\t]*(?:[\\r\\n]|$))';
const BEGINS = new RegExp(`(?:^|[\\r\\n])${BEGIN}`, 'g');
const HEAD = new RegExp(`^${BEGIN}`);

/** Enough for a name and the line behind it. */
const HEAD_BYTES = 320;

function isHead(bytes: Buffer, at: number): boolean {
  return HEAD.test(bytes.toString('latin1', at, at + HEAD_BYTES));
}

const LINE = /[^\r\n]+/g;

/** Writes what one line carries at `at`; returns the place behind it, or -1 when the line is none of the alphabet. */
function decodeLine(line: string, out: Buffer, at: number): number {
  const count = VALUE[line.charCodeAt(0)] ?? 64;
  let bits = 0;
  let held = 0;
  let length = at;
  for (let i = 1; i < line.length && length - at < count; i += 1) {
    const value = VALUE[line.charCodeAt(i)] ?? 64;
    if (value === 64) {
      return -1;
    }
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[length] = (bits >> held) & 0xff;
      length += 1;
    }
  }
  return count === 0 || count === 64 ? -1 : length;
}

function decodeFrom(text: string): Buffer {
  const out = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (const [line] of text.matchAll(LINE)) {
    const next = line === 'end' ? -1 : decodeLine(line.trimEnd(), out, length);
    if (next === -1) {
      break;
    }
    length = next;
  }
  return Buffer.from(out.subarray(0, length));
}

function unpackXx(bytes: Buffer, out: Yield): void {
  const text = bytes.toString('latin1');
  let files = 0;
  for (const match of text.matchAll(BEGINS)) {
    files += 1;
    if (files > MAX_FILES) {
      out.cannot('bomb', `more than ${MAX_FILES} xxencoded files in one text`);
      return;
    }
    out.emit(match[1] ?? '', decodeFrom(text.slice(match.index + match[0].length)));
  }
}

/** xxencoded files in any text: uuencode with letters that no gateway ever changed. */
export function createXxencodeUnpacker(likeness: TextLikeness, words: BeginWords): Unpacker {
  return {
    name: 'xxencode',
    recognises: (piece) => likeness.of(piece) && words.some(piece.bytes, isHead),
    unpack: (piece, out) => unpackXx(viewOf(piece.bytes), out),
  };
}
