/** Numbers of a script one behind the other, however it separates and writes them. Takes linear time. */

const DIGIT = 1;
const LETTER = 2;
const BETWEEN = 3;
const DOT = 4;
const SLASH = 5;
const MINUS = 6;
const QUOTE = 7;
const CLASS = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  const kinds: readonly (readonly [RegExp, number])[] = [
    [/[0-9]/, DIGIT],
    [/[A-Za-z_$]/, LETTER],
    [/[\s,;()[\]{}|&+]/, BETWEEN],
    [/\./, DOT],
    [/\//, SLASH],
    [/-/, MINUS],
    [/["']/, QUOTE],
  ];
  return kinds.find(([signs]) => signs.test(character))?.[1] ?? 0;
});

/** Between two numbers: separators and words, bytes; a comment or the place of an element counts as one. */
const MAX_GAP = 64;
/** What stands in a comment or in front of the place of an element, bytes. */
const MAX_COMMENT = 64;
const MAX_NAME = 40;
/** Digits of the place of an element. */
const MAX_PLACE_DIGITS = 7;
/** Words that may stand between two numbers, and how many of them. */
const WORDS: ReadonlySet<string> = new Set(
  'string fromcharcode chr chrw chrb chr$ chrw$ chrb$ char byte int'.split(' '),
);
const MAX_WORDS = 4;
const MAX_WORD = 12;
/** Further terms of one sum; more are no way to write a character. */
const MAX_TERMS = 3;
const MAX_DIGITS = 10;
const MAX_TERM_DIGITS = 6;
const MAX_HEX_DIGITS = 8;
const MAX_BASIC_DIGITS = 4;
const FIRST_ROOM = 64;
const ABSENT = -1;

const AMPERSAND = 0x26;
const STAR = 0x2a;
const PLUS = 0x2b;
const COMMA = 0x2c;
const DASH = 0x2d;
const ZERO = 0x30;
const COLON = 0x3a;
const EQUALS = 0x3d;
const OPEN_PLACE = 0x5b;
const CLOSE_PLACE = 0x5d;
const CARET = 0x5e;
const LETTER_H = 0x68;
const LETTER_X = 0x78;
const OPEN_BRACE = 0x7b;
const OPEN_CALL = 0x28;
const PUSH = Buffer.from('.push');
const COMMENT_END = Buffer.from('*/');

function digitOf(byte: number): number {
  const letter = byte | 0x20;
  return byte >= ZERO && byte <= ZERO + 9
    ? byte - ZERO
    : letter >= 0x61 && letter <= 0x66
      ? letter - 0x57
      : 99;
}

function apply(left: number, sign: number, right: number): number {
  return sign === PLUS
    ? left + right
    : sign === DASH
      ? left - right
      : sign === STAR
        ? left * right
        : left ^ right;
}

/** Reads series of at least so many numbers. */
export class NumberSeries {
  /** What the series stand for: a byte for each number or, when some are greater, two or four, the lowest first. */
  readonly found: Buffer[] = [];
  readonly #bytes: Buffer;
  readonly #least: number;
  #values = new Int32Array(FIRST_ROOM);
  #count = 0;
  #most = 0;
  /** Of the number that was read last. */
  #value = 0;
  /** What stood between two numbers of the series, where no rule of a language reads it. */
  #gapAt = 0;
  #gapLength = 0;

  constructor(bytes: Buffer, least: number) {
    this.#bytes = bytes;
    this.#least = least;
  }

  /** Reads every series that begins in `[from, to)`; where the last one ends, or `to`. */
  read(from: number, to: number): number {
    let at = from;
    while (at < to) {
      const start = this.#nextStart(at, to);
      at = start < to ? this.#series(start) : to;
    }
    return at;
  }

  /** Where a number may begin: at a digit that is no part of a word, or at the sign before it. */
  #nextStart(from: number, to: number): number {
    // As an integer: see `runFrom`.
    for (let at = from | 0; at < to; at += 1) {
      const byte = this.#bytes[at] ?? 0;
      if (CLASS[byte] === DIGIT && !this.#isInWord(at - 1)) {
        return at > from && this.#bytes[at - 1] === DASH ? at - 1 : at;
      }
      if (byte === AMPERSAND && this.#isBasicHex(at)) {
        return at;
      }
    }
    return to;
  }

  /** The series whose first number is at `start`; where it ends, behind `start`. */
  #series(start: number): number {
    let end = this.#number(start);
    if (end === ABSENT) {
      return this.#behindWord(start + 1);
    }
    this.#count = 0;
    this.#most = 0;
    this.#gapLength = 0;
    for (let next = start; end !== ABSENT;) {
      this.#push(this.#value);
      next = this.#nextNumber(end);
      next = next === ABSENT ? this.#behindGap(end) : next;
      const nextEnd = next === ABSENT ? ABSENT : this.#number(next);
      if (nextEnd === ABSENT) {
        break;
      }
      end = nextEnd;
    }
    if (this.#count >= this.#least) {
      this.found.push(this.#written());
    }
    return end;
  }

  #behindWord(from: number): number {
    let at = from;
    while (this.#isInWord(at)) {
      at += 1;
    }
    return at;
  }

  #isInWord(at: number): boolean {
    const kind = CLASS[this.#bytes[at] ?? 0];
    return kind === DIGIT || kind === LETTER;
  }

  /** `&H` and a digit. */
  #isBasicHex(at: number): boolean {
    return ((this.#bytes[at + 1] ?? 0) | 0x20) === LETTER_H && digitOf(this.#bytes[at + 2] ?? 0) < 16;
  }

  /** Where the next number begins behind one that ends at `from`, or -1 where the series ends. */
  #nextNumber(from: number): number {
    let at = from;
    let words = 0;
    for (let used = 0; used <= MAX_GAP; used += 1) {
      const kind = CLASS[this.#bytes[at] ?? 0];
      const isNumber = kind === MINUS || (this.#bytes[at] === AMPERSAND && this.#isBasicHex(at));
      if (isNumber || (kind === DIGIT && this.#labelEnd(at) === ABSENT)) {
        return at;
      }
      const word = kind === LETTER ? this.#wordEnd(at) : ABSENT;
      words += word === ABSENT ? 0 : 1;
      used += word === ABSENT ? 0 : word - at - 1;
      const isSign = kind === BETWEEN || (kind === DOT && words > 0);
      const next = isSign ? at + 1 : word === ABSENT ? this.#between(at, kind) : word;
      if (next === ABSENT || words > MAX_WORDS) {
        return ABSENT;
      }
      at = next;
    }
    return ABSENT;
  }

  /** Behind a comment, a label or the place of an element. */
  #between(at: number, kind: number | undefined): number {
    return kind === SLASH
      ? this.#commentEnd(at)
      : kind === LETTER
        ? this.#placeEnd(at)
        : kind === DIGIT || kind === QUOTE
          ? this.#labelEnd(at)
          : ABSENT;
  }

  /**
   * Where the next number begins when the same bytes stand before it as before the number behind it, or as before the
   * one that was read last: `t+=String.fromCharCode(65);t+=…`, `this.a.append(65)`, `a[i++]=65`.
   */
  #behindGap(from: number): number {
    if (this.#gapLength > 0 && this.#hasGap(from)) {
      return from + this.#gapLength;
    }
    const next = this.#nextStart(from, Math.min(from + MAX_GAP + 1, this.#bytes.length));
    const end = next > from && next <= from + MAX_GAP ? this.#number(next) : ABSENT;
    this.#gapAt = from;
    this.#gapLength = next - from;
    return end !== ABSENT && this.#hasGap(end) ? next : ABSENT;
  }

  #hasGap(at: number): boolean {
    for (let place = 0; place < this.#gapLength; place += 1) {
      if (this.#bytes[at + place] !== this.#bytes[this.#gapAt + place]) {
        return false;
      }
    }
    return true;
  }

  #wordEnd(start: number): number {
    const end = this.#behindWord(start);
    const isShort = end - start <= MAX_WORD;
    return isShort && WORDS.has(this.#bytes.toString('latin1', start, end).toLowerCase()) ? end : ABSENT;
  }

  #commentEnd(at: number): number {
    if (this.#bytes[at + 1] !== STAR) {
      return ABSENT;
    }
    const end = this.#bytes.subarray(at + 2, at + 2 + MAX_COMMENT + COMMENT_END.length).indexOf(COMMENT_END);
    return end < 0 ? ABSENT : at + 2 + end + COMMENT_END.length;
  }

  #behindBlank(at: number): number {
    const byte = this.#bytes[at] ?? 0;
    return byte === 0x20 || (byte >= 9 && byte <= 13) ? at + 1 : at;
  }

  #behindDigits(from: number): number {
    let at = from;
    while (at < from + MAX_PLACE_DIGITS && CLASS[this.#bytes[at] ?? 0] === DIGIT) {
      at += 1;
    }
    return at;
  }

  /** `b[0]=` and `b.push(`. */
  #placeEnd(at: number): number {
    const name = this.#behindWord(at);
    if (name - at > MAX_NAME) {
      return ABSENT;
    }
    if (this.#bytes[name] === PUSH[0]) {
      const call = this.#behindBlank(name + PUSH.length);
      const isPush = this.#bytes.subarray(name, name + PUSH.length).equals(PUSH);
      return isPush && this.#bytes[call] === OPEN_CALL ? call + 1 : ABSENT;
    }
    const open = this.#behindBlank(name);
    const first = this.#behindBlank(open + 1);
    const close = this.#behindBlank(this.#behindDigits(first));
    const sign = this.#behindBlank(close + 1);
    const isPlace =
      this.#bytes[open] === OPEN_PLACE &&
      CLASS[this.#bytes[first] ?? 0] === DIGIT &&
      this.#bytes[close] === CLOSE_PLACE &&
      this.#bytes[sign] === EQUALS &&
      this.#bytes[sign + 1] !== EQUALS;
    return isPlace ? sign + 1 : ABSENT;
  }

  /** `0:` and `"0":` behind a comma or the brace of an object. */
  #labelEnd(at: number): number {
    const before = this.#bytes[at - 1] === 0x20 ? this.#bytes[at - 2] : this.#bytes[at - 1];
    const isQuoted = CLASS[this.#bytes[at] ?? 0] === QUOTE;
    const first = isQuoted ? at + 1 : at;
    const last = this.#behindDigits(first);
    const end = CLASS[this.#bytes[last] ?? 0] === QUOTE ? last + 1 : last;
    const colon = this.#behindBlank(end);
    const isLabel =
      (before === COMMA || before === OPEN_BRACE) && last > first && this.#bytes[colon] === COLON;
    return isLabel ? colon + 1 : ABSENT;
  }

  /** The end of the number or sum at `start`, whose value it notes, or -1. */
  #number(start: number): number {
    const isNegative = this.#bytes[start] === DASH;
    let end = this.#atom(isNegative ? start + 1 : start, MAX_DIGITS);
    if (end === ABSENT) {
      return ABSENT;
    }
    let value = isNegative ? -this.#value : this.#value;
    let last = this.#isOver(end) ? end : ABSENT;
    let lastValue = value;
    for (let term = 0; term < MAX_TERMS && end !== ABSENT; term += 1) {
      const at = this.#behindBlank(end);
      const sign = this.#bytes[at] ?? 0;
      const isSign = sign === PLUS || sign === DASH || sign === STAR || sign === CARET;
      end = isSign ? this.#atom(this.#behindBlank(at + 1), MAX_TERM_DIGITS) : ABSENT;
      if (end !== ABSENT) {
        value = apply(value, sign, this.#value);
        [last, lastValue] = this.#isOver(end) ? [end, value] : [last, lastValue];
      }
    }
    this.#value = lastValue;
    return last;
  }

  #isOver(at: number): boolean {
    return !this.#isInWord(at) && CLASS[this.#bytes[at] ?? 0] !== DOT;
  }

  /** One number without a sign: decimal, `0x`, `&H` or, with a zero in front, octal. */
  #atom(start: number, most: number): number {
    const second = (this.#bytes[start + 1] ?? 0) | 0x20;
    if (this.#bytes[start] === AMPERSAND && most === MAX_DIGITS) {
      return second === LETTER_H ? this.#digits(start + 2, 16, MAX_BASIC_DIGITS) : ABSENT;
    }
    if (this.#bytes[start] === ZERO && second === LETTER_X) {
      return this.#digits(start + 2, 16, MAX_HEX_DIGITS);
    }
    const end = this.#digits(start, 10, most);
    if (this.#bytes[start] === ZERO && end > start + 1) {
      const octal = this.#digits(start + 1, 8, most);
      return octal === end ? end : this.#digits(start, 10, most);
    }
    return end;
  }

  #digits(start: number, radix: number, most: number): number {
    let value = 0;
    let at = start;
    for (let digit = digitOf(this.#bytes[at] ?? 0); digit < radix; digit = digitOf(this.#bytes[at] ?? 0)) {
      value = value * radix + digit;
      at += 1;
      if (at - start > most) {
        return ABSENT;
      }
    }
    this.#value = value;
    return at === start ? ABSENT : at;
  }

  /** A text may be one long series: whole numbers of the machine, so that it takes no more than twice its room. */
  #push(value: number): void {
    if (this.#count === this.#values.length) {
      const wider = new Int32Array(this.#count * 2);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.#count] = value;
    this.#count += 1;
    this.#most = Math.max(this.#most, value);
  }

  #written(): Buffer {
    const width = this.#most < 256 ? 1 : this.#most < 65_536 ? 2 : 4;
    const out = Buffer.alloc(this.#count * width);
    for (let at = 0; at < this.#count; at += 1) {
      const value = this.#values[at] ?? 0;
      for (let place = 0; place < width; place += 1) {
        out[at * width + place] = value >> (8 * place);
      }
    }
    return out;
  }
}
