import type { MarkFinder, MarkIndex } from './mark-search.ts';

/**
 * Series of numbers that a script builds in other ways than as a plain list: with comments, signs, sums, octal
 * digits, one call or assignment for each, or as wide numbers. Takes linear time.
 */

/** Text looked at, bytes: scripts that are mailed are shorter, and each number is read by itself. */
const MAX_LOOK_BYTES = 1024 * 1024;
/**
 * What such series are written with; most texts have none of it. Each ends with signs that are rare behind a letter,
 * so that looking for it costs little. Of a dozen codes of characters one begins with a 1.
 */
const CALLS = Array.from('0123456789', (digit) => `code(${digit}`);
const OPENERS = ['array([', 'array(1', 'from([', 'null,[', 'push(1', 'push(0', 'of(1'];
const MARKS = [...CALLS, ...OPENERS, '{0:', '[0]=', '[0] =', '(&h', 'chr$('];
/** Terms of one sum; more are no way to write a character. */
const MAX_TERMS = 4;

const COMMENT = /\/\*[^*]{0,64}\*\//g;
/** `b[0]=`, `b.push(`, `0:`, `"0":` before a number: what is left is the number. */
const PLACE = /[\w$]{1,40}(?:\.push\s?\(|\s?\[\s?\d{1,7}\s?\]\s?=(?!=))|[{,]\s?["']?\d{1,7}["']?\s?:/g;
const NUMBER =
  /-?(?:0x[\da-f]{1,8}|&h[\da-f]{1,4}|\d{1,10})(?:\s?[-+^*]\s?(?:0x[\da-f]{1,8}|\d{1,6})){0,3}(?![\w.])/gi;
/** What may stand between two numbers of a series. */
const GAP =
  /^[\s,;()[\]{}|&+]*(?:(?:string|fromcharcode|chr[wb]?\$?|char|byte|int)[\s.,;()[\]{}|&+]*){0,4}$/i;
const MAX_GAP = 64;

function valueOf(term: string): number {
  const digits = term.replace(/^&h/i, '0x');
  return /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
}

/** The value of a number or sum; terms are applied from left to right. */
function valueIn(text: string): number {
  const [first = '', ...terms] = text
    .replace(/^-/, '')
    .split(/\s?(?=[-+^*])/)
    .slice(0, MAX_TERMS);
  const start = text.startsWith('-') ? -valueOf(first) : valueOf(first);
  return terms.reduce((sum, term) => {
    const value = valueOf(term.slice(1).trim());
    const sign = term[0];
    return sign === '+' ? sum + value : sign === '-' ? sum - value : sign === '*' ? sum * value : sum ^ value;
  }, start);
}

/** The bytes that the numbers stand for: one each, or, when some are greater, two or four, the lowest first. */
function bytesOf(values: readonly number[]): Buffer {
  const most = values.reduce((greatest, value) => Math.max(greatest, value), 0);
  const width = most < 256 ? 1 : most < 65_536 ? 2 : 4;
  const out = Buffer.alloc(values.length * width);
  for (const [at, value] of values.entries()) {
    for (let place = 0, rest = value; place < width; place += 1, rest = Math.floor(rest / 256)) {
      out[at * width + place] = rest & 255;
    }
  }
  return out;
}

function seriesIn(text: string, least: number): Buffer[] {
  const found: Buffer[] = [];
  let values: number[] = [];
  let end = 0;
  for (const { index, 0: number } of text.matchAll(NUMBER)) {
    const goesOn = index - end <= MAX_GAP && GAP.test(text.slice(end, index));
    if (!goesOn) {
      found.push(...(values.length >= least ? [bytesOf(values)] : []));
      values = [];
    }
    values.push(valueIn(number));
    end = index + number.length;
  }
  return values.length >= least ? [...found, bytesOf(values)] : found;
}

/** Finds such series in texts that have a mark of them. */
export class ScriptNumbers {
  readonly #marks: readonly MarkFinder[];

  constructor(marks: MarkIndex) {
    this.#marks = MARKS.map((mark) => marks.add(Buffer.from(mark), true));
  }

  /** What each series of `least` or more numbers stands for. */
  in(bytes: Buffer, least: number): Buffer[] {
    if (!this.#marks.some((first) => first(bytes) >= 0)) {
      return [];
    }
    const text = bytes.toString('latin1', 0, MAX_LOOK_BYTES);
    return seriesIn(text.replace(COMMENT, ' ').replace(PLACE, ','), least);
  }
}
