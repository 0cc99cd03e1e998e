import { latin1 } from './byte-view.ts';
import { hasKnownStart } from './known-start.ts';
import { signsOf, signStretches } from './sign-stretches.ts';

/**
 * Lists of numbers that are too large for bytes, or that a script changes before it makes characters of them: several
 * bytes in one number, a sum, a product, a difference. Only what then begins like a file or reads like a text counts,
 * and that shows in the first numbers, so that many ways are tried at little cost. Takes linear time.
 */

/** Numbers of one list: a program of a megabyte, a byte in each. */
const MAX_NUMBERS = 1024 * 1024;
/** Lists of one text, keys by which numbers are changed, and numbers that show whether a way makes sense. */
const MAX_LISTS = 64;
const MAX_KEYS = 48;
const HEAD = 48;
/** What the lists of one text stand for in all ways that make sense, bytes. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Letters and digits, line ends and signs of a program; so many of them, in hundredths, is a text. */
const TEXT_SHARE = 95;
const LETTER_SHARE = 50;

const NUMBER = String.raw`(?:0x[\da-f]{1,16}|-?\d{1,20})n?\s{0,8}`;
/** A shorter list is none; a longer one is read in steps, because the engine keeps a note of every repetition. */
const MIN_NUMBERS = 12;
const STEP = 4_096;
const BEGIN = new RegExp(`[[({]\\s{0,8}(?=(?:${NUMBER},\\s{0,8}){${MIN_NUMBERS - 1}}${NUMBER})`, 'iy');
const MORE = new RegExp(`(?:${NUMBER},\\s{0,8}){1,${STEP}}`, 'iy');
const LAST = new RegExp(`(?:${NUMBER})?(?=[\\])}])`, 'iy');
/** All that numbers are written with and that stands between them, and what comes before the first. */
const SIGNS = signsOf(/[0-9a-fxn\s,-]/i);
const OPENS = signsOf(/[[({]/);
/** `a[i] - 300`, `x ^ 0x155`, `n / 3`, and `300 - a[i]`. */
const KEY = /(?:[-+^*/]|xor\b)\s{0,4}\(?\s{0,4}(0x[\da-f]{1,4}|&h[\da-f]{1,4}|\d{1,5})(?![\w.])/gi;
const FROM_KEY = /(?<![\w.])(\d{2,5})\s{0,4}-\s{0,4}[A-Za-z_$][\w$]{0,31}\s{0,4}[[).;]/g;

const EMPTY = Buffer.alloc(0);

type Change = (value: number) => number;

/** How many bytes one number holds, and whether the highest stands first. */
interface Layout {
  readonly width: number;
  readonly isBig: boolean;
}

const LAYOUTS: readonly Layout[] = [2, 4, 8].flatMap((width) => [
  { width, isBig: false },
  { width, isBig: true },
]);

function written(values: readonly bigint[], { width, isBig }: Layout): Buffer {
  const out = Buffer.alloc(values.length * width);
  for (const [index, value] of values.entries()) {
    let rest = BigInt.asUintN(width * 8, value);
    for (let place = 0; place < width; place += 1) {
      out[index * width + (isBig ? width - 1 - place : place)] = Number(rest & 0xffn);
      rest >>= 8n;
    }
  }
  return out;
}

function isLetter(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a);
}

/** Most ways make no sense, which the first numbers tell. */
function isTelling(bytes: Buffer): boolean {
  if (hasKnownStart(bytes)) {
    return true;
  }
  const mostOthers = (bytes.length * (100 - TEXT_SHARE)) / 100;
  let [others, letters] = [0, 0];
  for (let at = 0; at < bytes.length && others <= mostOthers; at += 1) {
    const byte = bytes[at] ?? 0;
    others += (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13) ? 0 : 1;
    letters += isLetter(byte) ? 1 : 0;
  }
  return others <= mostOthers && letters * 100 >= bytes.length * LETTER_SHARE;
}

function keysIn(text: string): Change[] {
  const keys = new Set<number>();
  for (const [, digits = ''] of text.matchAll(KEY)) {
    keys.add(Number(digits.replace(/^&h/i, '0x')));
    if (keys.size >= MAX_KEYS) break;
  }
  const changes = [...keys].flatMap((key): Change[] => [
    (value) => value - key,
    (value) => value + key,
    (value) => value ^ key,
    ...(key > 1 ? [(value: number) => value / key, (value: number) => value * key] : []),
  ]);
  const minuends = new Set(
    text
      .matchAll(FROM_KEY)
      .take(MAX_KEYS)
      .map(([, digits = '']) => Number(digits)),
  );
  return [
    ...changes,
    ...Array.from(
      minuends,
      (key): Change =>
        (value) =>
          key - value,
    ),
  ];
}

function changed(
  values: readonly number[],
  change: Change,
  out: Buffer = Buffer.allocUnsafe(values.length),
): Buffer | undefined {
  for (let at = 0; at < values.length; at += 1) {
    const code = change(values[at] ?? 0);
    if (code < 0 || code > 255 || !Number.isInteger(code)) {
      return undefined;
    }
    out[at] = code;
  }
  return out;
}

/** Writes over `room`, which has as many bytes as there are numbers. */
function isTellingChange(head: readonly number[], change: Change, room: Buffer): boolean {
  const codes = changed(head, change, room);
  return codes !== undefined && isTelling(codes);
}

function bigOf(digits: string): bigint {
  const plain = digits.trim().toLowerCase().replace(/n$/, '');
  return plain.startsWith('-') ? -BigInt(plain.slice(1)) : BigInt(plain);
}

/** Bytes as languages with signed ones write them. */
function signed(value: number): number {
  return value < 0 && value >= -128 ? value + 256 : value;
}

function same(value: number): number {
  return value;
}

/** Each number added to those before it: a script that keeps the steps from one character to the next. */
function summed(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}

/** What one list stands for, in every way that makes sense. */
function* readingsOf(list: string, changes: readonly Change[]): Generator<Buffer, void, void> {
  const digits = list.split(',', HEAD);
  const head = digits.map((each) => Number(each.trim().replace(/n$/i, '')));
  const isWide = head.some((value) => value > 255);
  const first = isWide ? digits.map(bigOf) : [];
  const layouts = isWide ? LAYOUTS.filter((layout) => isTelling(written(first, layout))) : [];
  const ways = [...changes, ...(head.some((value) => value < 0) ? [signed] : [])];
  const room = Buffer.allocUnsafe(head.length);
  const fitting = ways.filter((change) => isTellingChange(head, change, room));
  const isSummed = isTellingChange(summed(head), same, room);
  if (layouts.length === 0 && fitting.length === 0 && !isSummed) {
    return;
  }
  const all = list.split(',', MAX_NUMBERS);
  const values = layouts.length === 0 ? [] : all.map(bigOf);
  const plain = fitting.length === 0 && !isSummed ? [] : all.map(Number);
  for (const layout of layouts) {
    yield written(values, layout);
  }
  for (const change of fitting) {
    yield changed(plain, change) ?? EMPTY;
  }
  if (isSummed) {
    yield changed(summed(plain), same) ?? EMPTY;
  }
}

/** The list that opens at the start of `text`, from its first number to its last, without what closes it. */
function listAt(text: string): string | undefined {
  BEGIN.lastIndex = 0;
  if (!BEGIN.test(text)) {
    return undefined;
  }
  const start = BEGIN.lastIndex;
  MORE.lastIndex = start;
  let end = start;
  while (MORE.test(text)) {
    end = MORE.lastIndex;
  }
  LAST.lastIndex = end;
  const [last] = LAST.exec(text) ?? [];
  const list = last === undefined ? undefined : text.slice(start, end + last.length).trimEnd();
  return list?.endsWith(',') === true ? list.slice(0, -1) : list;
}

/** Each list opens before a stretch of nothing but its signs, which one of the shortest numbers has as well. */
function* listsIn(bytes: Buffer): Generator<string, void, void> {
  for (const { start, end } of signStretches(bytes, SIGNS, 2 * MIN_NUMBERS - 1)) {
    const isOpen = OPENS[bytes[start - 1] ?? 0] === 1;
    const list = isOpen ? listAt(latin1(bytes, start - 1, end + 1)) : undefined;
    if (list !== undefined) {
      yield list;
    }
  }
}

/** What the lists of numbers in a text stand for. */
export function numberLists(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let changes: Change[] | undefined;
  let [lists, left] = [0, MAX_BYTES];
  for (const list of listsIn(bytes)) {
    lists += 1;
    if (lists > MAX_LISTS) {
      break;
    }
    changes ??= keysIn(bytes.toString('latin1'));
    for (const reading of readingsOf(list, changes)) {
      left -= reading.length;
      if (left < 0) {
        return found;
      }
      found.push(...(reading.length > 0 ? [reading] : []));
    }
  }
  return found;
}
