import { ByteCuts } from './byte-cuts.ts';
import { u16le } from './byte-view.ts';

/** Other readings of a text: what a browser or a script host makes of it. Each takes linear time. */

/** All references by name of characters that a byte of ASCII stands for (HTML standard 13.5), but two of long names. */
const ENTITIES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    nbsp: ' ',
    Tab: '\t',
    NewLine: '\n',
    colon: ':',
    semi: ';',
    comma: ',',
    period: '.',
    lpar: '(',
    rpar: ')',
    sol: '/',
    plus: '+',
    equals: '=',
    num: '#',
    excl: '!',
    dollar: '$',
    percnt: '%',
    ast: '*',
    midast: '*',
    quest: '?',
    commat: '@',
    lsqb: '[',
    lbrack: '[',
    bsol: '\\',
    rsqb: ']',
    rbrack: ']',
    Hat: '^',
    lowbar: '_',
    UnderBar: '_',
    grave: '`',
    lcub: '{',
    lbrace: '{',
    verbar: '|',
    vert: '|',
    rcub: '}',
    rbrace: '}',
  }).map(([name, character]) => [name, character.charCodeAt(0)]),
);

/** One escape: the character it stands for and its length in the source. */
interface Escape {
  readonly code: number;
  readonly length: number;
}

const MAX_CODE = 0x10_ffff;

/**
 * Replaces escapes in a text of bytes. Characters up to 255 become one byte, because scripts build binary data with
 * them; others become UTF-8. Undefined when there is nothing to replace.
 */
function replaceEscapes(
  bytes: Buffer,
  marks: readonly number[],
  read: (bytes: Buffer, at: number) => Escape | undefined,
): Buffer | undefined {
  let out: Buffer | undefined;
  let length = 0;
  let kept = 0;
  const [first = 0, second = first] = marks;
  const next = new MarkWalk(bytes, first, second);
  for (let at = next.from(0); at < bytes.length; at = next.from(at + 1)) {
    const escape = read(bytes, at);
    if (escape !== undefined && escape.code <= MAX_CODE) {
      out ??= Buffer.allocUnsafe(bytes.length);
      length += copied(bytes, kept, at, out, length);
      length += writeCode(out, length, escape.code);
      kept = at + escape.length;
      at = kept - 1;
    }
  }
  if (out === undefined) {
    return undefined;
  }
  length += bytes.copy(out, length, kept);
  return out.subarray(0, length);
}

/** Copies `[from, to)` to `out` at `length`; a call of the runtime for a few bytes costs more than they do. */
function copied(bytes: Buffer, from: number, to: number, out: Buffer, length: number): number {
  if (to - from > NEAR) {
    return bytes.copy(out, length, from, to);
  }
  for (let at = from; at < to; at += 1) {
    out[length + at - from] = bytes[at] ?? 0;
  }
  return to - from;
}

/** Looked at one by one before the search of the runtime is called, which costs as much as some of them. */
const NEAR = 128;

/** Finds where either of two bytes stands next; each is searched for only once for every place where it stands. */
class MarkWalk {
  readonly #bytes: Buffer;
  readonly #marks: readonly [number, number];
  readonly #places: [number, number] = [-1, -1];

  constructor(bytes: Buffer, first: number, second: number) {
    this.#bytes = bytes;
    this.#marks = [first, second];
  }

  /** The next place at or behind `at`, or the end. `at` never goes back. */
  from(at: number): number {
    const [first, second] = this.#marks;
    const near = Math.min(this.#bytes.length, at + NEAR);
    for (let place = at; place < near; place += 1) {
      const byte = this.#bytes[place];
      if (byte === first || byte === second) {
        return place;
      }
    }
    return Math.min(this.#far(0, near), this.#far(1, near));
  }

  #far(index: 0 | 1, at: number): number {
    if (this.#places[index] < at) {
      const found = this.#bytes.indexOf(this.#marks[index], at);
      this.#places[index] = found < 0 ? this.#bytes.length : found;
    }
    return this.#places[index];
  }
}

/** Every escape is at least as long as the UTF-8 of what it stands for, so the output never outgrows the input. */
function writeCode(out: Buffer, at: number, code: number): number {
  if (code < 256) {
    out[at] = code;
    return 1;
  }
  return out.write(String.fromCodePoint(code), at);
}

/** Digits of `radix` from `at`, at most `most`; the length is zero when there are none. */
function readDigits(bytes: Buffer, at: number, radix: 10 | 16, most: number): Escape {
  let code = 0;
  let length = 0;
  while (length < most) {
    const digit = digitValue(bytes[at + length] ?? 0);
    if (digit >= radix) {
      break;
    }
    code = code * radix + digit;
    length += 1;
  }
  return { code, length };
}

function digitValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) {
    return byte - 0x30;
  }
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : 99;
}

/** How the names begin: most ampersands in data are none, and a name is dear to read. */
const NAME_STARTS: ReadonlySet<number> = new Set(
  [...ENTITIES.keys()].map((name) => name.charCodeAt(0) | (name.charCodeAt(1) << 8)),
);

const ZERO = 0x30;
const SEMICOLON = 0x3b;
const HASH = 0x23;
const MAX_ENTITY_NAME = 8;

function readEntity(bytes: Buffer, at: number): Escape | undefined {
  if (bytes[at + 1] !== HASH) {
    if (!NAME_STARTS.has(u16le(bytes, at + 1))) {
      return undefined;
    }
    const name = /^[A-Za-z]{2,8}/.exec(bytes.toString('latin1', at + 1, at + 1 + MAX_ENTITY_NAME))?.[0] ?? '';
    const code = ENTITIES.get(name);
    return code === undefined ? undefined : ended(bytes, at, { code, length: 1 + name.length });
  }
  const isHex = ((bytes[at + 2] ?? 0) | 0x20) === 0x78;
  const prefix = isHex ? 3 : 2;
  const zeros = zerosAt(bytes, at + prefix);
  const { code, length } = readDigits(bytes, at + prefix + zeros, isHex ? 16 : 10, 7);
  return zeros + length === 0 ? undefined : ended(bytes, at, { code, length: prefix + zeros + length });
}

/** Zeros before a number; browsers read as many as there are. */
function zerosAt(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === ZERO) {
    at += 1;
  }
  return at - from;
}

/** The closing semicolon may be absent. */
function ended(bytes: Buffer, at: number, { code, length }: Escape): Escape {
  return { code, length: bytes[at + length] === SEMICOLON ? length + 1 : length };
}

/** Numeric and the common named character references, replaced. */
export function decodeEntities(bytes: Buffer): Buffer | undefined {
  return replaceEscapes(bytes, [0x26], readEntity);
}

function exact(bytes: Buffer, at: number, prefix: number, digits: number): Escape | undefined {
  const { code, length } = readDigits(bytes, at + prefix, 16, digits);
  return length === digits ? { code, length: prefix + digits } : undefined;
}

const PERCENT = 0x25;
const BACKSLASH = 0x5c;

/** `%41`, `%u0041`, `\x41`, `\u0041`, `\u{41}`, `\x{41}`, `\101` and `\55`. */
function readScriptEscape(bytes: Buffer, at: number): Escape | undefined {
  const kind = (bytes[at + 1] ?? 0) | 0x20;
  if (kind === 0x75) {
    return exact(bytes, at, 2, 4) ?? readBraced(bytes, at);
  }
  if (bytes[at] === PERCENT) {
    return exact(bytes, at, 1, 2);
  }
  return kind === 0x78 ? (exact(bytes, at, 2, 2) ?? readBraced(bytes, at)) : readOctal(bytes, at);
}

/** The first character that is printed: fewer digits stand for none and are written in paths and expressions. */
const FIRST_PRINTED = 0x20;

/** As many digits as make a byte, two or three. */
function readOctal(bytes: Buffer, at: number): Escape | undefined {
  const [high = 8, low = 8, last = 8] = [1, 2, 3].map((place) => octalAt(bytes, at + place));
  if (high > 7 || low > 7) {
    return undefined;
  }
  if (high <= 3 && last <= 7) {
    return { code: high * 64 + low * 8 + last, length: 4 };
  }
  const code = high * 8 + low;
  return code < FIRST_PRINTED ? undefined : { code, length: 3 };
}

function octalAt(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) - 0x30;
  return digit < 0 ? 8 : digit;
}

function readBraced(bytes: Buffer, at: number): Escape | undefined {
  const { code, length } = readDigits(bytes, at + 3, 16, 6);
  const isBraced = bytes[at + 2] === 0x7b && length > 0 && bytes[at + 3 + length] === 0x7d;
  return isBraced ? { code, length: length + 4 } : undefined;
}

export function unescapeScript(bytes: Buffer): Buffer | undefined {
  return replaceEscapes(bytes, [PERCENT, BACKSLASH], readScriptEscape);
}

const OPEN = 0x3c;
const CLOSE = 0x3e;
const COMMENT = Buffer.from('<!--');
const COMMENT_END = Buffer.from('-->');

function isLetter(byte: number): boolean {
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x7a;
}

/** A tag, the end of one, or a comment. */
export function hasTag(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(OPEN); at >= 0; at = bytes.indexOf(OPEN, at + 1)) {
    const next = bytes[at + 1] ?? 0;
    if (isLetter(next) || next === 0x21 || next === 0x2f) {
      return true;
    }
  }
  return false;
}

/** Longest value of an attribute in which a bracket ends no tag; a quote without its pair would end it anywhere. */
const MAX_QUOTED = 1024;
const EQUALS = 0x3d;
const DOUBLE = 0x22;
const SINGLE = 0x27;

/** The quote that stands open at `at` in the tag that begins at `open`, or -1. */
function openQuote(bytes: Buffer, open: number, at: number): number {
  let quote = -1;
  for (let place = open + 1; place < at; place += 1) {
    const byte = bytes[place];
    if (quote >= 0) {
      quote = byte === bytes[quote] ? -1 : quote;
    } else if ((byte === DOUBLE || byte === SINGLE) && bytes[place - 1] === EQUALS) {
      quote = place;
    }
  }
  return quote;
}

/** Where the tag at `open` ends: at a bracket outside of the values of its attributes. */
function tagClose(bytes: Buffer, open: number): number {
  const close = bytes.indexOf(CLOSE, open);
  const quote = close < 0 || !isLetter(bytes[open + 1] ?? 0) ? -1 : openQuote(bytes, open, close);
  if (quote < 0) {
    return close;
  }
  const value = bytes.subarray(quote + 1, quote + MAX_QUOTED);
  const valueEnd = value.indexOf(bytes[quote] ?? 0);
  const end = valueEnd < 0 ? -1 : bytes.indexOf(CLOSE, quote + 1 + valueEnd);
  return end < 0 ? close : end;
}

/**
 * The text without tags and comments; an unclosed one ends it, as browsers drop the rest as well. Undefined when
 * there is none.
 */
export function stripTags(bytes: Buffer): Buffer | undefined {
  const cuts = new ByteCuts(bytes);
  for (let open = bytes.indexOf(OPEN); open >= 0;) {
    const isComment = bytes[open + 1] === COMMENT[1] && bytes.subarray(open, open + 4).equals(COMMENT);
    const close = isComment ? bytes.indexOf(COMMENT_END, open + 4) : tagClose(bytes, open);
    const end = close < 0 ? bytes.length : close + (isComment ? COMMENT_END.length : 1);
    cuts.cut(open, end);
    open = bytes.indexOf(OPEN, end);
  }
  return cuts.rest();
}

/**
 * Common named references change no code; a numeric one, or one that stands for punctuation, may, and a quote that
 * closes one literal of a formula before the next.
 */
const TELLING_ENTITY =
  /^(?:#|amp;#|quot;\s?&amp;|colon|semi|comma|period|lpar|rpar|sol|plus|equals|num|Tab|NewLine|(?:excl|dollar|percnt|ast|midast|quest|commat|[lr]sqb|[lr]brack|bsol|Hat|lowbar|UnderBar|grave|[lr]cub|[lr]brace|verbar|vert);)/;
const AMPERSAND = 0x26;

export function hasTellingEntity(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(AMPERSAND); at >= 0; at = bytes.indexOf(AMPERSAND, at + 1)) {
    const next = bytes[at + 1] ?? 0;
    const mayTell = next === HASH || isLetter(next);
    if (mayTell && TELLING_ENTITY.test(bytes.toString('latin1', at + 1, at + 12))) {
      return true;
    }
  }
  return false;
}

const LF = 0x0a;
const CR = 0x0d;

/** Continuation lines of calendars and address cards joined (RFC 5545 3.1, RFC 6350 3.2); undefined: there are none. */
export function unfold(bytes: Buffer): Buffer | undefined {
  const cuts = new ByteCuts(bytes);
  let kept = 0;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === 0x20 || bytes[at + 1] === 0x09) {
      cuts.cut(at > kept && bytes[at - 1] === CR ? at - 1 : at, at + 2);
      kept = at + 2;
    }
  }
  return cuts.rest();
}
