import { wholeWords } from './whole-words.ts';

/** Arrays of numbers in a text, decimal or hexadecimal. All take linear time. */

/** Words that stand between the numbers of a string built from character codes. */
const GLUE: ReadonlySet<string> = new Set([
  'chr',
  'chrw',
  'chrb',
  'char',
  'string',
  'fromcharcode',
  'byte',
  'int',
]);

/** Classes for numbers: digits, letters, what may stand between the elements of an array. */
const DIGIT = 1;
const WORD = 2;
const BETWEEN = 3;
const MINUS = 4;
const QUOTE = 5;
const ZERO = 0x30;
const NINE = 0x39;
const DOT = 0x2e;
const NUMBER_CLASS = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[0-9]/.test(character)
    ? DIGIT
    : /[A-Za-z_$]/.test(character)
      ? WORD
      : /[\s,;+&()[\]{}|~!#@*^:]/.test(character)
        ? BETWEEN
        : character === '-'
          ? MINUS
          : /["']/.test(character)
            ? QUOTE
            : 0;
});

/** The longest number in quotes of its own, digits and prefix. */
const MAX_QUOTED = 6;

/** Digits, and letters of numbers to the base of 16. */
const IS_NUMERIC = Uint8Array.from({ length: 256 }, (_, code) =>
  /[0-9a-fx]/i.test(String.fromCharCode(code)) ? 1 : 0,
);

/** How many bytes of a number stand from `at` on in steps of `step`, and then the quote; zero when there is none. */
function quotedLength(bytes: Uint8Array, at: number, step: 1 | -1): number {
  let length = 0;
  while (length <= MAX_QUOTED && IS_NUMERIC[bytes[at + step * (length + 1)] ?? 0] === 1) {
    length += 1;
  }
  return bytes[at + step * (length + 1)] === bytes[at] ? length : 0;
}

/**
 * A minus between two numbers parts them; anywhere else it belongs to a negative one, and such an array is read elsewhere.
 * A quote does around one number; others end the texts that arrays stand in.
 */
function classAt(bytes: Uint8Array, at: number): number {
  const kind = NUMBER_CLASS[bytes[at] ?? 0] ?? 0;
  if (kind < MINUS) {
    return kind;
  }
  if (kind === QUOTE) {
    return quotedLength(bytes, at, 1) > 0 || quotedLength(bytes, at, -1) > 0 ? BETWEEN : 0;
  }
  const before = NUMBER_CLASS[bytes[at - 1] ?? 0];
  return before === DIGIT || before === WORD ? BETWEEN : 0;
}

/** The end of a word or number: letters and digits in any order. */
function tokenEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let kind = classAt(bytes, at); kind === DIGIT || kind === WORD; kind = classAt(bytes, at)) {
    at += 1;
  }
  return at;
}

function isInToken(bytes: Uint8Array, at: number): boolean {
  const kind = classAt(bytes, at);
  return kind === DIGIT || kind === WORD;
}

/** The dot of `String.fromCharCode` stands before a letter, that of a decimal fraction before a digit. */
function isCallDot(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === DOT && classAt(bytes, at + 1) === WORD;
}

/** Letters of the words above, of hex digits, and of the prefixes `0x` and `0o`. */
const NUMBER_LETTERS: ReadonlySet<string> = new Set(['abcdefxo', ...GLUE].join(''));
const ENDS = 1;
const MAY_END = 2;
/** What no array of numbers goes on over: other signs, and the letters of which none of its words has one. */
const END_KIND = NUMBER_CLASS.map((kind, code) => {
  const isOther = kind === WORD && !NUMBER_LETTERS.has(String.fromCharCode(code).toLowerCase());
  return kind >= MINUS || code === DOT ? MAY_END : kind === 0 || isOther ? ENDS : 0;
});

function isEndAt(bytes: Uint8Array, at: number): boolean {
  return classAt(bytes, at) === 0 && !isCallDot(bytes, at);
}

/** The last byte in `[from, to)` that no array of numbers goes on over, or -1. */
function lastArrayEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let at = to - 1; at >= from; at -= 1) {
    const kind = END_KIND[bytes[at] ?? 0];
    if (kind !== 0 && (kind === ENDS || isEndAt(bytes, at))) {
      return at;
    }
  }
  return -1;
}

const ZEROS = 0x30303030;
const TENS = 0x0a0a0a0a;
const HIGH_BITS = 0x80808080;
/** Looked at one by one before whole words are. */
const NEAR = 12;

/** The next word that may hold a digit: what is less than ten borrows, and what stands above such a byte may as well. */
function wordWithDigit(words: Int32Array, from: number): number {
  for (let at = from; at < words.length; at += 1) {
    const digits = (words[at] ?? 0) ^ ZEROS;
    if (((digits - TENS) & ~digits & HIGH_BITS) !== 0) {
      return at;
    }
  }
  return words.length;
}

/** Finds digits four bytes at a time: most texts have few. */
class Digits {
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #lead: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    ({ words: this.#words, lead: this.#lead } = wholeWords(bytes));
  }

  /** The first digit at or behind `from`, or the end. */
  next(from: number): number {
    const bytes = this.#bytes;
    const { length } = bytes;
    const near = Math.min(length, from + NEAR);
    for (let at = from; at < near; at += 1) {
      if (classAt(bytes, at) === DIGIT) {
        return at;
      }
    }
    for (let at = near; at < length;) {
      const word = at - this.#lead;
      const isWhole = word >= 0 && (word & 3) === 0;
      const place = isWhole ? this.#lead + 4 * wordWithDigit(this.#words, word >> 2) : at;
      const end = Math.min(length, place + 4 - (isWhole ? 0 : word & 3));
      for (at = place; at < end; at += 1) {
        if (classAt(bytes, at) === DIGIT) {
          return at;
        }
      }
    }
    return length;
  }

  /** Where the first token begins with a digit at or behind `from`, or the end. */
  nextNumber(from: number): number {
    let at = this.next(from);
    while (at < this.#bytes.length && at > 0 && isInToken(this.#bytes, at - 1)) {
      at = this.next(tokenEnd(this.#bytes, at));
    }
    return at;
  }
}

/**
 * Where, from `from` on, an array of `least` numbers may begin; the end when nowhere. Numbers and what separates
 * them fill `2 * least - 1` bytes at least: where something else stands among those, it is behind that or nowhere.
 */
function nextArray(bytes: Uint8Array, digits: Digits, from: number, least: number): number {
  const window = 2 * least - 1;
  const { length } = bytes;
  for (let at = from; at + window <= length;) {
    const end = lastArrayEnd(bytes, at, at + window);
    const next = end < 0 ? digits.nextNumber(at) : end + 1;
    if (next === at) {
      return at;
    }
    at = next;
  }
  return length;
}

/** The longest joining word, characters. */
const MAX_GLUE = 12;
const MIN_GLUE = 3;
/** Digits of a decimal number, and of a hexadecimal one behind its prefix. */
const MAX_DIGITS = 4;
const NONE = -1;
const CASE_BIT = 0x20;
const LETTER_X = 0x78;
const LETTER_O = 0x6f;
const LETTER_B = 0x62;
const LETTER_A = 0x61;
const LETTER_F = 0x66;

function digitsIn(bytes: Uint8Array, start: number, end: number, radix: 2 | 8 | 10): number {
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - ZERO;
    if (digit < 0 || digit >= radix) {
      return NONE;
    }
    value = value * radix + digit;
  }
  return value;
}

function hexadecimalIn(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    const letter = byte | CASE_BIT;
    const isDigit = byte >= ZERO && byte <= NINE;
    if (!isDigit && (letter < LETTER_A || letter > LETTER_F)) {
      return NONE;
    }
    value = value * 16 + (isDigit ? byte - ZERO : letter - LETTER_A + 10);
  }
  return value;
}

/** Digits of a byte to the base of two. */
const MAX_BITS = 8;

/** The value of a token behind `0x`, `0o` or `0b`. */
function prefixedIn(bytes: Uint8Array, start: number, end: number): number {
  const letter = (bytes[start + 1] ?? 0) | CASE_BIT;
  const digits = end - start - 2;
  if (letter === LETTER_X) {
    return digits > MAX_DIGITS ? NONE : hexadecimalIn(bytes, start + 2, end);
  }
  const radix = letter === LETTER_O ? 8 : letter === LETTER_B ? 2 : 0;
  return radix === 0 || digits > MAX_BITS ? NONE : digitsIn(bytes, start + 2, end, radix);
}

/** The value of the token, decimal or behind a prefix, when a byte can have it, otherwise `NONE`. */
function numberIn(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const isPrefixed = length > 2 && bytes[start] === ZERO && (bytes[start + 1] ?? 0) > NINE;
  if (!isPrefixed && length > MAX_DIGITS) {
    return NONE;
  }
  const value = isPrefixed ? prefixedIn(bytes, start, end) : digitsIn(bytes, start, end, 10);
  return value <= 255 ? value : NONE;
}

/** Numbers of most arrays that are none of characters. */
const FIRST_ROOM = 256;

/** Collects the numbers of one array after the other. */
class NumberRuns {
  readonly found: Buffer[] = [];
  readonly #bytes: Buffer;
  readonly #least: number;
  #values = Buffer.allocUnsafe(FIRST_ROOM);
  #count = 0;

  constructor(bytes: Buffer, least: number) {
    this.#bytes = bytes;
    this.#least = least;
  }

  scan(): void {
    this.#scanAll();
    this.#end();
  }

  #scanAll(): void {
    const bytes = this.#bytes;
    const digits = new Digits(bytes);
    for (let at = nextArray(bytes, digits, 0, this.#least); at < bytes.length;) {
      const kind = classAt(bytes, at);
      if (kind === DIGIT || kind === WORD) {
        const end = tokenEnd(bytes, at);
        if (kind === DIGIT || this.#count > 0) {
          this.#token(at, end, kind);
        }
        at = end;
      } else {
        if (kind !== BETWEEN && !isCallDot(bytes, at)) {
          this.#end();
        }
        at += 1;
      }
      at = this.#count === 0 ? nextArray(bytes, digits, at, this.#least) : at;
    }
  }

  #token(start: number, end: number, kind: number): void {
    const value = kind === DIGIT ? numberIn(this.#bytes, start, end) : NONE;
    if (value !== NONE) {
      this.#push(value);
    } else if (kind === DIGIT || !this.#isGlue(start, end)) {
      this.#end();
    }
  }

  #isGlue(start: number, end: number): boolean {
    const length = end - start;
    return (
      length >= MIN_GLUE &&
      length <= MAX_GLUE &&
      GLUE.has(this.#bytes.toString('latin1', start, end).toLowerCase())
    );
  }

  /** Bytes and not an array of numbers, which takes eight times the room: a message may be one long array. */
  #push(value: number): void {
    if (this.#count === this.#values.length) {
      this.#values = Buffer.concat([this.#values], this.#count * 2);
    }
    this.#values[this.#count] = value;
    this.#count += 1;
  }

  #end(): void {
    if (this.#count >= this.#least) {
      this.found.push(Buffer.from(this.#values.subarray(0, this.#count)));
    }
    this.#count = 0;
  }
}

/** Arrays of numbers from 0 to 255, decimal or hex, also as arguments of character functions. */
export function numberArrays(bytes: Buffer, least: number): Buffer[] {
  const runs = new NumberRuns(bytes, least);
  runs.scan();
  return runs.found;
}
