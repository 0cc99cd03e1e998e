import { viewOf } from '../../unpack/byte-view.ts';
import type { Unpacker, Yield } from '../../unpack/unpacker.ts';
import { base64Readings } from '../base64-readings.ts';
import type { Reading } from '../base64.ts';
import { BeginWords } from './begin-words.ts';
import type { TextLikeness } from './text-likeness.ts';

const LF = 0x0a;
const CR = 0x0d;

/** The first character of a line gives its length in six bits. */
const MAX_LINE_BYTES = 63;

/** Files begun in one text; each costs a look at the text behind it. */
const MAX_FILES = 100;

/** What may stand between the word and the mode, from the word on. Prose has the word and no mode behind it. */
const HEAD = /^begin(?:-base64)? +(?:[0-7]{3}|$)/;
const HEAD_BYTES = 64;
const WORD_BYTES = 'begin'.length;
const BLANK = 0x20;
const DASH = 0x2d;

/** At the start of a line, or of an element. */
const BEGIN = /(?:^|[\r\n>])[ \t>]{0,16}begin(-base64)? +[0-7]{3,4} ?([^\r\n]{0,200})/g;

/** Bytes of the line that starts at `at`, and where the next one does. */
function lineAt(bytes: Buffer, at: number): { readonly line: Buffer; readonly next: number } {
  let end = at;
  while (end < bytes.length && bytes[end] !== LF && bytes[end] !== CR) {
    end += 1;
  }
  const isPair = bytes[end] === CR && bytes[end + 1] === LF;
  return { line: bytes.subarray(at, end), next: end + (isPair ? 2 : 1) };
}

/** Writes what one line carries at `at`; characters that a mailer stripped from its end count as blanks. */
function decodeLine(line: Buffer, out: Buffer, at: number): number {
  const count = ((line[0] ?? 0x20) - 0x20) & 63;
  let length = at;
  for (let i = 0, from = 1; i < count; i += 3, from += 4) {
    let group = 0;
    for (let k = 0; k < 4; k += 1) {
      group = (group << 6) | (((line[from + k] ?? 0x20) - 0x20) & 63);
    }
    for (let k = 0; k < Math.min(3, count - i); k += 1) {
      out[length] = (group >> (16 - 8 * k)) & 0xff;
      length += 1;
    }
  }
  return length;
}

function isDataLine(line: Buffer): boolean {
  const count = ((line[0] ?? 0x20) - 0x20) & 63;
  const letters = Math.ceil(count / 3) * 4;
  return line.length > letters / 2 && count > 0 && line.length - 1 <= letters + 2;
}

/** Decodes from `start` to `end`, an empty data line, or the first line that can be none. */
export function decodeUu(bytes: Buffer, start: number): Buffer {
  const out = Buffer.allocUnsafe(Math.max(0, bytes.length - start) + MAX_LINE_BYTES);
  let length = 0;
  let at = start;
  while (at < bytes.length) {
    const { line, next } = lineAt(bytes, at);
    if (line.length > 0 && (!isDataLine(line) || line.equals(Buffer.from('end')))) {
      break;
    }
    length = decodeLine(line, out, length);
    at = next;
  }
  return Buffer.from(out.subarray(0, length));
}

function isHead(bytes: Buffer, at: number): boolean {
  return bytes[at + WORD_BYTES] === DASH || bytes[at + WORD_BYTES] === BLANK
    ? HEAD.test(bytes.toString('latin1', at, at + HEAD_BYTES))
    : false;
}

export function hasBegin(bytes: Buffer): boolean {
  return new BeginWords().some(bytes, isHead);
}

function decodeBase64Lines(bytes: Buffer, start: number): readonly Reading[] {
  const stop = bytes.indexOf('\n====', start);
  return base64Readings(bytes, start, stop === -1 ? bytes.length : stop);
}

/** uuencoded files in any text, with or without an end, and the base64 form of POSIX. */
export function createUuencodeUnpacker(likeness: TextLikeness, words: BeginWords): Unpacker {
  return {
    name: 'uuencode',
    recognises: (piece) => likeness.of(piece) && words.some(piece.bytes, isHead),
    unpack: (piece, out) => unpackUuencode(viewOf(piece.bytes), out),
  };
}

function unpackUuencode(bytes: Buffer, out: Yield): void {
  const text = bytes.toString('latin1');
  let files = 0;
  for (const match of text.matchAll(BEGIN)) {
    files += 1;
    if (files > MAX_FILES) {
      out.cannot('bomb', `more than ${MAX_FILES} uuencoded files in one text`);
      return;
    }
    const { next } = lineAt(bytes, match.index + match[0].length);
    const readings = match[1] === undefined ? [() => decodeUu(bytes, next)] : decodeBase64Lines(bytes, next);
    for (const read of readings) {
      out.emit(match[2] ?? '', read());
    }
  }
}
