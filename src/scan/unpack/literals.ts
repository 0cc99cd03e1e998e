import { ByteCuts } from './byte-cuts.ts';

/** String literals in scripts that are put together from pieces. Takes linear time. */

/** Blanks on either side of what adds two literals. */
const MAX_BLANKS = 64;
const UNDERSCORE = 0x5f;
/** What may stand around and between two literals. */
const QUOTE = 1;
const BLANK = 2;
const ADDING = 3;
const COMMA = 4;
const LITERAL_CLASS = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/["'`]/.test(character)) {
    return QUOTE;
  }
  // JavaScript, PowerShell and C (`+`), Visual Basic (`&`), PHP (`.`)
  return /\s/.test(character) ? BLANK : /[+&.]/.test(character) ? ADDING : character === ',' ? COMMA : 0;
});

function literalClassAt(bytes: Uint8Array, at: number): number {
  return at < bytes.length ? (LITERAL_CLASS[bytes[at] ?? 0] ?? 0) : 0;
}

function afterBlanks(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < from + MAX_BLANKS && literalClassAt(bytes, at) === BLANK) {
    at += 1;
  }
  return at;
}

/** The end of what joins the literal that ends with the quote at `quote` to another, its quote included; or -1. */
function jointEnd(bytes: Uint8Array, quote: number, withCommas: boolean): number {
  const sign = afterBlanks(bytes, quote + 1);
  const kind = literalClassAt(bytes, sign);
  if (kind !== ADDING && !(withCommas && kind === COMMA)) {
    return -1;
  }
  const next = afterBlanks(bytes, sign + 1);
  const other = bytes[next] === UNDERSCORE ? afterBlanks(bytes, next + 1) : next;
  return literalClassAt(bytes, other) === QUOTE ? other + 1 : -1;
}

const ONES = 0x01010101;
const HIGH_BITS = 0x80808080;
/** Each kind of quote in all four bytes of a word. */
const DOUBLE_QUOTES = 0x22222222;
const SINGLE_QUOTES = 0x27272727;
const GRAVE_QUOTES = 0x60606060;

/** The next word that may hold a quote: a byte of zero borrows, and what differs from it in one bit may as well. */
function quotedWord(words: Int32Array, from: number): number {
  for (let at = from; at < words.length; at += 1) {
    const word = words[at] ?? 0;
    const double = word ^ DOUBLE_QUOTES;
    const single = word ^ SINGLE_QUOTES;
    const grave = word ^ GRAVE_QUOTES;
    const borrows = ((double - ONES) & ~double) | ((single - ONES) & ~single) | ((grave - ONES) & ~grave);
    if ((borrows & HIGH_BITS) !== 0) {
      return at;
    }
  }
  return words.length;
}

/** Finds quotes four bytes at a time. */
class Quotes {
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  /** Words are read at whole addresses; this is how many bytes stand before the first. */
  readonly #lead: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#lead = Math.min(bytes.length, (4 - (bytes.byteOffset & 3)) & 3);
    const count = (bytes.length - this.#lead) >> 2;
    this.#words = new Int32Array(bytes.buffer, count === 0 ? 0 : bytes.byteOffset + this.#lead, count);
  }

  /** The first quote at or behind `from`, or the end. */
  next(from: number): number {
    for (let at = from; at < this.#bytes.length;) {
      if (LITERAL_CLASS[this.#bytes[at] ?? 0] === QUOTE) {
        return at;
      }
      const word = at + 1 - this.#lead;
      at = (word & 3) === 0 && word >= 0 ? this.#skip(word >> 2) : at + 1;
    }
    return this.#bytes.length;
  }

  #skip(word: number): number {
    return this.#lead + 4 * quotedWord(this.#words, word);
  }
}

/** Where two literals are first joined, by a sign or as elements of an array; the end when nowhere. */
export function firstJoint(bytes: Uint8Array): number {
  const quotes = new Quotes(bytes);
  for (let at = quotes.next(0); at < bytes.length; at = quotes.next(at + 1)) {
    if (jointEnd(bytes, at, true) >= 0) {
      return at;
    }
  }
  return bytes.length;
}

/** String literals that are added joined, from `joint` on, with `withCommas` the elements of an array of strings as well. */
export function joinLiterals(bytes: Buffer, joint: number, withCommas: boolean): Buffer | undefined {
  if (joint >= bytes.length) {
    return undefined;
  }
  const cuts = new ByteCuts(bytes);
  const quotes = new Quotes(bytes);
  for (let at = quotes.next(joint); at < bytes.length;) {
    const end = jointEnd(bytes, at, withCommas);
    if (end >= 0) {
      cuts.cut(at, end);
    }
    at = quotes.next(end >= 0 ? end : at + 1);
  }
  return cuts.rest();
}
