import { viewOf } from '../../unpack/byte-view.ts';
import type { Unpacker, Yield } from '../../unpack/unpacker.ts';
import type { BeginWords } from './begin-words.ts';
import type { TextLikeness } from './text-likeness.ts';

const LF = 0x0a;
const CR = 0x0d;
const ESCAPE = 0x3d;

/** A needle in bytes: the search for a string is several times slower. */
const BEGIN = Buffer.from('=ybegin ');
const END = Buffer.from('=yend');

/** Where the first file begins in a piece that does not look like text; yEnc data itself does not. */
const HEADER_BYTES = 4096;

/** Files begun in one piece; each costs a look at the bytes behind it. */
const MAX_FILES = 100;

/** `at`: of the word in it. */
function isHead(bytes: Buffer, at: number): boolean {
  const start = at - BEGIN.indexOf('begin');
  return start >= 0 && bytes.subarray(start, start + BEGIN.length).equals(BEGIN);
}

function afterLine(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(LF, at);
  return end === -1 ? bytes.length : end + 1;
}

/** Decodes data lines up to `=yend`, the next file or the end. */
function decodeData(bytes: Buffer, start: number): Buffer {
  const ends = [bytes.indexOf(END, start), bytes.indexOf(BEGIN, start)].filter((at) => at !== -1);
  const end = Math.min(bytes.length, ...ends);
  const out = Buffer.allocUnsafe(end - start);
  let length = 0;
  for (let i = start; i < end; i += 1) {
    let byte = bytes[i] ?? 0;
    if (byte === LF || byte === CR) {
      continue;
    }
    if (byte === ESCAPE) {
      i += 1;
      byte = (bytes[i] ?? 0) - 64;
    }
    out[length] = (byte - 42) & 0xff;
    length += 1;
  }
  return out.subarray(0, length);
}

/** yEnc files wherever they stand. */
export function createYencUnpacker(likeness: TextLikeness, words: BeginWords): Unpacker {
  return {
    name: 'yenc',
    recognises: (piece) =>
      likeness.of(piece)
        ? words.some(piece.bytes, isHead)
        : viewOf(piece.bytes).subarray(0, HEADER_BYTES).includes(BEGIN),
    unpack: (piece, out) => unpackYenc(viewOf(piece.bytes), out),
  };
}

function unpackYenc(bytes: Buffer, out: Yield): void {
  let files = 0;
  for (let at = bytes.indexOf(BEGIN); at !== -1; at = bytes.indexOf(BEGIN, at + 1)) {
    files += 1;
    if (files > MAX_FILES) {
      out.cannot('bomb', `more than ${MAX_FILES} yEnc files in one piece`);
      return;
    }
    const header = bytes.toString('latin1', at, Math.min(bytes.length, at + 300));
    let start = afterLine(bytes, at);
    if (bytes.toString('latin1', start, start + 7) === '=ypart ') {
      start = afterLine(bytes, start);
    }
    out.emit(/name=([^\r\n]*)/.exec(header)?.[1] ?? '', decodeData(bytes, start));
  }
}
