import type { ScriptToken } from './script-tokens.ts';

/** One token of a statement. */
export interface Token {
  readonly kind: ScriptToken;
  readonly text: string;
  /** The character of a sign, zero for all others. */
  readonly code: number;
}

/** A variable where it is named, before its value is looked up. */
export interface Named {
  readonly name: string;
}

export interface Replacement {
  readonly from: string;
  readonly to: string;
}

/** What one part of a statement gives to a variable, or to the function that it calls. */
export interface Assignment {
  /** The variable, or the first word of a call; empty when there is none. */
  readonly name: string;
  /** The last word of `o.k = …`. */
  readonly property: string;
  readonly isCall: boolean;
  /** The value is put behind the one that the variable has. */
  readonly isAppended: boolean;
  readonly parts: (string | Named)[];
  readonly replacements: readonly Replacement[];
}

/** Words that stand before what a statement is about. */
const LEADING = new Set(
  'var let const dim set global local my our return void new echo print else then do static public private'.split(
    ' ',
  ),
);
const REPLACING = new Set(['replace', 'replaceall', 'creplace', 'ireplace', 'gsub']);
const SPLITTING = new Set(['split', 'csplit', 'isplit']);
/** Functions whose first arguments are what is replaced, and by what. */
const REPLACING_FIRST = new Set(['str_replace', 'str_ireplace', 'preg_replace']);
/** Whether a word may be one of those: most are not, and small letters are dear to make. */
const TELLING = /^(?:[ci]?(?:replace|split)|replaceall|gsub|\w{3,4}_i?replace|explode|vbnullstring)$/i;
const MIN_TELLING = 4;
const MAX_TELLING = 12;
/** Tokens looked at for the arguments of such a function. */
const NEAR = 16;
/** Replacements of one statement. */
const MAX_REPLACEMENTS = 64;

function isText(token: Token | undefined): boolean {
  return token?.kind === 'literal' || token?.kind === 'pattern';
}

const OPEN = 0x28;
const CLOSE = 0x29;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;
const OPEN_INDEX = 0x5b;
const CLOSE_INDEX = 0x5d;
const AMPERSAND = 0x26;
const EXCLAMATION = 0x21;

/** The character of the sign at a place, zero where there is none. */
function signAt(tokens: readonly Token[], at: number): number {
  return tokens[at]?.code ?? 0;
}

/** A regular expression that is one text, as that text. */
function plainPattern({ kind, text }: Token): string {
  const single = /^\[(\\?.)\]\+?$/.exec(text)?.[1] ?? text;
  return kind === 'pattern' || text.includes('\\') ? single.replaceAll(/\\(\W)/g, '$1') : single;
}

/** Reads the part of a statement from `start` to `end`: all literals and variables in their order. */
class Expression {
  readonly parts: (string | Named)[] = [];
  readonly replacements: Replacement[] = [];
  readonly #tokens: readonly Token[];
  readonly #end: number;
  readonly #knows: (name: string) => boolean;
  /** Calls whose last arguments are what they replace. */
  readonly #outer: ('replace' | 'split')[] = [];

  constructor(tokens: readonly Token[], end: number, knows: (name: string) => boolean) {
    this.#tokens = tokens;
    this.#end = end;
    this.#knows = knows;
  }

  read(start: number): this {
    for (let at = start; at < this.#end; at += 1) {
      const token = this.#tokens[at];
      if (token?.kind === 'literal') {
        this.parts.push(token.text);
      } else if (token?.kind === 'word') {
        at = this.#word(token.text, at);
      }
    }
    this.#readOuter();
    return this;
  }

  /** Where reading goes on, less one. */
  #word(word: string, at: number): number {
    const isTelling = word.length >= MIN_TELLING && word.length <= MAX_TELLING && TELLING.test(word);
    if (!isTelling) {
      this.#named(word, at);
      return at;
    }
    const name = word.toLowerCase();
    const before = signAt(this.#tokens, at - 1);
    const isMethod = before === DOT || before === MINUS;
    if (REPLACING_FIRST.has(name) || (isMethod && REPLACING.has(name))) {
      return this.#replacing(at);
    }
    if (name === 'explode' || (isMethod && SPLITTING.has(name))) {
      return this.#splitting(at);
    }
    if ((name === 'replace' || name === 'split') && signAt(this.#tokens, at + 1) === OPEN) {
      this.#outer.push(name);
    } else if (name === 'vbnullstring') {
      this.parts.push('');
    } else {
      this.#named(word, at);
    }
    return at;
  }

  #named(word: string, at: number): void {
    if (this.#knows(word) && !this.#isObject(at)) {
      this.parts.push({ name: word });
    }
  }

  /** The object of a property that has a value of its own. */
  #isObject(at: number): boolean {
    const property = this.#tokens[at + 2];
    return signAt(this.#tokens, at + 1) === DOT && property?.kind === 'word' && this.#knows(property.text);
  }

  /** The first text at or behind `at`, or -1; a call of a function that makes it stands in the way. */
  #textNear(at: number): number {
    for (let near = at; near < Math.min(this.#end, at + NEAR); near += 1) {
      const token = this.#tokens[near];
      if (isText(token)) {
        return near;
      }
      if (token?.kind === 'word' && !/^(?:new|regexp|array)$/i.test(token.text)) {
        return -1;
      }
    }
    return -1;
  }

  #replacing(at: number): number {
    const from = this.#textNear(at + 1);
    const token = this.#tokens[from];
    if (token === undefined) {
      return at;
    }
    const isRegExp = /^regexp$/i.test(this.#tokens[from - 2]?.text ?? '');
    const behind = isRegExp ? this.#closing(from) : from;
    const to =
      signAt(this.#tokens, behind + 1) === CLOSE && signAt(this.#tokens, behind + 2) !== COMMA
        ? -1
        : this.#textNear(behind + 1);
    this.#add(plainPattern(token), this.#tokens[to]?.text ?? '');
    return Math.max(behind, to);
  }

  #closing(at: number): number {
    for (let near = at; near < Math.min(this.#end, at + NEAR); near += 1) {
      if (signAt(this.#tokens, near) === CLOSE) {
        return near;
      }
    }
    return at;
  }

  /** What was split and is joined by nothing that is known is joined by nothing. */
  #splitting(at: number): number {
    const from = this.#textNear(at + 1);
    const token = this.#tokens[from];
    if (token === undefined) {
      return at;
    }
    for (let near = from; near < Math.min(this.#end, from + NEAR); near += 1) {
      if (/^join$/i.test(this.#tokens[near]?.text ?? '')) {
        const to = this.#textNear(near + 1);
        this.#add(plainPattern(token), this.#tokens[to]?.text ?? '');
        return Math.max(near, to);
      }
    }
    this.#add(plainPattern(token), '');
    return from;
  }

  #readOuter(): void {
    const found: Replacement[] = [];
    for (const name of this.#outer.slice(0, MAX_REPLACEMENTS)) {
      const last = this.parts.at(-1);
      const isSingle = name === 'split' && last !== '';
      const from = isSingle ? last : this.parts.at(-2);
      if (this.parts.length > 1 && typeof from === 'string' && from !== '' && typeof last === 'string') {
        this.parts.length -= isSingle ? 1 : 2;
        found.unshift({ from, to: isSingle ? '' : last });
      }
    }
    this.replacements.unshift(...found);
  }

  #add(from: string, to: string): void {
    if (from !== '' && from !== to && this.replacements.length < MAX_REPLACEMENTS) {
      this.replacements.push({ from, to });
    }
  }
}

/** The word, and what stands before it in `a[0].b`. */
interface Path {
  readonly start: number;
  readonly base: string;
  readonly property: string;
}

/** The path that ends before `end`. */
function pathBefore(tokens: readonly Token[], from: number, end: number): Path | undefined {
  let at = end - 1;
  let property = '';
  for (let steps = 0; at >= from && steps < NEAR; steps += 1) {
    if (signAt(tokens, at) === CLOSE_INDEX) {
      at -= 1;
      while (at > from && end - at < NEAR && signAt(tokens, at) !== OPEN_INDEX) {
        at -= 1;
      }
      at -= 1;
    }
    const word = tokens[at];
    if (word?.kind !== 'word') {
      return undefined;
    }
    if (signAt(tokens, at - 1) !== DOT || at - 1 <= from) {
      return { start: at, base: word.text, property };
    }
    property = property === '' ? word.text : property;
    at -= 2;
  }
  return undefined;
}

/** True when the sign of equality at `at` gives a value. */
function isGiving(tokens: readonly Token[], at: number): boolean {
  const before = signAt(tokens, at - 1);
  const behind = signAt(tokens, at + 1);
  const isCompared = before === EQUALS || before === LESS || before === GREATER || before === EXCLAMATION;
  return !isCompared && behind !== EQUALS && behind !== GREATER;
}

/** The word that a statement begins with. */
function aboutOf(tokens: readonly Token[], from: number, end: number): string {
  for (let at = from; at < Math.min(end, from + NEAR); at += 1) {
    const token = tokens[at];
    if (token?.kind === 'word' && !LEADING.has(token.text.toLowerCase())) {
      return token.text;
    }
  }
  return '';
}

/** Where values begin, and what they are given to. */
interface Start {
  readonly target: Path | undefined;
  readonly isAppended: boolean;
  /** The first token of what is given to. */
  readonly from: number;
  readonly valueFrom: number;
}

function startsIn(tokens: readonly Token[]): Start[] {
  const starts: Start[] = [{ target: undefined, isAppended: true, from: 0, valueFrom: 0 }];
  for (let at = 1; at < tokens.length; at += 1) {
    const code = signAt(tokens, at);
    if (code !== COLON && code !== EQUALS) {
      continue;
    }
    const isProperty = code === COLON && tokens[at - 1]?.kind === 'word';
    if (isProperty || (code === EQUALS && isGiving(tokens, at))) {
      const before = signAt(tokens, at - 1);
      const isAppended = !isProperty && (before === PLUS || before === DOT || before === AMPERSAND);
      const from = starts.at(-1)?.valueFrom ?? 0;
      const target = pathBefore(tokens, from, isAppended ? at - 1 : at);
      if (target !== undefined) {
        const isPath = target.property !== '' || before === CLOSE_INDEX;
        starts.push({ target, isAppended: isAppended || isPath, from: target.start, valueFrom: at + 1 });
      }
    }
  }
  return starts;
}

/** Most statements of programs have neither a literal nor the name of one. */
function saysNothing(tokens: readonly Token[], knows: (name: string) => boolean): boolean {
  for (const { kind, text } of tokens) {
    const isValue = kind === 'word' && (knows(text) || (text.length === MAX_TELLING && TELLING.test(text)));
    if (kind === 'literal' || isValue) {
      return false;
    }
  }
  return true;
}

/** What a statement gives to which variable. */
export function assignmentsOf(tokens: readonly Token[], knows: (name: string) => boolean): Assignment[] {
  const found: Assignment[] = [];
  const starts = saysNothing(tokens, knows) ? [] : startsIn(tokens);
  for (const [index, { target, isAppended, valueFrom }] of starts.entries()) {
    const end = starts[index + 1]?.from ?? tokens.length;
    const { parts, replacements } = new Expression(tokens, end, knows).read(valueFrom);
    if (parts.length > 0) {
      const isCall = target === undefined;
      const name = isCall ? aboutOf(tokens, 0, end) : target.base;
      found.push({ name, property: target?.property ?? '', isCall, isAppended, parts, replacements });
    }
  }
  return found;
}
