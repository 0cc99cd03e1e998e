import { ByteCuts } from './byte-cuts.ts';
import { lettersBefore, lettersBehind } from './text-runs.ts';
import { wholeWords } from './whole-words.ts';

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

/** Behind the quote at `quote` and blanks. What stands there tells whether that literal is joined to another. */
function signBehind(bytes: Uint8Array, quote: number): number {
  const next = quote + 1;
  return LITERAL_CLASS[bytes[next] ?? 0] === BLANK ? afterBlanks(bytes, next) : next;
}

/** The end of what the sign at `sign` joins to the literal before it, the quote of the other included; or -1. */
function jointEnd(bytes: Uint8Array, sign: number): number {
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
  readonly #lead: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    ({ words: this.#words, lead: this.#lead } = wholeWords(bytes));
  }

  /** The first quote at or behind `from`, or the end. */
  next(from: number): number {
    const bytes = this.#bytes;
    const { length } = bytes;
    for (let at = from; at < length;) {
      if (LITERAL_CLASS[bytes[at] ?? 0] === QUOTE) {
        return at;
      }
      const word = at + 1 - this.#lead;
      at = (word & 3) === 0 && word >= 0 ? this.#skip(word >> 2) : at + 1;
    }
    return length;
  }

  #skip(word: number): number {
    return this.#lead + 4 * quotedWord(this.#words, word);
  }
}

/** Whether literals that are elements of arrays may be one encoded run together: so many letters over some comma. */
class ListedRun {
  readonly #bytes: Buffer;
  readonly #least: number;
  /** Letters of the run that goes on at `#from`. */
  #letters = 0;
  #from = 0;
  #hasComma = false;
  isLong = false;

  constructor(bytes: Buffer, least: number) {
    this.#bytes = bytes;
    this.#least = least;
  }

  /** A joint from `start` to `end`. */
  joint(start: number, end: number, isComma: boolean): void {
    // `"a","+"`: the quote that opens the second may as well close one before `+`
    this.isLong ||= start < this.#from;
    const { letters, isBroken } = lettersBefore(this.#bytes, this.#from, start, this.#least);
    if (isBroken) {
      this.#end(start);
    }
    this.#letters = Math.min(this.#least, isBroken ? letters : this.#letters + letters);
    this.#hasComma = isComma || (this.#hasComma && !isBroken);
    this.#from = Math.max(this.#from, end);
    this.isLong ||= this.#hasComma && this.#letters >= this.#least;
  }

  finish(): void {
    this.#end(this.#bytes.length);
  }

  #end(to: number): void {
    if (this.#hasComma && !this.isLong) {
      this.isLong = this.#letters + lettersBehind(this.#bytes, this.#from, to, this.#least) >= this.#least;
    }
  }
}

/** String literals of a text that signs add (`a + b`) or that are the elements of arrays. */
export class Literals {
  readonly #bytes: Buffer;
  readonly #leastRun: number;
  #isRead = false;
  #added: Buffer | undefined;
  #mayBeRun = false;

  /** `leastRun`: letters of the shortest encoded run that counts. */
  constructor(bytes: Buffer, leastRun: number) {
    this.#bytes = bytes;
    this.#leastRun = leastRun;
  }

  /** The text with added literals joined; undefined when there are none. */
  added(): Buffer | undefined {
    this.#read();
    return this.#added;
  }

  /** False when the elements of no array can be one encoded run of that length. */
  mayBeRun(): boolean {
    this.#read();
    return this.#mayBeRun;
  }

  /** The text with added literals joined, and the elements of arrays of strings as well. */
  listed(): Buffer | undefined {
    const bytes = this.#bytes;
    const cuts = new ByteCuts(bytes);
    const quotes = new Quotes(bytes);
    for (let at = quotes.next(0); at < bytes.length;) {
      const sign = signBehind(bytes, at);
      const kind = literalClassAt(bytes, sign);
      const end = kind === ADDING || kind === COMMA ? jointEnd(bytes, sign) : -1;
      if (end >= 0) {
        cuts.cut(at, end);
      }
      at = quotes.next(end >= 0 ? end : at + 1);
    }
    return cuts.rest();
  }

  #read(): void {
    if (this.#isRead) {
      return;
    }
    this.#isRead = true;
    const bytes = this.#bytes;
    const cuts = new ByteCuts(bytes);
    const run = new ListedRun(bytes, this.#leastRun);
    const quotes = new Quotes(bytes);
    for (let at = quotes.next(0); at < bytes.length;) {
      const sign = signBehind(bytes, at);
      const kind = literalClassAt(bytes, sign);
      const end = kind === ADDING || kind === COMMA ? jointEnd(bytes, sign) : -1;
      if (end >= 0) {
        run.joint(at, end, kind === COMMA);
      }
      if (end >= 0 && kind === ADDING) {
        cuts.cut(at, end);
      }
      at = quotes.next(end >= 0 && kind === ADDING ? end : at + 1);
    }
    run.finish();
    this.#added = cuts.rest();
    this.#mayBeRun = run.isLong;
  }
}
