import { u8, viewOf } from './byte-view.ts';
import { inflateZlib, isZlibHeader } from './decompress.ts';
import { numberOf } from './pdf-text.ts';
import type { Inflated } from './tolerant-inflate.ts';

/** Decoders of ISO 32000 7.4, each bounded by `cap` bytes of output and tolerant of every damage. */
export type PdfFilter = (input: Buffer, cap: number) => Inflated;

function done(bytes: Buffer, consumed: number, cap: number): Inflated {
  return bytes.length > cap
    ? { bytes: bytes.subarray(0, cap), consumed, end: 'capped' }
    : { bytes, consumed, end: 'complete' };
}

const NO_DIGIT = 255;
const HEX_VALUE = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = String.fromCharCode(code);
  return /[0-9a-fA-F]/.test(digit) ? Number.parseInt(digit, 16) : NO_DIGIT;
});

/** By bytes: a string of which every other character is dropped takes fifty times its length. */
function asciiHex(input: Buffer, cap: number): Inflated {
  const mark = input.indexOf('>');
  const end = mark < 0 ? input.length : mark;
  const out = Buffer.alloc(Math.min(cap, Math.ceil(end / 2)) + 1);
  let digits = 0;
  for (let at = 0; at < end && digits < 2 * out.length; at += 1) {
    const value = HEX_VALUE[u8(input, at)] ?? NO_DIGIT;
    if (value === NO_DIGIT) continue;
    const byte = digits >> 1;
    out[byte] = (digits & 1) === 0 ? value << 4 : u8(out, byte) | value;
    digits += 1;
  }
  return done(out.subarray(0, (digits + 1) >> 1), input.length, cap);
}

function ascii85(input: Buffer, cap: number): Inflated {
  const out = Buffer.alloc(Math.min(cap, input.length * 4) + 4);
  let length = 0;
  let group = 0;
  let count = 0;
  let at = input[0] === 0x3c && input[1] === 0x7e ? 2 : 0;
  for (; at < input.length && length + 4 <= out.length; at += 1) {
    const byte = u8(input, at);
    if (byte === 0x7e) {
      break;
    }
    if (byte === 0x7a && count === 0) {
      length += 4; // `z` is four zeros
    } else if (byte >= 0x21 && byte <= 0x75) {
      group = group * 85 + (byte - 0x21);
      count += 1;
      if (count === 5) {
        out.writeUInt32BE(group % 0x1_0000_0000, length);
        length += 4;
        group = 0;
        count = 0;
      }
    }
  }
  if (count > 1 && length + 4 <= out.length) {
    for (let i = count; i < 5; i += 1) {
      group = group * 85 + 84;
    }
    out.writeUInt32BE(group % 0x1_0000_0000, length);
    length += count - 1;
  }
  return done(out.subarray(0, length), at, cap);
}

const RUN_END = 128;

/** Bytes that the run with this first byte stands for (ISO 32000 7.4.5). */
function runBytes(first: number): number {
  return first < 128 ? first + 1 : 257 - first;
}

/** Into one buffer: a run may be two bytes, and a piece of memory for each would be a hundred times the input. */
function runLength(input: Buffer, cap: number): Inflated {
  let end = 0;
  let length = 0;
  while (end < input.length && length <= cap && u8(input, end) !== RUN_END) {
    const first = u8(input, end);
    length += runBytes(first);
    end += first < 128 ? first + 2 : 2;
  }
  const out = Buffer.alloc(length);
  let to = 0;
  for (let at = 0; at < end;) {
    const first = u8(input, at);
    const count = runBytes(first);
    if (first < 128) {
      to += input.copy(out, to, at + 1, at + 1 + count); // the last may be cut
    } else {
      out.fill(u8(input, at + 1), to, to + count);
      to += count;
    }
    at += first < 128 ? first + 2 : 2;
  }
  return done(out.subarray(0, to), Math.min(end, input.length), cap);
}

const LZW_CLEAR = 256;
const LZW_END = 257;
const LZW_CODES = 4096;

/** Blanks before a stream that readers pass over. */
const MAX_LEADING_BLANKS = 8;

/** zlib; a writer that puts a line end too many before it is read as well. */
function flate(input: Buffer, cap: number): Inflated {
  let at = 0;
  while (at < MAX_LEADING_BLANKS && (input[at] === 0x0a || input[at] === 0x0d || input[at] === 0x20)) {
    at += 1;
  }
  return inflateZlib(at > 0 && isZlibHeader(input, at) ? input.subarray(at) : input, cap);
}

/** The table of an LZW decoder as links: each code is an earlier code and one more byte. */
class LzwTable {
  readonly #prefix = new Uint16Array(LZW_CODES);
  readonly #last = new Uint8Array(LZW_CODES);
  readonly #length = new Uint16Array(LZW_CODES);
  next = 258;

  constructor() {
    for (let code = 0; code < 256; code += 1) {
      this.#last[code] = code;
      this.#length[code] = 1;
    }
  }

  lengthOf(code: number): number {
    return this.#length[code] ?? 0;
  }

  write(code: number, out: Buffer, at: number): void {
    let current = code;
    for (let position = at + this.lengthOf(code) - 1; position >= at; position -= 1) {
      out[position] = this.#last[current] ?? 0;
      current = this.#prefix[current] ?? 0;
    }
  }

  firstOf(code: number): number {
    let current = code;
    while (this.lengthOf(current) > 1) {
      current = this.#prefix[current] ?? 0;
    }
    return this.#last[current] ?? 0;
  }

  add(prefix: number, last: number): void {
    if (this.next < LZW_CODES) {
      this.#prefix[this.next] = prefix;
      this.#last[this.next] = last;
      this.#length[this.next] = this.lengthOf(prefix) + 1;
      this.next += 1;
    }
  }
}

/** LZW with codes of 9 to 12 bits, most significant bit first. `early` is the EarlyChange parameter. */
export function decodeLzw(input: Buffer, cap: number, early = 1): Inflated {
  let table = new LzwTable();
  let out = Buffer.allocUnsafe(Math.min(cap, input.length * 4 + 4096));
  let length = 0;
  let previous = -1;
  let bits = 0;
  let held = 0;
  for (let at = 0; at < input.length; at += 1) {
    held = ((held << 8) | u8(input, at)) & 0xff_ffff;
    bits += 8;
    const width = Math.min(12, 32 - Math.clz32(Math.max(256, table.next + early)));
    if (bits < width) {
      continue;
    }
    bits -= width;
    const code = (held >>> bits) & ((1 << width) - 1);
    if (code === LZW_END) {
      return { bytes: out.subarray(0, length), consumed: at, end: 'complete' };
    }
    if (code === LZW_CLEAR) {
      table = new LzwTable();
      previous = -1;
      continue;
    }
    if (code > table.next || (previous < 0 && code > 255)) {
      return { bytes: out.subarray(0, length), consumed: at, end: 'broken' };
    }
    if (previous >= 0) {
      table.add(previous, table.firstOf(code < table.next ? code : previous));
    }
    const size = table.lengthOf(code);
    if (length + size > cap) {
      return { bytes: out.subarray(0, length), consumed: at, end: 'capped' };
    }
    if (length + size > out.length) {
      out = Buffer.concat([out], Math.min(cap, out.length * 2 + size));
    }
    table.write(code, out, length);
    length += size;
    previous = code;
  }
  return { bytes: out.subarray(0, length), consumed: input.length, end: 'complete' };
}

const FILTERS: ReadonlyMap<string, PdfFilter> = new Map([
  ['FlateDecode', flate],
  ['Fl', flate],
  ['LZWDecode', decodeLzw],
  ['LZW', decodeLzw],
  ['ASCII85Decode', ascii85],
  ['A85', ascii85],
  ['ASCIIHexDecode', asciiHex],
  ['AHx', asciiHex],
  ['RunLengthDecode', runLength],
  ['RL', runLength],
]);

/** Pixels, which nothing else looks at; filters behind them are not undone. */
export const PICTURE_FILTERS: ReadonlySet<string> = new Set(
  'DCTDecode DCT JPXDecode CCITTFaxDecode CCF JBIG2Decode'.split(' '),
);

/** The parameter of LZW that says codes grow one code later (ISO 32000-2 table 8). */
const GROWS_LATE = /\/EarlyChange\s{0,16}0(?!\d)/;

function decodeLateLzw(input: Buffer, cap: number): Inflated {
  return decodeLzw(input, cap, 0);
}

/** `dictionary`: of the stream, with its parameters. */
export function pdfFilter(name: string, dictionary = ''): PdfFilter | undefined {
  const filter = FILTERS.get(name);
  return filter === decodeLzw && GROWS_LATE.test(dictionary) ? decodeLateLzw : filter;
}

/** Which of three neighbours is nearest to their plane, as arithmetic without arrays: it runs for each byte. */
function paeth(left: number, up: number, corner: number): number {
  const a = Math.abs(up - corner);
  const b = Math.abs(left - corner);
  const c = Math.abs(left + up - 2 * corner);
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** What a byte is expected to be, by the kind of its row (ISO 15948 9.2); an unknown kind expects nothing. */
function expected(kind: number, left: number, up: number, corner: number): number {
  if (kind === 1) return left;
  if (kind === 2) return up;
  if (kind === 3) return (left + up) >> 1;
  return kind === 4 ? paeth(left, up, corner) : 0;
}

/** Undoes the PNG predictors (10 to 15); `row` and `step` in bytes. */
export function undoPngPredictor(input: Uint8Array, row: number, step: number): Buffer {
  const source = viewOf(input);
  const rows = Math.ceil(source.length / (row + 1));
  const out = Buffer.alloc(rows * row);
  for (let y = 0; y < rows; y += 1) {
    const kind = u8(source, y * (row + 1));
    for (let x = 0; x < row; x += 1) {
      const at = y * row + x;
      const left = x >= step ? u8(out, at - step) : 0;
      const up = y > 0 ? u8(out, at - row) : 0;
      const corner = x >= step && y > 0 ? u8(out, at - row - step) : 0;
      out[at] = u8(source, y * (row + 1) + 1 + x) + expected(kind, left, up, corner);
    }
  }
  return out;
}

/** Undoes the TIFF predictor (2) of samples of one byte: each is the difference to the one `step` bytes before. */
function undoTiffPredictor(input: Uint8Array, row: number, step: number): Buffer {
  const out = Buffer.from(input);
  for (let at = 0; at < out.length; at += 1) {
    out[at] = u8(out, at) + (at % row >= step ? u8(out, at - step) : 0);
  }
  return out;
}

/** What the parameters of the filters say of the rows that came out; those of pictures are left as they are. */
export function undoPredictor(bytes: Buffer, dictionary: string): Buffer {
  const predictor = numberOf(dictionary, 'Predictor') ?? 1;
  const columns = numberOf(dictionary, 'Columns') ?? 1;
  const colors = numberOf(dictionary, 'Colors') ?? 1;
  const bits = numberOf(dictionary, 'BitsPerComponent') ?? 8;
  const row = Math.ceil((columns * colors * bits) / 8);
  const isPicture = /\/Subtype\s{0,16}\/Image/.test(dictionary);
  const isTiff = predictor === 2 && bits === 8;
  if ((predictor < 10 && !isTiff) || isPicture || row < 1 || row > 65_536) {
    return bytes;
  }
  const undo = isTiff ? undoTiffPredictor : undoPngPredictor;
  return undo(bytes, row, Math.max(1, (colors * bits) >> 3));
}
