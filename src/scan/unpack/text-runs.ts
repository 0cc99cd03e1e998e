/** Linear scanners for encoded data inside text. All work on bytes and return ranges or decoded bytes. */

const LETTER = 1;
const LINE_END = 2;
const BLANK = 3;

/** Class of each byte for base64: both alphabets, line ends, blanks. */
const BASE64_CLASS = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z0-9+/_-]/.test(character)) {
    return LETTER;
  }
  return code === 10 || code === 13 ? LINE_END : code === 32 || code === 9 ? BLANK : 0;
});

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
function continuation(bytes: Uint8Array, at: number): number {
  let next = bytes[at] === BACKSLASH ? at + 1 : at;
  const lineEnd = next;
  while (BASE64_CLASS[bytes[next] ?? 0] === LINE_END) {
    next += 1;
  }
  if (next === lineEnd) {
    return -1;
  }
  const indentEnd = next + MAX_INDENT;
  while (next < indentEnd && BASE64_CLASS[bytes[next] ?? 0] === BLANK) {
    next += 1;
  }
  return BASE64_CLASS[bytes[next] ?? 0] === LETTER ? next : -1;
}

function runFrom(bytes: Uint8Array, start: number): TextRun {
  let at = start;
  let letters = 0;
  for (;;) {
    while (BASE64_CLASS[bytes[at] ?? 0] === LETTER) {
      at += 1;
      letters += 1;
    }
    const next = continuation(bytes, at);
    if (next < 0) {
      return { start, end: at, letters };
    }
    at = next;
  }
}

/** Every run of at least `least` base64 characters. */
export function base64Runs(bytes: Uint8Array, least: number): TextRun[] {
  const runs: TextRun[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    if (BASE64_CLASS[bytes[at] ?? 0] === LETTER) {
      const run = runFrom(bytes, at);
      if (run.letters >= least) {
        runs.push(run);
      }
      at = run.end;
    }
  }
  return runs;
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

/** Collects the numbers of one array. */
class NumberRuns {
  readonly found: Buffer[] = [];
  readonly #least: number;
  #values: number[] = [];

  constructor(least: number) {
    this.#least = least;
  }

  add(value: number): void {
    if (value > 255) {
      this.end();
    } else {
      this.#values.push(value);
    }
  }

  end(): void {
    if (this.#values.length >= this.#least) {
      this.found.push(Buffer.from(this.#values));
    }
    if (this.#values.length > 0) {
      this.#values = [];
    }
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code === 0x5f || code === 0x24;
}

const SEPARATORS: ReadonlySet<number> = new Set(
  Array.from(' \t\r\n,;+&()[]{}', (character) => character.charCodeAt(0)),
);
const MAX_TOKEN = 16;

function tokenEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && (isDigit(text.charCodeAt(at)) || isLetter(text.charCodeAt(at)))) {
    at += 1;
  }
  return at;
}

function numberIn(token: string): number | undefined {
  if (token.length > MAX_TOKEN || !/^(?:0[xX][0-9a-fA-F]{1,4}|\d{1,4})$/.test(token)) {
    return undefined;
  }
  return Number(token);
}

/** Arrays of numbers from 0 to 255, decimal or hex, also as arguments of character functions. */
export function numberArrays(text: string, least: number): Buffer[] {
  const runs = new NumberRuns(least);
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (isDigit(code) || isLetter(code)) {
      const end = tokenEnd(text, at);
      const value = isDigit(code) ? numberIn(text.slice(at, Math.min(end, at + MAX_TOKEN + 1))) : undefined;
      const isGlue =
        value === undefined && end - at < MAX_TOKEN && GLUE.has(text.slice(at, end).toLowerCase());
      if (value !== undefined) {
        runs.add(value);
      } else if (!isGlue) {
        runs.end();
      }
      at = end;
    } else {
      // The dot of `String.fromCharCode` stands before a letter, that of a decimal fraction before a digit.
      const joins = SEPARATORS.has(code) || (code === 0x2e && isLetter(text.charCodeAt(at + 1)));
      if (!joins) {
        runs.end();
      }
      at += 1;
    }
  }
  runs.end();
  return runs.found;
}
