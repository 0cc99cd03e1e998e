import { latin1 } from './byte-view.ts';
import type { CodeMap } from './pdf-code-map.ts';

/**
 * What a page shows: its strings put together, however its program cuts and places them (ISO 32000 9.4). The whole
 * program is read, in linear time: a string that is not closed before the next one begins is none.
 */

/** Kerning, in thousandths of the letter size, from which on it is a blank between words. */
const BLANK_KERNING = -200;
/** Digits of a kerning; more are no text that anybody can see. */
const MAX_DIGITS = 6;
/** Blanks before the operator that shows a string, and before the string that a kerning belongs to. */
const MAX_BLANKS = 16;
const MAX_KERNING_BLANKS = 4;
/**
 * Bytes that no operator has, outside strings: behind so many of them reading goes on where text begins again.
 * Pictures have these letters by accident, and read to their end they cost a tenth of the scan of a PDF.
 */
export const MAX_STRANGE_BYTES = 16 * 1024;

const BEGIN_TEXT = Buffer.from('BT');
const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
const DOUBLE = 0x22;
const SINGLE = 0x27;
const OPEN = 0x28;
const CLOSE = 0x29;
const STAR = 0x2a;
const MINUS = 0x2d;
const DOT = 0x2e;
const LESS = 0x3c;
const GREATER = 0x3e;
const LETTER_E = 0x45;
const LETTER_J = 0x4a;
const LETTER_F = 0x66;
const LETTER_T = 0x54;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const CASE_BIT = 0x20;

/** Blanks and delimiters (ISO 32000 7.2.3); an operator stands between them. */
const BLANKS = new Uint8Array(256);
const BOUNDARIES = new Uint8Array(256);
for (const byte of [0, 9, LF, 12, CR, BLANK]) {
  BLANKS[byte] = 1;
  BOUNDARIES[byte] = 1;
}
for (const byte of Buffer.from('()<>[]{}/%')) {
  BOUNDARIES[byte] = 1;
}
/** What a byte outside strings is: of no interest, where something of interest begins, or part of no operator. */
const INTERESTING = 1;
const STRANGE = 2;
const KINDS = new Uint8Array(256).fill(STRANGE, 0x7f).fill(STRANGE, 0, BLANK);
for (const byte of [0, 9, LF, 12, CR]) {
  KINDS[byte] = 0;
}
for (const byte of [OPEN, LESS, GREATER, MINUS, LETTER_T, LETTER_E, CLOSE_ARRAY]) {
  KINDS[byte] = INTERESTING;
}

const ESCAPES: ReadonlyMap<number, number> = new Map(
  Object.entries({ n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' }).map(([letter, meaning]) => [
    letter.charCodeAt(0),
    meaning.charCodeAt(0),
  ]),
);

function hexOf(byte: number): number {
  const letter = byte | CASE_BIT;
  return isDigit(byte) ? byte - 0x30 : letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isBoundary(bytes: Buffer, at: number): boolean {
  return at < 0 || at >= bytes.length || BOUNDARIES[bytes[at] ?? 0] === 1;
}

/** Where some text begins, or -1: in data that are no page these letters stand as well, but hardly by themselves. */
function nextText(bytes: Buffer, from = 0): number {
  for (let at = bytes.indexOf(BEGIN_TEXT, from); at >= 0; at = bytes.indexOf(BEGIN_TEXT, at + 1)) {
    if (isBoundary(bytes, at - 1) && isBoundary(bytes, at + BEGIN_TEXT.length)) {
      return at;
    }
  }
  return -1;
}

/** The name of a font and its size, before the operator. */
const MAX_FONT_OPERANDS = 64;
const FONT = /\/([^\s/<>[\]()]{1,32})\s{1,8}-?[\d.]{1,16}\s{1,8}$/;
const NO_CHARACTER = Buffer.alloc(0);

/** A code of one byte is a character of three; ligatures are more, and few. */
const MAX_EXPANSION = 4;

/** Room for what is shown at first: most streams in which some text seems to begin are no pages. */
const FIRST_ROOM = 4 * 1024;

/** The map of the font with that name; undefined when its codes are characters. */
export type FontMaps = (name: string) => CodeMap | undefined;

class ShownText {
  readonly #bytes: Buffer;
  readonly #maps: FontMaps | undefined;
  #map: CodeMap | undefined;
  #out = Buffer.allocUnsafe(FIRST_ROOM);
  #length = 0;
  #isShown = false;

  constructor(bytes: Buffer, maps: FontMaps | undefined) {
    this.#bytes = bytes;
    this.#maps = maps;
  }

  read(): Buffer | undefined {
    for (let at = 0; at >= 0 && at < this.#bytes.length;) {
      at = this.#readUntilStrange(at);
    }
    return this.#isShown ? this.#out.subarray(0, this.#length) : undefined;
  }

  /** Where reading goes on, or -1. */
  #readUntilStrange(from: number): number {
    const bytes = this.#bytes;
    let strange = 0;
    for (let at = from; at < bytes.length;) {
      const kind = KINDS[bytes[at] ?? 0];
      if (kind === INTERESTING) {
        at = this.#token(at);
        continue;
      }
      at += 1;
      strange += kind === STRANGE ? 1 : 0;
      if (strange > MAX_STRANGE_BYTES) {
        return nextText(bytes, at);
      }
    }
    return -1;
  }

  /** Where reading goes on behind the token at `at`. */
  #token(at: number): number {
    switch (this.#bytes[at] ?? 0) {
      case OPEN: {
        return this.#literal(at + 1);
      }
      case LESS: {
        return this.#hexadecimal(at + 1);
      }
      case MINUS: {
        return this.#kerning(at + 1);
      }
      case CLOSE_ARRAY:
      case GREATER: {
        this.#look(at + 1);
        return at + 1;
      }
      default: {
        return this.#operator(at);
      }
    }
  }

  #put(byte: number): void {
    if (this.#length === this.#out.length) {
      this.#out = Buffer.concat([this.#out], 2 * this.#length);
    }
    this.#out[this.#length] = byte;
    this.#length += 1;
  }

  /** Looks for an operator that shows what ends here. */
  #look(behind: number): void {
    if (!this.#isShown) {
      const at = this.#behindBlanks(behind, MAX_BLANKS);
      const byte = this.#bytes[at];
      const isTj = byte === LETTER_T && ((this.#bytes[at + 1] ?? 0) & ~CASE_BIT) === LETTER_J;
      this.#isShown = isTj || byte === SINGLE || byte === DOUBLE;
    }
  }

  #behindBlanks(from: number, most: number): number {
    let at = from;
    while (at < from + most && BLANKS[this.#bytes[at] ?? 1] === 1) {
      at += 1;
    }
    return at;
  }

  /** A string that begins at `from` of what was put, by the map of its font. */
  #translate(from: number): void {
    if (this.#map === undefined) {
      return;
    }
    const { width, characters } = this.#map;
    const codes = Buffer.from(this.#out.subarray(from, this.#length));
    this.#length = from;
    const most = MAX_EXPANSION * this.#bytes.length;
    for (let at = 0; at + width <= codes.length && this.#length < most; at += width) {
      for (const byte of characters.get(codes.readUIntBE(at, width)) ?? NO_CHARACTER) {
        this.#put(byte);
      }
    }
  }

  /** `/F1 12 Tf` takes another font. */
  #font(at: number): void {
    const before = latin1(this.#bytes, Math.max(0, at - MAX_FONT_OPERANDS), at);
    const name = FONT.exec(before)?.[1];
    this.#map = name === undefined ? undefined : this.#maps?.(name);
  }

  /** `T*` and `ET` end a line. */
  #operator(at: number): number {
    const next = this.#bytes[at + 1];
    if (next === LETTER_F && this.#maps !== undefined && this.#bytes[at] === LETTER_T) {
      this.#font(at);
    }
    const isEnd = next === LETTER_T && isBoundary(this.#bytes, at - 1) && isBoundary(this.#bytes, at + 2);
    if (this.#bytes[at] === LETTER_T ? next !== STAR : !isEnd) {
      return at + 1;
    }
    this.#put(LF);
    return at + 2;
  }

  #literal(start: number): number {
    const length = this.#length;
    for (let at = start; at < this.#bytes.length;) {
      const byte = this.#bytes[at] ?? 0;
      if (byte === CLOSE) {
        this.#translate(length);
        this.#look(at + 1);
        return at + 1;
      }
      if (byte === OPEN) {
        break;
      }
      if (byte === BACKSLASH) {
        at = this.#escape(at + 1);
      } else {
        this.#put(byte);
        at += 1;
      }
    }
    this.#length = length;
    return start;
  }

  /** Behind a backslash (ISO 32000 7.3.4.2). */
  #escape(at: number): number {
    const byte = this.#bytes[at] ?? 0;
    const isOctal = (place: number): boolean => ((this.#bytes[place] ?? 0) & 0xf8) === 0x30;
    if (!isOctal(at)) {
      if (byte !== CR && byte !== LF) {
        this.#put(ESCAPES.get(byte) ?? byte);
      }
      return byte === CR && this.#bytes[at + 1] === LF ? at + 2 : at + 1;
    }
    let code = 0;
    let end = at;
    while (end < at + 3 && isOctal(end)) {
      code = code * 8 + (this.#bytes[end] ?? 0) - 0x30;
      end += 1;
    }
    this.#put(code & 0xff);
    return end;
  }

  #hexadecimal(start: number): number {
    const length = this.#length;
    let high = -1;
    for (let at = start; at < this.#bytes.length; at += 1) {
      const byte = this.#bytes[at] ?? 0;
      const digit = hexOf(byte);
      if (byte === GREATER) {
        this.#translate(length);
        return at;
      }
      if (digit < 0 && BLANKS[byte] === 0) {
        break;
      }
      if (digit >= 0 && high >= 0) {
        this.#put(high * 16 + digit);
      }
      high = digit < 0 ? high : high >= 0 ? -1 : digit;
    }
    this.#length = length;
    return start;
  }

  #kerning(start: number): number {
    let end = start;
    let value = 0;
    while (end < start + MAX_DIGITS && isDigit(this.#bytes[end])) {
      value = value * 10 + (this.#bytes[end] ?? 0) - 0x30;
      end += 1;
    }
    let behind = this.#bytes[end] === DOT ? end + 1 : end;
    while (behind > end && behind < end + MAX_DIGITS && isDigit(this.#bytes[behind])) {
      behind += 1;
    }
    const next = this.#bytes[this.#behindBlanks(behind, MAX_KERNING_BLANKS)];
    if (-value <= BLANK_KERNING && (next === OPEN || next === LESS)) {
      this.#put(BLANK);
    }
    return Math.max(start, end);
  }
}

/** Characters of a line below which lines are no lines: a program that places each letter by itself ends one behind each. */
const MIN_LINE = 4;

/** The text of a page as one line, when its lines are hardly longer than a letter. */
export function joinedLetters(text: Buffer): Buffer | undefined {
  const letters = text.filter((byte) => byte !== LF);
  const lines = text.length - letters.length;
  return lines > MIN_LINE && letters.length < lines * MIN_LINE ? Buffer.from(letters) : undefined;
}

/** The text of a page; undefined when the bytes are none. `maps`: what the codes of its fonts stand for. */
export function shownText(bytes: Buffer, maps?: FontMaps): Buffer | undefined {
  return nextText(bytes) < 0 ? undefined : new ShownText(bytes, maps).read();
}
