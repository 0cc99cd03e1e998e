/**
 * Rules that may be matched on many contents at once: what satisfies a rule in some content satisfies its sieve in
 * longer bytes as well that hold this content between bytes of no word. The sieve of a rule asks only for patterns
 * that are there; what its condition says beside that on places, sizes, absence or other rules is left out, and a
 * sieve that lets nothing through means that the rules find nothing. What is not known to be so has no sieve, which
 * costs time and nothing else.
 */

/** A word, a variable, an operator or one sign. */
const TOKEN = /[$#@!]?\w+\*?|\$\*?|[<>=!]=|\.\.|\S/g;
/** Patterns that are there, so many of them, or so often; `0 of` and `none of` ask for absence. */
const ATOM = /^(?:\$\w+|#\w+ >=? \d+|(?:any|all|[1-9]\d*) of (?:them|\( \$\w*\*?(?: , \$\w*\*?)* \)))$/;
/** A pattern at a place is a pattern that is there. */
const PLACED = /^(\$\w+) (?:at|in) /;
/** Makes use of every pattern, which the compiler insists on, and asks for none. */
const ANY_USE = ' and (any of them or true)';

type Tokens = readonly string[];

function splitAt(tokens: Tokens, operator: string): Tokens[] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    depth += token === '(' ? 1 : token === ')' ? -1 : 0;
    if (depth === 0 && token === operator) {
      parts.push([]);
    } else {
      parts.at(-1)?.push(token);
    }
  }
  return parts;
}

/** True when the first sign opens what the last one closes. */
function isEnclosed(tokens: Tokens): boolean {
  let depth = 0;
  const closes = tokens.findIndex((token) => {
    depth += token === '(' ? 1 : token === ')' ? -1 : 0;
    return depth === 0;
  });
  return tokens[0] === '(' && closes === tokens.length - 1;
}

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
const PATTERN_NAME = /\$\w*\s*=/y;
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

/** Reads one rule file as strictly as it is simple. */
class RuleFile {
  readonly #source: string;
  #at = 0;
  #out = '';
  /** Up to here the source is in the output. */
  #written = 0;

  constructor(source: string) {
    this.#source = source;
  }

  sieve(): string | undefined {
    while (this.#skip() < this.#source.length) {
      if (this.#take(IMPORT) === undefined && !this.#rule()) {
        return undefined;
      }
    }
    return this.#out + this.#source.slice(this.#written);
  }

  #rule(): boolean {
    if (this.#take(HEAD) === undefined) {
      return false; // also `global` and `include`
    }
    if (this.#take(META) !== undefined) {
      while (this.#take(META_ENTRY) !== undefined);
    }
    if (this.#take(STRINGS) !== undefined) {
      while (this.#take(PATTERN_NAME) !== undefined) {
        if (!this.#pattern()) {
          return false;
        }
      }
    }
    return this.#take(CONDITION_START) !== undefined && this.#condition();
  }

  #pattern(): boolean {
    const plain = this.#take(TEXT) ?? this.#take(HEX);
    const regex = plain === undefined ? this.#take(REGEX) : undefined;
    if (plain === undefined && (regex === undefined || ANCHOR.test(regex))) {
      return false;
    }
    this.#modifiers();
    return true;
  }

  /** Under `xor` the neighbours of a word are read with its key, so that no separator is known to be no letter. */
  #modifiers(): void {
    let [isXored, fullwordEnd] = [false, 0];
    for (let word = this.#take(MODIFIER); word !== undefined; word = this.#take(MODIFIER)) {
      isXored ||= word.startsWith('xor');
      fullwordEnd = word === FULLWORD ? this.#at : fullwordEnd;
    }
    if (isXored && fullwordEnd > 0) {
      this.#out += this.#source.slice(this.#written, fullwordEnd - FULLWORD.length);
      this.#written = fullwordEnd;
    }
  }

  #condition(): boolean {
    const start = this.#at;
    CONDITION.lastIndex = start;
    const condition = CONDITION.exec(this.#source)?.[0].slice(0, -1);
    if (condition === undefined) {
      return false;
    }
    this.#at = start + condition.length + 1;
    const tokens = condition.replace(TEXT_OR_COMMENT, asToken).match(TOKEN) ?? [];
    const weaker = weakened(tokens);
    if (weaker !== undefined && bare(weaker) !== bare(tokens.join(''))) {
      this.#out += `${this.#source.slice(this.#written, start)} (${weaker})${ANY_USE} }`;
      this.#written = this.#at;
    }
    return weaker !== undefined;
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

/** The sieve of these rules: the source itself when it needs none, undefined when there is none. */
export function sieveOf(source: string): string | undefined {
  return new RuleFile(source).sieve();
}
