import { viewOf } from '../../unpack/byte-view.ts';
import { hasKnownStart } from '../../unpack/known-start.ts';
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

/** One file, or one of the parts in which it was posted. */
interface YencFile {
  readonly name: string;
  /** Where a part says that it belongs in the file, from 1 on; 0 for a whole file. */
  readonly begin: number;
  readonly data: Buffer;
}

/** The header, the line of a part behind it, and the data. */
function readFile(bytes: Buffer, at: number): YencFile {
  const header = bytes.toString('latin1', at, Math.min(bytes.length, at + 300));
  const name = /name=([^\r\n]*)/.exec(header)?.[1] ?? '';
  const start = afterLine(bytes, at);
  const next = bytes.toString('latin1', start, Math.min(bytes.length, start + 100));
  const part = /^=ypart [^\r\n]*?begin=(\d{1,15})/.exec(next);
  const data = decodeData(bytes, next.startsWith('=ypart ') ? afterLine(bytes, start) : start);
  return { name, begin: Number(part?.[1] ?? 0), data };
}

/**
 * The parts that go on where the one before them ends, in the order of the file; a part that is missing ends it. Of
 * several that begin at one place the first in the list counts.
 */
function chainOf(parts: readonly YencFile[]): YencFile[] {
  const chain: YencFile[] = [];
  let next = 1;
  for (const part of parts.toSorted((one, other) => one.begin - other.begin)) {
    if (part.begin === next) {
      chain.push(part);
      next += part.data.length;
    }
  }
  return chain;
}

/**
 * Parts of one name as the file that they are; every other part by itself, because some readers join nothing. Where two
 * begin at one place, some readers keep the first and others write the last over it.
 */
function emitParts(name: string, parts: readonly YencFile[], out: Yield): void {
  const first = chainOf(parts);
  const last = chainOf(parts.toReversed());
  const isSame = first.length === last.length && first.every((part, index) => part === last[index]);
  for (const chain of isSame ? [first] : [first, last]) {
    if (chain.length > 0) {
      out.emit(name, Buffer.concat(chain.map(({ data }) => data)));
    }
  }
  const joined = new Set([...first, ...last]);
  for (const part of parts.filter((each) => !joined.has(each) || isFileInside(each))) {
    out.emit(name, part.data);
  }
}

/** A later part that begins like a file of its own. */
function isFileInside({ begin, data }: YencFile): boolean {
  return begin > 1 && hasKnownStart(data);
}

function unpackYenc(bytes: Buffer, out: Yield): void {
  const parts: YencFile[] = [];
  let files = 0;
  for (let at = bytes.indexOf(BEGIN); at !== -1; at = bytes.indexOf(BEGIN, at + 1)) {
    files += 1;
    if (files > MAX_FILES) {
      out.cannot('bomb', `more than ${MAX_FILES} yEnc files in one piece`);
      break;
    }
    const file = readFile(bytes, at);
    if (file.begin > 0) {
      parts.push(file);
    } else {
      out.emit(file.name, file.data);
    }
  }
  for (const [name, ofName] of Map.groupBy(parts, (part) => part.name)) {
    emitParts(name, ofName, out);
  }
}
