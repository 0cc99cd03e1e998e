/**
 * Tells rules that may be matched on many contents at once. A rule is joinable when whatever satisfies it in some
 * content satisfies it also in longer bytes that hold this content between bytes of no word: its condition asks only
 * for patterns that are there. Nothing of it may depend on sizes, on places, on what is absent or on other rules.
 * Everything that is not known to be so counts as not joinable, which costs time and nothing else.
 */

/** What may stand in a condition, apart from counts of matches. `0 of` and `none of` ask for absence. */
const CONDITION = /^(?:\(|\)|,|and|or|of|any|all|them|[1-9]\d*|\$\w*\*?)$/;
/** More than so many matches of a pattern; any other comparison may become false. */
const COUNT = /#\w+\s*>=?\s*\d+(?![\w.])/g;

/** A word, a variable, or one sign. */
const TOKEN = /[$#@!]?\w+\*?|\$\*?|\S/g;

const BLANK = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
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

/** Anchors of a regular expression: where its data begins or ends, or where no word does. */
const ANCHOR = /\\[ABzZ]|(?<!\[)\^|\$/;

/** Reads one rule file as strictly as it is simple. */
class RuleFile {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  isJoinable(): boolean {
    while (this.#skip() < this.#source.length) {
      if (!this.#rule()) {
        return false;
      }
    }
    return true;
  }

  #rule(): boolean {
    if (this.#take(HEAD) === undefined) {
      return false; // also `global`, `import` and `include`
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
    while (this.#take(MODIFIER) !== undefined);
    return true;
  }

  #condition(): boolean {
    const end = this.#source.indexOf('}', this.#at);
    const condition = this.#source.slice(this.#at, end);
    if (end < 0 || /["/{]/.test(condition)) {
      return false; // a comment as well: it may hold the sign that was taken for the end
    }
    this.#at = end + 1;
    const tokens = condition.replace(COUNT, ' any ').match(TOKEN) ?? [];
    return tokens.every((token) => CONDITION.test(token));
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

export function isJoinable(source: string): boolean {
  return new RuleFile(source).isJoinable();
}
