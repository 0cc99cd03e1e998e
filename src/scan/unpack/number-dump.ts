import type { Piece } from '../piece.ts';
import { latin1, viewOf } from './byte-view.ts';
import { PieceJoiner } from './piece-joiner.ts';
import { looksLikeText } from './script-text.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** Dumps as `od` writes them: numbers in octal or decimal, of one byte or of two, words in hex, or characters. */

/** Fewer lines are a quotation or a table. */
const MIN_LINES = 4;
/** Characters of a line, and values on it. */
const MAX_LINE = 400;
const MAX_VALUES = 64;
const LF = 0x0a;
const CR = 0x0d;

type Kind =
  | 'octal'
  | 'octal words'
  | 'decimal'
  | 'decimal words'
  | 'hex words'
  | 'hex long words'
  | 'characters';

/** A place, seven digits by default, or blanks instead. */
const OFFSET = /^(?:([\da-f]{7,10})[ \t]{1,8}|[ \t]{1,8})(?=\S)/;
const KINDS: readonly {
  readonly kind: Kind;
  readonly widths: readonly number[];
  readonly values: RegExp;
}[] = [
  { kind: 'octal', widths: [3], values: /^(?:[0-3][0-7]{2}(?:[ \t]{1,4}|$)){4,64}$/ },
  { kind: 'octal words', widths: [6], values: /^(?:[01][0-7]{5}(?:[ \t]{1,4}|$)){4,32}$/ },
  { kind: 'hex words', widths: [4], values: /^(?:[\da-f]{4}(?:[ \t]{1,4}|$)){4,32}$/ },
  { kind: 'hex long words', widths: [8], values: /^(?:[\da-f]{8}(?:[ \t]{1,4}|$)){2,16}$/ },
  { kind: 'decimal words', widths: [4, 5], values: /^(?:\d{1,5}(?:[ \t]{1,6}|$)){4,32}$/ },
  { kind: 'decimal', widths: [1, 2, 3], values: /^(?:\d{1,3}(?:[ \t]{1,4}|$)){4,64}$/ },
];

const WRITTEN: Readonly<Record<string, number>> = {
  '\\0': 0,
  '\\a': 7,
  '\\b': 8,
  '\\t': 9,
  '\\n': 10,
  '\\v': 11,
  '\\f': 12,
  '\\r': 13,
};

/** Numbers of two bytes stand the lower byte first, as the machines have them that write such dumps. */
function bytesOf(kind: Kind, tokens: readonly string[]): Buffer {
  const radix = kind.startsWith('decimal') ? 10 : kind.startsWith('hex') ? 16 : 8;
  const width = kind === 'hex long words' ? 4 : kind.endsWith('words') ? 2 : 1;
  const bytes = Buffer.allocUnsafe(tokens.length * width);
  for (const [at, token] of tokens.entries()) {
    const value = Number.parseInt(token, radix);
    for (let place = 0; place < width; place += 1) {
      bytes[at * width + place] = (value >>> (8 * place)) & 255;
    }
  }
  return bytes;
}

/** Characters stand in columns of four; a blank has one of its own. */
function charactersOf(line: string): Buffer | undefined {
  const bytes: number[] = [];
  for (const column of line.match(/.{1,4}/g) ?? []) {
    const text = column.trim() === '' ? ' ' : column.trim();
    if (!/^(?:[\x20-\x7e]|\\[0abfnrtv]|[0-3][0-7]{2})$/.test(text)) {
      return undefined;
    }
    bytes.push(text.length === 3 ? Number.parseInt(text, 8) : (WRITTEN[text] ?? text.charCodeAt(0)));
  }
  return bytes.length >= 4 && bytes.length <= MAX_VALUES ? Buffer.from(bytes) : undefined;
}

/** Collects the lines of one kind that follow each other. */
class NumberLines {
  readonly #joiner: PieceJoiner;
  readonly #lines = new Map<Kind, Buffer[]>();

  constructor(joiner: PieceJoiner) {
    this.#joiner = joiner;
  }

  /** A line that may be written in more than one way counts for each. */
  add(line: string): void {
    const [whole = '', offset] = OFFSET.exec(line) ?? [];
    const rest = line.slice(whole.length).trimEnd();
    const tokens = whole === '' ? [] : rest.split(/[ \t]+/);
    const width = tokens[0]?.length ?? 0;
    for (const { kind, widths, values } of KINDS) {
      const isFramed = whole !== '' && (offset !== undefined || kind !== 'decimal');
      const isOne = isFramed && widths.includes(width) && values.test(rest);
      this.#put(kind, isOne ? bytesOf(kind, tokens) : undefined);
    }
    const isWide = offset === undefined || width > 3;
    this.#put('characters', isWide ? undefined : charactersOf(line.slice(offset.length)));
  }

  end(): void {
    this.add('');
  }

  #put(kind: Kind, bytes: Buffer | undefined): void {
    const lines = this.#lines.get(kind) ?? [];
    if (bytes !== undefined) {
      lines.push(bytes);
      this.#lines.set(kind, lines);
      return;
    }
    if (lines.length >= MIN_LINES) {
      this.#joiner.add(Buffer.concat(lines));
    }
    this.#lines.delete(kind);
  }
}

const DIGIT = Uint8Array.from({ length: 256 }, (_, code) =>
  /[\da-f]/.test(String.fromCharCode(code)) ? 1 : 0,
);
const BLANK = 0x20;

/** Whether a line begins as `OFFSET` asks: most lines of a text do not. */
function mayBegin(view: Buffer, at: number): boolean {
  if (view[at] === BLANK && view[at + 1] !== BLANK) {
    return DIGIT[view[at + 1] ?? 0] === 1;
  }
  for (let place = at; place < at + 7; place += 1) {
    if (DIGIT[view[place] ?? 0] !== 1) {
      return false;
    }
  }
  return true;
}

/** Each line that may belong to a dump; an empty text for others. */
function* linesOf(view: Buffer): Generator<string, void, void> {
  for (let at = 0; at < view.length;) {
    const found = view.indexOf(LF, at);
    const end = found < 0 ? view.length : found;
    const isLine = end - at >= 8 && end - at <= MAX_LINE && mayBegin(view, at);
    yield isLine ? latin1(view, at, view[end - 1] === CR ? end - 1 : end) : '';
    at = end + 1;
  }
}

/** Whether as many lines as a dump has begin so one after the other. */
function hasDump(view: Buffer): boolean {
  let lines = 0;
  for (let at = 0; at < view.length && lines < MIN_LINES;) {
    const end = view.indexOf(LF, at);
    lines = mayBegin(view, at) ? lines + 1 : 0;
    at = end < 0 ? view.length : end + 1;
  }
  return lines >= MIN_LINES;
}

export function createNumberDumpUnpacker(): Unpacker {
  return {
    name: 'number-dump',
    recognises: ({ bytes }: Piece) => looksLikeText(bytes) && hasDump(viewOf(bytes)),
    unpack: ({ bytes }: Piece, out: Yield) => {
      const joiner = new PieceJoiner(out, 'dump', 16);
      const lines = new NumberLines(joiner);
      for (const line of linesOf(viewOf(bytes))) {
        lines.add(line);
      }
      lines.end();
      joiner.flush();
    },
  };
}
