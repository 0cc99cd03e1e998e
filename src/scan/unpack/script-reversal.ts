import type { Token } from './script-statement.ts';

/** Signs by which a script reads a text from its end; the last element of a list is read by one of them as well. */
const MARK =
  /reverse|strrev|\[\s?::\s?-1\s?\]|righttoleft|reduceright|step\s{1,8}-\s?1|\[\s?-1\s{0,4}\.\.|\.\.\s?0\s?\]|while\s?\(\s?\w{1,16}\s?--|length\s{0,4}\)?\s{0,4}-\s{0,4}1(?=[^]{0,256}?(?:--|\.\.|(?<!length\s{0,4}\)?\s{0,4})-\s?=?\s?1))/gi;
/** Characters from such a sign to the statements that it is taken to be about, whatever they name. */
const NEAR = 2048;
/** Characters before a sign in which the function begins that it stands in. */
const BEFORE = 512;
/** Characters around it in which variables are named that it may turn round. */
const AROUND = 96;
/** Characters from a sign to where variables of one or two letters are still the same ones: programs reuse them. */
const NEAR_SHORT = 32 * 1024;
const SHORT = 3;

/** The name of a function where that is written. */
const FUNCTION =
  /\b(?:function|def|sub|func|fn)\s{1,4}([\w$-]{1,64})|\b([\w$]{1,64})\s?[=:]\s?(?:async\s?)?(?:function\b|\(?[\w$,\s]{0,64}\)?\s?=>)|\b([\w$]{1,64})\s?\([\w$,\s]{0,64}\)\s?\{/gi;
/** A variable: no property and no function that is called. */
const VARIABLE = /(?<![\w$.])\$?([A-Za-z_]\w{0,63})(?![\w$]|\s?\()/g;
/** Words of languages. */
const WORDS = new Set(
  'function return var let const for while if else new this in of to step next dim set array string length char int def range print null true false typeof'.split(
    ' ',
  ),
);

interface Range {
  readonly from: number;
  to: number;
}

/** Ranges around places in ascending order, those that touch as one. */
function around(places: readonly number[], before: number, behind: number): Range[] {
  const found: Range[] = [];
  for (const place of places) {
    const last = found.at(-1);
    if (last !== undefined && place - before <= last.to) {
      last.to = place + behind;
    } else {
      found.push({ from: Math.max(0, place - before), to: place + behind });
    }
  }
  return found;
}

function namesIn(text: string, ranges: readonly Range[], pattern: RegExp): Set<string> {
  const found = new Set<string>();
  for (const { from, to } of ranges) {
    for (const [, first, second, third] of text.slice(from, to).matchAll(pattern)) {
      const name = first ?? second ?? third ?? '';
      if (!WORDS.has(name.toLowerCase())) {
        found.add(name);
      }
    }
  }
  return found;
}

/** Answers for places in ascending order whether they stand in one of some ranges. */
class Walk {
  readonly #ranges: readonly Range[];
  #next = 0;

  constructor(ranges: readonly Range[]) {
    this.#ranges = ranges;
  }

  touches(from: number, to: number): boolean {
    while ((this.#ranges[this.#next]?.to ?? Infinity) < from) {
      this.#next += 1;
    }
    return (this.#ranges[this.#next]?.from ?? Infinity) <= to;
  }
}

/**
 * What a script may read from its end: what stands near a sign of that, what it gives to a function with such a sign
 * in it, and the variables that are named beside one. Programs have such signs here and there, and all their texts
 * turned round are as much as themselves. Takes linear time.
 */
export class Reversals {
  readonly isEmpty: boolean;
  readonly #near: Walk;
  readonly #nearShort: Walk;
  readonly #functions: ReadonlySet<string>;
  readonly #variables: ReadonlySet<string>;

  constructor(text: string) {
    const places = Array.from(text.matchAll(MARK), ({ index }) => index);
    this.isEmpty = places.length === 0;
    this.#near = new Walk(around(places, NEAR, NEAR));
    this.#nearShort = new Walk(around(places, NEAR_SHORT, NEAR_SHORT));
    this.#functions = namesIn(text, around(places, BEFORE, 0), FUNCTION);
    this.#variables = namesIn(text, around(places, AROUND, AROUND), VARIABLE);
  }

  concernVariable(name: string): boolean {
    return this.#variables.has(name);
  }

  /** Whether what a statement between two places says may be read from its end. They never go back. */
  concern(statement: readonly Token[], from: number, to: number): boolean {
    if (this.isEmpty || this.#near.touches(from, to)) {
      return !this.isEmpty;
    }
    const isShortNear = this.#nearShort.touches(from, to);
    return statement.some(({ kind, text }, at) => {
      if (kind !== 'word') {
        return false;
      }
      const isVariable = (isShortNear || text.length >= SHORT) && this.#variables.has(text);
      return isVariable || (this.#functions.has(text) && isGiven(statement[at + 1]));
    });
  }
}

const OPEN = 0x28;

/** True when a function is called with the token behind its name. */
function isGiven(token: Token | undefined): boolean {
  return token?.kind === 'literal' || token?.kind === 'word' || token?.code === OPEN;
}
