/** Linear scanners for encoded data inside text. All work on bytes and return ranges or decoded bytes. */

const LETTER = 1;
const LINE_END = 2;
const BLANK = 3;

/** Class of each byte: an encoded character, a line end, a blank or the sign before the lines of a quoted mail. */
function classes(alphabet: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => {
    if (alphabet.test(String.fromCharCode(code))) {
      return LETTER;
    }
    return code === 10 || code === 13 ? LINE_END : /[ \t>]/.test(String.fromCharCode(code)) ? BLANK : 0;
  });
}

/** The alphabet of RFC 4648 section 4, and that of section 5, whose dashes also frame PEM headers. */
const ALPHABETS = { plain: classes(/[A-Za-z0-9+/]/), url: classes(/[A-Za-z0-9_-]/) };
export type Base64Alphabet = keyof typeof ALPHABETS;
const EITHER = classes(/[A-Za-z0-9+/_-]/);

const BACKSLASH = 0x5c;
/** Indentation behind a line end that does not end a run (folded calendars, indented XML). */
const MAX_INDENT = 64;

/** Encoded characters `[start, end)`, line ends and indentation included; `letters` counts the encoded ones. */
export interface TextRun {
  readonly start: number;
  readonly end: number;
  readonly letters: number;
}

/** Behind a line end: where the run goes on, or -1. A script continues a line with a backslash before its end. */
function continuation(bytes: Uint8Array, at: number, classOf: Uint8Array): number {
  let next = bytes[at] === BACKSLASH ? at + 1 : at;
  const lineEnd = next;
  while (classOf[bytes[next] ?? 0] === LINE_END) {
    next += 1;
  }
  if (next === lineEnd) {
    return -1;
  }
  const indentEnd = next + MAX_INDENT;
  while (next < indentEnd && classOf[bytes[next] ?? 0] === BLANK) {
    next += 1;
  }
  return classOf[bytes[next] ?? 0] === LETTER ? next : -1;
}

function runFrom(bytes: Uint8Array, start: number, classOf: Uint8Array): TextRun {
  let at = start;
  let letters = 0;
  for (;;) {
    while (classOf[bytes[at] ?? 0] === LETTER) {
      at += 1;
      letters += 1;
    }
    const next = continuation(bytes, at, classOf);
    if (next < 0) {
      return { start, end: at, letters };
    }
    at = next;
  }
}

function runsWithin(
  bytes: Uint8Array,
  { start, end }: TextRun,
  least: number,
  classOf: Uint8Array,
): TextRun[] {
  const runs: TextRun[] = [];
  for (let at = start; at < end; at += 1) {
    if (classOf[bytes[at] ?? 0] === LETTER) {
      const run = runFrom(bytes, at, classOf);
      if (run.letters >= least) {
        runs.push(run);
      }
      at = run.end;
    }
  }
  return runs;
}

/** True where no run goes on: a byte of another kind, or a blank that stands behind an encoded character. */
function breaksRun(bytes: Uint8Array, at: number): boolean {
  const kind = EITHER[bytes[at] ?? 0];
  return kind === BLANK ? EITHER[bytes[at - 1] ?? 0] === LETTER : kind === 0 && bytes[at] !== BACKSLASH;
}

/** The last place in `[from, to)` where no run goes on, or -1. */
function lastBreak(bytes: Uint8Array, from: number, to: number): number {
  for (let at = to - 1; at >= from; at -= 1) {
    if (breaksRun(bytes, at)) {
      return at;
    }
  }
  return -1;
}

/**
 * Where, from `from` on, a run of `window` bytes or more may begin; the end when nowhere. Prose has a blank in
 * every window, and only the bytes behind it are looked at.
 */
function nextUnbroken(bytes: Uint8Array, from: number, window: number): number {
  let start = from;
  for (let at = from; at + window <= bytes.length; at += window) {
    const breakAt = lastBreak(bytes, at, at + window);
    if (breakAt < 0) {
      return start;
    }
    start = breakAt + 1;
  }
  return bytes.length;
}

/** Where runs of either alphabet can be: stretches of at least `least` characters of both together. */
export function base64Stretches(bytes: Uint8Array, least: number): TextRun[] {
  const window = Math.max(1, least >> 1); // a run holds at least one whole window, wherever it begins
  const runs: TextRun[] = [];
  for (let at = nextUnbroken(bytes, 0, window); at < bytes.length;) {
    const isLetter = EITHER[bytes[at] ?? 0] === LETTER;
    const run = isLetter ? runFrom(bytes, at, EITHER) : { start: at, end: at + 1, letters: 0 };
    if (run.letters >= least) {
      runs.push(run);
    }
    at = isLetter ? nextUnbroken(bytes, run.end, window) : run.end;
  }
  return runs;
}

/** Every run of at least `least` base64 characters. */
export function base64Runs(
  bytes: Uint8Array,
  least: number,
  alphabet: Base64Alphabet = 'plain',
  stretches: readonly TextRun[] = base64Stretches(bytes, least),
): TextRun[] {
  return stretches.flatMap((stretch) => runsWithin(bytes, stretch, least, ALPHABETS[alphabet]));
}

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
const ZERO = 0x30;
const NINE = 0x39;
const DOT = 0x2e;
const NUMBER_CLASS = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[0-9]/.test(character)
    ? DIGIT
    : /[A-Za-z_$]/.test(character)
      ? WORD
      : /[\s,;+&()[\]{}|]/.test(character)
        ? BETWEEN
        : 0;
});

function classAt(bytes: Uint8Array, at: number): number {
  return NUMBER_CLASS[bytes[at] ?? 0] ?? 0;
}

/** The end of a word or number: letters and digits in any order. */
function tokenEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  for (let kind = classAt(bytes, at); kind === DIGIT || kind === WORD; kind = classAt(bytes, at)) {
    at += 1;
  }
  return at;
}

/** Where in `[from, to)` the first token begins that may be a number, or `to`. */
function nextNumber(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at += 1) {
    if (classAt(bytes, at) === DIGIT && (at === 0 || !isInToken(bytes, at - 1))) {
      return at;
    }
  }
  return to;
}

function isInToken(bytes: Uint8Array, at: number): boolean {
  const kind = classAt(bytes, at);
  return kind === DIGIT || kind === WORD;
}

/** The dot of `String.fromCharCode` stands before a letter, that of a decimal fraction before a digit. */
function isCallDot(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === DOT && classAt(bytes, at + 1) === WORD;
}

/** The last byte in `[from, to)` that no array of numbers goes on over, or -1. */
function lastArrayEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let at = to - 1; at >= from; at -= 1) {
    if (classAt(bytes, at) === 0 && !isCallDot(bytes, at)) {
      return at;
    }
  }
  return -1;
}

/**
 * Where, from `from` on, an array of `least` numbers may begin; the end when nowhere. Numbers and what separates
 * them fill `2 * least - 1` bytes at least: where something else stands among those, it is behind that or nowhere.
 */
function nextArray(bytes: Uint8Array, from: number, least: number): number {
  const window = 2 * least - 1;
  for (let at = from; at + window <= bytes.length;) {
    const end = lastArrayEnd(bytes, at, at + window);
    const number = end < 0 ? nextNumber(bytes, at, at + window) : end + 1;
    if (number === at) {
      return at;
    }
    at = number;
  }
  return bytes.length;
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
    const bytes = this.#bytes;
    for (let at = nextArray(bytes, 0, this.#least); at < bytes.length;) {
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
      at = this.#count === 0 ? nextArray(bytes, at, this.#least) : at;
    }
    this.#end();
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
