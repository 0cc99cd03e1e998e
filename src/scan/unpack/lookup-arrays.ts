import { latin1 } from './byte-view.ts';
import type { MarkFinder, MarkIndex } from './mark-search.ts';
import { replaceEach } from './replace-each.ts';

/**
 * Texts that an obfuscated script keeps in one array and fetches by number, `_0x4b(0x1f4)+_0x4b(0x1f5)`. How far the
 * numbers are from the places, and how often the array is turned before, it computes when it runs: there are no more
 * sums of both than places. Takes linear time in the text, and bounded time for each array.
 */

/** What such tools call their variables, all of them. */
const NAMES = Buffer.from('_0x');
/** Arrays of one text, and texts of one: the tools split what they hide into hundreds. */
const MAX_ARRAYS = 8;
const MAX_TEXTS = 2_048;
/** Read of a text: so much before the first such name, and so much in all. No script of these tools is that long. */
const BEFORE_NAME = 1024 * 1024;
const MAX_SCRIPT = 4 * 1024 * 1024;
/** Chains of calls that are put together, calls of one, and what all places together may cost: characters and terms. */
const MAX_CHAINS = 256;
const MAX_CALLS = 256;
const MAX_WORK = 1024 * 1024;

const QUOTED = `'(?:[^'\\\\\\r\\n]|\\\\.){0,4096}'|"(?:[^"\\\\\\r\\n]|\\\\.){0,4096}"`;
/** A text of an array and what stands behind it. */
const ELEMENT = new RegExp(`\\s{0,8}(${QUOTED})\\s{0,8}(,\\s{0,8}\\]|[,\\]])`, 'y');
const MIN_TEXTS = 3;
const CALL = `[A-Za-z_$][\\w$]{0,31}[([]['"]?(?:0x[\\da-fA-F]{1,6}|\\d{1,6})['"]?(?:,[^()]{0,32})?[)\\]]`;
const CHAIN = new RegExp(
  `(?:(?<![\\w$])${CALL}|'[^'\\\\\\r\\n]{0,64}'|"[^"\\\\\\r\\n]{0,64}")(?:\\s{0,4}\\+\\s{0,4}(?:${CALL}|'[^'\\\\\\r\\n]{0,64}'|"[^"\\\\\\r\\n]{0,64}")){1,${MAX_CALLS}}`,
  'g',
);
const TERM = new RegExp(`(${CALL})|'([^'\\\\\\r\\n]{0,64})'|"([^"\\\\\\r\\n]{0,64})"`, 'g');
const PLACE = /[([]['"]?(0x[\da-fA-F]{1,6}|\d{1,6})/;
const BASE64 = /^[A-Za-z0-9+/]{2,}={0,2}$/;

/** Longest name of these, and as many as are told from each other. */
const MAX_NAME = 32;
const MAX_NAMES = 256;
const NAME = /^\w+/;
const USUAL_NAME = /^_0x[\da-f]+$/i;

/** The tools number their names, and a script uses what it names; noise has the letters of one by accident. */
function hasName(bytes: Buffer, first: number): boolean {
  const names = new Set<string>();
  for (let at = first; at >= 0 && names.size < MAX_NAMES; at = bytes.indexOf(NAMES, at + NAMES.length)) {
    const [name = ''] = NAME.exec(latin1(bytes, at, at + MAX_NAME)) ?? [];
    if (USUAL_NAME.test(name) || names.has(name)) {
      return true;
    }
    names.add(name);
  }
  return names.size === MAX_NAMES;
}

/** The texts of the array that opens before `at`, and where reading ended; `undefined` texts when it is none. */
function arrayAt(text: string, at: number): { readonly texts: string[] | undefined; readonly end: number } {
  const texts: string[] = [];
  for (ELEMENT.lastIndex = at; texts.length < MAX_TEXTS;) {
    const start = ELEMENT.lastIndex;
    const [all, element = '', behind = ''] = ELEMENT.exec(text) ?? [];
    if (all === undefined) {
      return { texts: undefined, end: start };
    }
    texts.push(element.slice(1, -1));
    if (behind.endsWith(']')) {
      return { texts: texts.length < MIN_TEXTS ? undefined : texts, end: start + all.length };
    }
  }
  return { texts: undefined, end: ELEMENT.lastIndex };
}

/** Goes on where an array turned out to be none: what was read is not read again, whatever stands in it. */
function arraysIn(text: string): string[][] {
  const found: string[][] = [];
  for (let open = text.indexOf('['); open >= 0 && found.length < MAX_ARRAYS;) {
    const { texts, end } = arrayAt(text, open + 1);
    if (texts !== undefined) {
      found.push(texts);
    }
    open = text.indexOf('[', end);
  }
  return found;
}

/** The tools write base64 with small letters before capital ones. */
function withOtherCase(text: string): string {
  return replaceEach(text, /[A-Za-z]/g, (letter) =>
    letter < 'a' ? letter.toLowerCase() : letter.toUpperCase(),
  );
}

/** The texts as they are, and decoded when all of them may be base64. */
function spellingsOf(texts: readonly string[]): string[][] {
  const isCoded = texts.every((text) => text === '' || BASE64.test(text));
  const decoded = (spell: (text: string) => string): string[] =>
    texts.map((text) => Buffer.from(spell(text), 'base64').toString('latin1'));
  return [[...texts], ...(isCoded ? [decoded((text) => text), decoded(withOtherCase)] : [])];
}

type Term = string | number;

function termsOf(chain: string): Term[] {
  return Array.from(chain.matchAll(TERM), ([, call, single, double]) =>
    call === undefined ? (single ?? double ?? '') : Number(PLACE.exec(call)?.[1] ?? 0),
  );
}

function chainsIn(text: string): Term[][] {
  const found: Term[][] = [];
  for (const [chain] of text.matchAll(CHAIN)) {
    const terms = termsOf(chain);
    if (terms.some((term) => typeof term === 'number')) {
      found.push(terms);
    }
    if (found.length >= MAX_CHAINS) {
      break;
    }
  }
  return found;
}

/** What the chains say when the numbers are so far from the places. */
function chainsAt(chains: readonly Term[][], texts: readonly string[], shift: number): string {
  const put = (term: Term): string =>
    typeof term === 'string' ? term : (texts[(term + shift) % texts.length] ?? '');
  return chains.map((terms) => terms.map(put).join('')).join('\n');
}

export class LookupArrays {
  readonly #first: MarkFinder;

  constructor(marks: MarkIndex) {
    this.#first = marks.add(NAMES);
  }

  /** What the arrays of a text hold where they are coded, and what its chains of calls make of them. */
  in(bytes: Buffer): Buffer[] {
    const first = this.#first(bytes);
    if (first < 0 || !hasName(bytes, first)) {
      return [];
    }
    const start = Math.max(0, first - BEFORE_NAME);
    const text = latin1(bytes, start, Math.min(bytes.length, start + MAX_SCRIPT));
    const lists = arraysIn(text);
    const chains = lists.length === 0 ? [] : chainsIn(text);
    return lists.flatMap((texts) => this.#readings(texts, chains)).map((each) => Buffer.from(each, 'latin1'));
  }

  #readings(texts: readonly string[], chains: readonly Term[][]): string[] {
    const found: string[] = [];
    const terms = chains.reduce((sum, chain) => sum + chain.length, 0);
    let left = MAX_WORK;
    for (const [index, spelling] of spellingsOf(texts).entries()) {
      found.push(...(index === 0 ? [] : [spelling.join('\n')]));
      for (let shift = 0; shift < spelling.length && left > 0 && chains.length > 0; shift += 1) {
        const said = chainsAt(chains, spelling, shift);
        left -= terms + said.length;
        found.push(said);
      }
    }
    return found.length === 0 ? [] : [found.join('\n')];
  }
}
