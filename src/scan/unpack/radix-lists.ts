import { isReadable } from './readable-bytes.ts';

/** Characters as a list of numbers in another base than ten, or between signs that a script splits it at. */

/** `parseInt(b, 2)`, `[convert]::toint16($_,16)`, `int(x, 8)`. */
const RADIX = /,\s{0,2}(2|8|16|36)\s{0,2}\)/g;
/** What makes numbers in base ten of the parts of a text. */
const SPLIT = /\bsplit\b/i;
const CHARACTERS = /\[char|fromcharcode|\bchr\s?\(/i;
/** Fewer numbers hide no word. */
const MIN_NUMBERS = 6;
/** Signs between two numbers. */
const MAX_GAP = 4;
/** Digits of a number below 256, zeros before it included. */
const MOST_DIGITS: ReadonlyMap<number, number> = new Map([
  [2, 9],
  [8, 3],
  [10, 3],
  [16, 2],
  [36, 2],
]);
const NO_DIGIT = 99;
const DIGIT = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 36);
  return Number.isNaN(value) ? NO_DIGIT : value;
});

/** More than a byte holds. */
const NO_BYTE = 256;

/** Where the number at `start` ends. */
function digitsEnd(bytes: Buffer, start: number, radix: number): number {
  const { length } = bytes;
  let at = start;
  while (at < length && (DIGIT[bytes[at] ?? 0] ?? NO_DIGIT) < radix) {
    at += 1;
  }
  return at;
}

/** The number in `[start, end)`, 256 at most. */
function numberIn(bytes: Buffer, start: number, end: number, radix: number): number {
  let code = 0;
  for (let at = start; at < end; at += 1) {
    code = Math.min(NO_BYTE, code * radix + (DIGIT[bytes[at] ?? 0] ?? 0));
  }
  return code;
}

/** Where the next number begins. A function of its own, so small that it is compiled to a tight loop. */
function nextNumber(bytes: Buffer, from: number, radix: number): number {
  const { length } = bytes;
  let at = from;
  while (at < length && (DIGIT[bytes[at] ?? 0] ?? NO_DIGIT) >= radix) {
    at += 1;
  }
  return at;
}

/** The `count` numbers that follow each other from `start` on, when they are a text. */
function textOf(bytes: Buffer, start: number, count: number, radix: number): Buffer | undefined {
  const text = Buffer.allocUnsafe(count);
  for (let [at, index] = [start, 0]; index < count; index += 1) {
    const first = nextNumber(bytes, at, radix);
    at = digitsEnd(bytes, first, radix);
    text[index] = numberIn(bytes, first, at, radix);
  }
  return isReadable(text) ? text : undefined;
}

/** Numbers are counted first and read again where they are enough: in most texts they are words and stand alone. */
function listsIn(bytes: Buffer, radix: number): Buffer[] {
  const most = MOST_DIGITS.get(radix) ?? 0;
  const { length } = bytes;
  const found: Buffer[] = [];
  let [start, count, behind] = [0, 0, 0];
  for (let at = nextNumber(bytes, 0, radix); ;) {
    const end = digitsEnd(bytes, at, radix);
    const isByte = end > at && end - at <= most && numberIn(bytes, at, end, radix) < NO_BYTE;
    if (!isByte || at - behind > MAX_GAP) {
      const text = count < MIN_NUMBERS ? undefined : textOf(bytes, start, count, radix);
      found.push(...(text === undefined ? [] : [text]));
      count = 0;
    }
    if (at >= length) {
      return found;
    }
    if (isByte) {
      start = count === 0 ? at : start;
      count += 1;
      behind = end;
    }
    at = nextNumber(bytes, end, radix);
  }
}

/** Words of scripts that read numbers so. */
export const RADIX_WORDS: readonly string[] = [
  'parseint(',
  'toint16(',
  'toint32(',
  'tobyte(',
  'chr(int(',
  '[char]',
  '[char][int]',
  'fromcharcode',
];

/** What the lists stand for that a script with such words may hold. Takes linear time. */
export function radixLists(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  const radices = new Set(text.matchAll(RADIX).map(([, digits]) => Number(digits)));
  if (SPLIT.test(text) && CHARACTERS.test(text)) {
    radices.add(10);
  }
  return [...radices].flatMap((radix) => listsIn(bytes, radix));
}
