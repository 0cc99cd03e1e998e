import { ByteCuts } from './byte-cuts.ts';
import { FoldedWord } from './folded-word.ts';
import { signsOf } from './sign-stretches.ts';

/** What scripts do to a text before they decode it. Each takes linear time. */

/** Separators that are removed from one text one at a time; with more of them all are removed at once as well. */
const MAX_SEPARATORS = 4;
const MAX_SEPARATORS_AT_ONCE = 64;

/** `x.replace(/y/g, '')`, `x.split('y').join('')`, `Replace(x, "y", "")`, `x -replace 'y', ''`. */
const REMOVAL =
  /(?:replace(?:all)?\s{0,4}\(\s{0,4}(?:[\w.]{1,40}\s{0,4},\s{0,4})?|-[ci]?replace\s{0,4}|split\s{0,4}\(\s{0,4})(?:\/(?<pattern>(?:\\.|[^\\/\r\n]){1,24})\/[a-z]{0,4}|(?<quote>["'`])(?<text>[^"'`\r\n]{1,24})\k<quote>)\s{0,4}(?:,\s{0,4}(?<empty>["'`])\k<empty>|\)\s{0,4}\.\s{0,4}join\s{0,4}\(\s{0,4}(?<glue>["'`])\k<glue>)/iy;

function withoutEscapes(pattern: string): string {
  return pattern.replaceAll(/\\(\W)/g, '$1');
}

/** What a regular expression removes, when that is one text or one of a few characters. */
function separatorsOf(pattern: string): string[] {
  const set = /^\[((?:\\\W|[^\\^\]-]){1,12})\][+*]?$/.exec(pattern)?.[1];
  if (set !== undefined) {
    return Array.from(withoutEscapes(set));
  }
  const characters = /^\[(?:\\[^]|[^\]\\]){1,48}\][+*]?$/.test(pattern) ? charactersOf(pattern) : [];
  if (characters.length > 0) {
    return characters;
  }
  const single = /^(?:\\\W|[^\\[\](){}.*+?^$|])+$/.test(pattern.replace(/(?<=.)\+$/, ''));
  return single ? [withoutEscapes(pattern.replace(/(?<=[^\\])\+$/, ''))] : [];
}

/** Every printable character of a class with ranges, or of all others; quotes are no separators. */
function charactersOf(pattern: string): string[] {
  const inner = pattern.replace(/[+*]$/, '');
  try {
    const set = new RegExp(inner);
    return PRINTABLE.filter((character) => set.test(character));
  } catch (error) {
    if (error instanceof SyntaxError) {
      return []; // what looks like a class need not be one
    }
    throw error;
  }
}

const PRINTABLE = Array.from({ length: 95 }, (_, at) => String.fromCharCode(0x20 + at)).filter(
  (character) => !/["'`]/.test(character),
);

const REMOVING = ['replace', 'split'].map((word) => new FoldedWord(word));
const DASH = 0x2d;

/** Where the call or operator begins to which the word at `at` belongs. */
function callStart(bytes: Buffer, at: number): number {
  return bytes[at - 1] === DASH ? at - 1 : bytes[at - 2] === DASH ? at - 2 : at;
}

/** More characters are those of a class, blanks among them. */
const MAX_TOLD = 12;

/** What the call at `at` removes; nothing that is a blank. */
function removedAt(text: string, at: number): string[] {
  REMOVAL.lastIndex = at;
  const groups = REMOVAL.exec(text)?.groups;
  const pattern = groups?.['pattern'];
  const set = pattern === undefined ? [groups?.['text'] ?? ''] : separatorsOf(pattern);
  return set.length > MAX_TOLD ? set : set.filter((separator) => separator.trim() !== '');
}

function separatorSets(bytes: Buffer): string[][] {
  const text = bytes.toString('latin1');
  const sets = new Map<string, string[]>();
  for (const word of REMOVING) {
    for (let at = word.indexIn(bytes); at >= 0; at = word.indexIn(bytes, at + word.length)) {
      const set = [at, callStart(bytes, at)]
        .map((start) => removedAt(text, start))
        .find(({ length }) => length > 0);
      if (set !== undefined && sets.size < MAX_SEPARATORS_AT_ONCE) {
        sets.set(set.join('\n'), set);
      }
    }
  }
  return [...sets.values()];
}

function without(bytes: Buffer, separator: Buffer): Buffer {
  const cuts = new ByteCuts(bytes);
  for (let at = bytes.indexOf(separator); at >= 0; at = bytes.indexOf(separator, at + separator.length)) {
    cuts.cut(at, at + separator.length);
  }
  return cuts.rest() ?? bytes;
}

function withoutCharacters(bytes: Buffer, characters: readonly string[]): Buffer {
  const isKept = new Uint8Array(256).fill(1);
  for (const character of characters) {
    isKept[character.charCodeAt(0)] = 0;
  }
  const kept = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    kept[length] = byte; // the next one is written over what is not kept
    length += isKept[byte] ?? 0;
  }
  return Buffer.from(kept.subarray(0, length)); // holds no more memory than it is long
}

function withoutAll(bytes: Buffer, separators: readonly string[]): Buffer {
  if (separators.length > 1 && separators.every(({ length }) => length === 1)) {
    return withoutCharacters(bytes, separators);
  }
  return separators.reduce((text, separator) => without(text, Buffer.from(separator, 'latin1')), bytes);
}

/** The text without each of the separators that it removes itself when it runs. */
export function withoutSeparators(bytes: Buffer): Buffer[] {
  const sets = separatorSets(bytes);
  const single = sets.slice(0, MAX_SEPARATORS).map((set) => withoutAll(bytes, set));
  return sets.length <= MAX_SEPARATORS ? single : [...single, withoutAll(bytes, sets.flat())];
}

const QUOTES = signsOf(/["'`]/);
const ENCODED = signsOf(/[A-Za-z0-9+/=_-]/);
/** Longest literal of other text that is passed over as a whole, bytes. */
const MAX_OTHER = 4096;
const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;

/** Behind the literal of other text that the quote at `quote` opens; behind the quote when no quote of its line ends it. */
function behindOther(bytes: Buffer, quote: number, from: number): number {
  const end = Math.min(bytes.length, quote + MAX_OTHER);
  for (let at = from; at < end && bytes[at] !== LF; at += 1) {
    if (bytes[at] === bytes[quote]) {
      return at + 1;
    }
  }
  return quote + 1;
}

const TAB = 0x09;
const BACKSLASH = 0x5c;
/** Letters of a literal that is encoded although it has blanks: prose has other signs before that. */
const MIN_SPACED = 64;

/** Characters in a literal that a decoder passes over: blanks, line ends, and the backslash of an escaped slash. */
function isPassedOver(byte: number | undefined): boolean {
  return byte === BLANK || byte === TAB || byte === LF || byte === CR || byte === BACKSLASH;
}

/** Writes the letters of such a literal to `out`; the lengths that were read and written, or undefined. */
function spacedLiteral(
  bytes: Buffer,
  quote: number,
  out: Buffer,
): { end: number; letters: number } | undefined {
  let letters = 0;
  let at = quote + 1;
  for (; at < bytes.length && bytes[at] !== bytes[quote]; at += 1) {
    if (ENCODED[bytes[at] ?? 0] === 1) {
      out[letters] = bytes[at] ?? 0;
      letters += 1;
    } else if (!isPassedOver(bytes[at])) {
      return undefined;
    }
  }
  return letters >= MIN_SPACED && at < bytes.length ? { end: at + 1, letters } : undefined;
}

/**
 * All string literals of nothing but encoded characters, one behind the other: variables that are added later, calls
 * of `concat`, pieces that are appended line by line. A blank stands for other literals, and on both sides of those
 * that are encoded but for blanks, which are none of several pieces.
 */
export function assembleLiterals(bytes: Buffer): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length;) {
    if (QUOTES[bytes[at] ?? 0] !== 1) {
      at += 1;
      continue;
    }
    let end = at + 1;
    while (ENCODED[bytes[end] ?? 0] === 1) {
      end += 1;
    }
    if (bytes[end] === bytes[at]) {
      length += bytes.copy(out, length, at + 1, end);
      at = end + 1;
      continue;
    }
    out[length] = BLANK;
    length += 1;
    const spaced = isPassedOver(bytes[end]) ? spacedLiteral(bytes, at, out.subarray(length)) : undefined;
    if (spaced === undefined) {
      at = behindOther(bytes, at, end);
    } else {
      out[length + spaced.letters] = BLANK;
      length += spaced.letters + 1;
      at = spaced.end;
    }
  }
  return out.subarray(0, length);
}

/** How a script changes each number before it makes a character of it. */
interface Change {
  readonly sign: string;
  readonly key: number;
}

/** Changes that are tried on the arrays of one text: as many as give so many bytes, and four at least. */
const MAX_CHANGED_BYTES = 1024 * 1024;
const MIN_CHANGES = 4;
const MAX_CHANGES = 64;
/** From its sign on: what stands before that is looked at where there is a sign, and not at every letter. */
const CHANGE =
  /(\^|-bxor|\bxor|[+-])\s{0,4}(?:[("']\s{0,4})?(0x[\da-f]{1,2}|&h[\da-f]{1,2}|\d{1,3})(?![\w.,])/gi;
const CHANGED = signsOf(/[\w\])]/);
const BLANKS = signsOf(/\s/);
const MAX_BLANKS = 4;

/** Where that stands which the sign at `at` changes, or -1. */
function changedBefore(bytes: Buffer, at: number): number {
  let place = at - 1;
  while (place > at - 1 - MAX_BLANKS && BLANKS[bytes[place] ?? 0] === 1) {
    place -= 1;
  }
  return CHANGED[bytes[place] ?? 0] === 1 ? place : -1;
}

function changesIn(bytes: Buffer, most: number): Change[] {
  const changes = new Map<string, Change>();
  let end = 0;
  for (const match of bytes.toString('latin1').matchAll(CHANGE)) {
    const [whole, sign = '', digits = ''] = match;
    if (changedBefore(bytes, match.index) < end) {
      continue; // of the change before, or of nothing
    }
    end = match.index + whole.length;
    const key = Number(digits.replace(/^&h/i, '0x'));
    // Adding one is what loops do.
    const isTelling = key > 1 && key < 256;
    const kind = /[+-]$/.test(sign) ? sign : '^';
    if (isTelling) {
      changes.set(`${kind}${key}`, { sign: kind, key });
    }
    if (changes.size === most) {
      break;
    }
  }
  return [...changes.values()];
}

function changed(codes: Buffer, { sign, key }: Change): Buffer {
  const out = Buffer.allocUnsafe(codes.length);
  const isXor = sign === '^';
  const shift = sign === '+' ? key : -key;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    out[at] = isXor ? code ^ key : code + shift;
  }
  return out;
}

/** Arrays of numbers as the script changes them; `text` is the script. */
export function changedCodes(text: Buffer, arrays: readonly Buffer[]): Buffer[] {
  const length = arrays.reduce((sum, codes) => sum + codes.length, 0);
  const most = Math.floor(MAX_CHANGED_BYTES / Math.max(1, length));
  const changes = length === 0 ? [] : changesIn(text, Math.min(MAX_CHANGES, Math.max(MIN_CHANGES, most)));
  return changes.flatMap((change) => arrays.map((codes) => changed(codes, change)));
}

/** Signs that shells drop before a letter: `^` in cmd, the grave in PowerShell. */
const SHELL_ESCAPES = [0x5e, 0x60];
/** What cmd and Unix shells drop inside of a word: quotes that enclose nothing or a part of it, and escapes. */
const IN_WORD = /(?<=[\w^`-])(?:""|''|\\(?=[A-Za-z0-9_-])|%[A-Za-z]\w{0,15}%)(?=[\w^`-])/g;
/** A sign before the end of a line, which goes on in the next one. */
const LINE_ESCAPE = /[\\^]\r?\n/g;
const LINE_ESCAPES = [0x5c, 0x5e].map((sign) => ({
  sign,
  ends: [Buffer.from([sign, 0x0a]), Buffer.from([sign, 0x0d, 0x0a])],
}));

function isLetter(byte: number | undefined): boolean {
  const letter = (byte ?? 0) | 0x20;
  return letter >= 0x61 && letter <= 0x7a;
}

/** How often the sign stands inside of a word, up to `most`. */
function inWords(bytes: Buffer, sign: number, most: number): number {
  let count = 0;
  for (let at = bytes.indexOf(sign, 1); at >= 0 && count < most; at = bytes.indexOf(sign, at + 1)) {
    count += isLetter(bytes[at - 1]) && isLetter(bytes[at + 1]) ? 1 : 0;
  }
  return count;
}

/** Enough of them to show that somebody hides his words; prose and formulas have one now and then. */
const TELLING = 3;

/** The search for one byte is many times faster, and most texts have none of it. */
function endsLines(bytes: Buffer, { sign, ends }: (typeof LINE_ESCAPES)[number]): boolean {
  return bytes.includes(sign) && ends.some((end) => bytes.includes(end));
}

/** Quotes that enclose nothing, inside of words: prose and tables have one now and then. */
const EMPTY_QUOTES = Buffer.from("''");
const QUOTED_NOTHING = /(?:\w''(?=\w)[^\r\n]{0,64}?){3}/;

/** A command line that is written with such signs so that no word of it can be read, or one that goes on. */
export function hasShellEscapes(bytes: Buffer): boolean {
  return (
    LINE_ESCAPES.some((escape) => endsLines(bytes, escape)) ||
    SHELL_ESCAPES.some((sign) => inWords(bytes, sign, TELLING) === TELLING) ||
    (bytes.includes(EMPTY_QUOTES) && QUOTED_NOTHING.test(bytes.toString('latin1')))
  );
}

function replacedAll(bytes: Buffer, pattern: RegExp): Buffer {
  const text = bytes.toString('latin1');
  const other = text.replace(pattern, '');
  return other.length === text.length ? bytes : Buffer.from(other, 'latin1');
}

/** Copies what is none of `signs`; gives how many bytes that are. */
function copyOthers(bytes: Uint8Array, signs: readonly number[], out: Uint8Array): number {
  const isSign = new Uint8Array(256);
  signs.forEach((sign) => (isSign[sign] = 1));
  const end = bytes.length;
  let length = 0;
  for (let at = 0; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    out[length] = byte; // what follows a sign is written over it
    length += 1 - (isSign[byte] ?? 0);
  }
  return length;
}

function withoutSigns(bytes: Buffer, signs: readonly number[]): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  return out.subarray(0, copyOthers(bytes, signs, out));
}

/**
 * A command line without each of these signs, and without all of them when it has several. `hasEach`: false for the
 * last of these readings only.
 */
export function withoutShellEscapes(bytes: Buffer, hasEach = true): Buffer[] {
  const signs = SHELL_ESCAPES.filter((sign) => inWords(bytes, sign, 1) > 0);
  const lines = replacedAll(bytes, LINE_ESCAPE);
  const words = replacedAll(lines, IN_WORD);
  const changed = words === bytes ? [] : [words];
  const isSingle = signs.length + changed.length < 2;
  const single = isSingle || hasEach ? signs.map((sign) => withoutSigns(lines, [sign])) : [];
  const several = isSingle ? [] : [withoutSigns(words, signs)];
  return isSingle || hasEach ? [...single, ...changed, ...several] : several;
}
