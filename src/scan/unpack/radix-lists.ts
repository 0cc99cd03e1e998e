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

/** Collects the numbers that follow each other. */
class Series {
  readonly found: Buffer[] = [];
  #codes: number[] = [];

  add(code: number): void {
    this.#codes.push(code);
  }

  end(): void {
    const bytes = this.#codes.length < MIN_NUMBERS ? undefined : Buffer.from(this.#codes);
    if (bytes !== undefined && isReadable(bytes)) {
      this.found.push(bytes);
    }
    this.#codes = this.#codes.length === 0 ? this.#codes : [];
  }
}

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
    code = Math.min(256, code * radix + (DIGIT[bytes[at] ?? 0] ?? 0));
  }
  return code;
}

function listsIn(bytes: Buffer, radix: number): Buffer[] {
  const most = MOST_DIGITS.get(radix) ?? 0;
  const series = new Series();
  const { length } = bytes;
  let behind = 0;
  for (let at = 0; at < length;) {
    if ((DIGIT[bytes[at] ?? 0] ?? NO_DIGIT) >= radix) {
      at += 1;
      continue;
    }
    const end = digitsEnd(bytes, at, radix);
    const code = end - at > most ? 256 : numberIn(bytes, at, end, radix);
    if (code === 256 || at - behind > MAX_GAP) {
      series.end();
    }
    if (code < 256) {
      series.add(code);
      behind = end;
    }
    at = end;
  }
  series.end();
  return series.found;
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
