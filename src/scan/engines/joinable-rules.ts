import { isEnclosed, splitAt, type Tokens, tokensOf } from './condition-tokens.ts';
import { hexWords, textWords, type Word } from './pattern-words.ts';
import { requiredWords, type RulePattern } from './required-words.ts';

/**
 * Rules that may be matched on many contents at once: what satisfies a rule in some content satisfies its sieve in
 * longer bytes as well that hold this content between bytes of no word. The sieve of a rule asks only for patterns
 * that are there; what its condition says beside that on places, sizes, absence or other rules is left out, and a
 * sieve that lets nothing through means that the rules find nothing. What is not known to be so has no sieve, which
 * costs time and nothing else.
 */

/** Patterns that are there, so many of them, or so often; `0 of` and `none of` ask for absence. */
const ATOM = /^(?:\$\w+|#\w+ >=? \d+|(?:any|all|[1-9]\d*) of (?:them|\( \$\w*\*?(?: , \$\w*\*?)* \)))$/;
/** A pattern at a place is a pattern that is there. */
const PLACED = /^(\$\w+) (?:at|in) /;
/** Makes use of every pattern, which the compiler insists on, and asks for none. */
const ANY_USE = ' and (any of them or true)';

/** A condition that is true wherever this one is, and asks for patterns only; undefined when none is known. */
function weakened(tokens: Tokens): string | undefined {
  const choices = splitAt(tokens, 'or');
  if (choices.length > 1) {
    const kept = choices.map(weakened);
    return kept.includes(undefined) ? undefined : `(${kept.join(' or ')})`;
  }
  const demands = splitAt(tokens, 'and');
  if (demands.length > 1) {
    const kept = demands.map(weakened).filter((demand) => demand !== undefined);
    return kept.length === 0 ? undefined : kept.join(' and ');
  }
  if (isEnclosed(tokens)) {
    const inner = weakened(tokens.slice(1, -1));
    return inner === undefined ? undefined : `(${inner})`;
  }
  const text = tokens.join(' ');
  return ATOM.test(text) ? text : PLACED.exec(text)?.[1];
}

const BLANK = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const IMPORT = /import\s+"\w+"/y;
const HEAD = /(?:private\s+)?rule\s+\w+\s*(?::[\s\w]*)?\{/y;
const META = /meta\s*:/y;
const META_ENTRY = /\w+\s*=\s*(?:"(?:[^"\\\n]|\\.)*"|-?\d+|true\b|false\b)/y;
const STRINGS = /strings\s*:/y;
const PATTERN_NAME = /\$\w*(?=\s*=)/y;
const EQUALS = /=/y;
const TEXT = /"(?:[^"\\\n]|\\.)*"/y;
const HEX = /\{[0-9a-fA-F?~\s()|[\]-]*\}/y;
const REGEX = /\/(?:[^/\\\n]|\\.)+\/[is]*/y;
const MODIFIER = /(?:ascii|wide|nocase|fullword|private|(?:xor|base64|base64wide)(?:\([^()\n]*\))?)(?!\w)/y;
const CONDITION_START = /condition\s*:/y;
/** Up to the sign that ends it. With a regular expression or a division in it, where it ends is not known. */
const CONDITION = /(?:[^"/}]|"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*\}/y;
/** What has no tokens in it; a text may hold what looks like a comment, and a comment what looks like a text. */
const TEXT_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
const FULLWORD = 'fullword';

/** Anchors of a regular expression: where its data begins or ends, or where no word does. */
const ANCHOR = /\\[ABzZ]|(?<!\[)\^|\$/;

function asToken(found: string): string {
  return found.startsWith('"') ? ' " ' : ' ';
}

/** Without what groups and separates: something was left out when more than that differs. */
function bare(condition: string): string {
  return condition.replace(/[\s()]+/g, '');
}

/** The sieve of one rule file. */
export interface RuleSieve {
  /** Rules; the file itself when it needs no weaker ones. */
  readonly source: string;
  /** Where none of these is, only the rules of `rest` can match. */
  readonly words: readonly Word[];
  /** Those of `source` of which no words are known; undefined when there are none. */
  readonly rest: string | undefined;
}

/** Reads one rule file as strictly as it is simple. */
class RuleFile {
  readonly #source: string;
  #at = 0;
  #out = '';
  /** Up to here the source is in the output. */
  #written = 0;
  /** Patterns of the rule that is read. */
  #patterns: RulePattern[] = [];
  readonly #words: Word[] = [];
  /** Where rules stand in the output that have words. */
  readonly #worded: { readonly start: number; readonly end: number }[] = [];
  #hasRest = false;

  constructor(source: string) {
    this.#source = source;
  }

  sieve(): RuleSieve | undefined {
    while (this.#skip() < this.#source.length) {
      if (this.#take(IMPORT) === undefined && !this.#rule()) {
        return undefined;
      }
    }
    const source = this.#out + this.#source.slice(this.#written);
    return { source, words: this.#words, rest: this.#hasRest ? this.#without(source) : undefined };
  }

  /** The output less the rules that have words. */
  #without(source: string): string {
    let at = 0;
    const kept = this.#worded.map(({ start, end }) => {
      const before = source.slice(at, start);
      at = end;
      return before;
    });
    return kept.join('') + source.slice(at);
  }

  /** Where in the output what is read next will stand. */
  get #place(): number {
    return this.#out.length + this.#at - this.#written;
  }

  #rule(): boolean {
    const start = this.#place;
    this.#patterns = [];
    if (this.#take(HEAD) === undefined) {
      return false; // also `global` and `include`
    }
    if (this.#take(META) !== undefined) {
      while (this.#take(META_ENTRY) !== undefined);
    }
    if (this.#take(STRINGS) !== undefined) {
      for (let name = this.#take(PATTERN_NAME); name !== undefined; name = this.#take(PATTERN_NAME)) {
        if (this.#take(EQUALS) === undefined || !this.#pattern(name)) {
          return false;
        }
      }
    }
    const condition = this.#take(CONDITION_START) === undefined ? undefined : this.#condition();
    if (condition !== undefined) {
      this.#note(start, requiredWords(condition, this.#patterns));
    }
    return condition !== undefined;
  }

  /** The rule from `start` on in the output has `words`. */
  #note(start: number, words: readonly Word[] | undefined): void {
    this.#hasRest ||= words === undefined;
    if (words !== undefined) {
      this.#words.push(...words);
      this.#worded.push({ start, end: this.#place });
    }
  }

  #pattern(name: string): boolean {
    const text = this.#take(TEXT);
    const hex = text === undefined ? this.#take(HEX) : undefined;
    const regex = text === undefined && hex === undefined ? this.#take(REGEX) : undefined;
    if (text === undefined && hex === undefined && (regex === undefined || ANCHOR.test(regex))) {
      return false;
    }
    const modifiers = this.#modifiers();
    const words = text === undefined ? undefined : textWords(text, modifiers);
    this.#patterns.push({ name, words: hex === undefined ? words : hexWords(hex) });
    return true;
  }

  /** Under `xor` the neighbours of a word are read with its key, so that no separator is known to be no letter. */
  #modifiers(): readonly string[] {
    const words: string[] = [];
    let [isXored, fullwordEnd] = [false, 0];
    for (let word = this.#take(MODIFIER); word !== undefined; word = this.#take(MODIFIER)) {
      words.push(word);
      isXored ||= word.startsWith('xor');
      fullwordEnd = word === FULLWORD ? this.#at : fullwordEnd;
    }
    if (isXored && fullwordEnd > 0) {
      this.#out += this.#source.slice(this.#written, fullwordEnd - FULLWORD.length);
      this.#written = fullwordEnd;
    }
    return words;
  }

  /** What is left of the condition; undefined when nothing is known of it. */
  #condition(): Tokens | undefined {
    const start = this.#at;
    CONDITION.lastIndex = start;
    const condition = CONDITION.exec(this.#source)?.[0].slice(0, -1);
    if (condition === undefined) {
      return undefined;
    }
    this.#at = start + condition.length + 1;
    const tokens = tokensOf(condition.replace(TEXT_OR_COMMENT, asToken));
    const weaker = weakened(tokens);
    if (weaker !== undefined && bare(weaker) !== bare(tokens.join(''))) {
      this.#out += `${this.#source.slice(this.#written, start)} (${weaker})${ANY_USE} }`;
      this.#written = this.#at;
    }
    return weaker === undefined ? undefined : tokensOf(weaker);
  }

  #skip(): number {
    BLANK.lastIndex = this.#at;
    this.#at += BLANK.exec(this.#source)?.[0].length ?? 0;
    return this.#at;
  }

  #take(what: RegExp): string | undefined {
    what.lastIndex = this.#skip();
    const found = what.exec(this.#source)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}

/** The sieve of these rules, undefined when there is none. */
export function sieveOf(source: string): RuleSieve | undefined {
  return new RuleFile(source).sieve();
}
