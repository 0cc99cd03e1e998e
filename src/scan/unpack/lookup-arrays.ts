import type { MarkFinder, MarkIndex } from './mark-search.ts';

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
/** Chains of calls that are put together, calls of one, and all that comes out, characters. */
const MAX_CHAINS = 256;
const MAX_CALLS = 256;
const MAX_OUTPUT = 1024 * 1024;

const QUOTED = `'(?:[^'\\\\\\r\\n]|\\\\.){0,4096}'|"(?:[^"\\\\\\r\\n]|\\\\.){0,4096}"`;
const ARRAY = new RegExp(
  `\\[\\s{0,8}((?:(?:${QUOTED})\\s{0,8},\\s{0,8}){2,${MAX_TEXTS}}(?:${QUOTED}))\\s{0,8},?\\s{0,8}\\]`,
  'g',
);
const ELEMENT = new RegExp(QUOTED, 'g');
const CALL = `[A-Za-z_$][\\w$]{0,31}[([]['"]?(?:0x[\\da-fA-F]{1,6}|\\d{1,6})['"]?(?:,[^()]{0,32})?[)\\]]`;
const CHAIN = new RegExp(
  `(?:(?<![\\w$])${CALL}|'[^'\\\\\\r\\n]{0,64}'|"[^"\\\\\\r\\n]{0,64}")(?:\\s{0,4}\\+\\s{0,4}(?:${CALL}|'[^'\\\\\\r\\n]{0,64}'|"[^"\\\\\\r\\n]{0,64}")){1,${MAX_CALLS}}`,
  'g',
);
const TERM = new RegExp(`(${CALL})|'([^'\\\\\\r\\n]{0,64})'|"([^"\\\\\\r\\n]{0,64})"`, 'g');
const PLACE = /[([]['"]?(0x[\da-fA-F]{1,6}|\d{1,6})/;
const BASE64 = /^[A-Za-z0-9+/]{2,}={0,2}$/;

function textsOf(list: string): string[] {
  return Array.from(list.matchAll(ELEMENT), ([element]) => element.slice(1, -1));
}

/** The tools write base64 with small letters before capital ones. */
function withOtherCase(text: string): string {
  return text.replace(/[A-Za-z]/g, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()));
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
    if (this.#first(bytes) < 0) {
      return [];
    }
    const text = bytes.toString('latin1');
    const lists = Array.from(text.matchAll(ARRAY), ([, list = '']) => textsOf(list));
    const chains = chainsIn(text);
    const found = lists.slice(0, MAX_ARRAYS).flatMap((texts) => this.#readings(texts, chains));
    return found.map((each) => Buffer.from(each, 'latin1'));
  }

  #readings(texts: readonly string[], chains: readonly Term[][]): string[] {
    const found: string[] = [];
    let left = MAX_OUTPUT;
    for (const [index, spelling] of spellingsOf(texts).entries()) {
      found.push(...(index === 0 ? [] : [spelling.join('\n')]));
      for (let shift = 0; shift < spelling.length && left > 0 && chains.length > 0; shift += 1) {
        const said = chainsAt(chains, spelling, shift);
        left -= said.length;
        found.push(said);
      }
    }
    return found.length === 0 ? [] : [found.join('\n')];
  }
}
