import type { ScriptToken } from './script-tokens.ts';

/** One token of a statement. */
export interface Token {
  readonly kind: ScriptToken;
  readonly text: string;
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
/** Tokens looked at for the arguments of such a function. */
const NEAR = 16;
/** Replacements of one statement. */
const MAX_REPLACEMENTS = 64;

function isText(token: Token | undefined): boolean {
  return token?.kind === 'literal' || token?.kind === 'pattern';
}

function isSign(token: Token | undefined, signs: string): boolean {
  return token?.kind === 'sign' && signs.includes(token.text);
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
    const name = word.toLowerCase();
    const isMethod = isSign(this.#tokens[at - 1], '.-');
    if (REPLACING_FIRST.has(name) || (isMethod && REPLACING.has(name))) {
      return this.#replacing(at);
    }
    if (name === 'explode' || (isMethod && SPLITTING.has(name))) {
      return this.#splitting(at);
    }
    if ((name === 'replace' || name === 'split') && isSign(this.#tokens[at + 1], '(')) {
      this.#outer.push(name);
    } else if (name === 'vbnullstring') {
      this.parts.push('');
    } else if (this.#knows(word) && !this.#isObject(at)) {
      this.parts.push({ name: word });
    }
    return at;
  }

  /** The object of a property that has a value of its own. */
  #isObject(at: number): boolean {
    const property = this.#tokens[at + 2];
    return isSign(this.#tokens[at + 1], '.') && property?.kind === 'word' && this.#knows(property.text);
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
      isSign(this.#tokens[behind + 1], ')') && !isSign(this.#tokens[behind + 2], ',')
        ? -1
        : this.#textNear(behind + 1);
    this.#add(plainPattern(token), this.#tokens[to]?.text ?? '');
    return Math.max(behind, to);
  }

  #closing(at: number): number {
    for (let near = at; near < Math.min(this.#end, at + NEAR); near += 1) {
      if (isSign(this.#tokens[near], ')')) {
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
    if (isSign(tokens[at], ']')) {
      at -= 1;
      while (at > from && end - at < NEAR && !isSign(tokens[at], '[')) {
        at -= 1;
      }
      at -= 1;
    }
    const word = tokens[at];
    if (word?.kind !== 'word') {
      return undefined;
    }
    if (!isSign(tokens[at - 1], '.') || at - 1 <= from) {
      return { start: at, base: word.text, property };
    }
    property = property === '' ? word.text : property;
    at -= 2;
  }
  return undefined;
}

function isEquals(tokens: readonly Token[], at: number): boolean {
  return isSign(tokens[at], '=') && !isSign(tokens[at + 1], '=>') && !isSign(tokens[at - 1], '=<>!');
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
    const isProperty = isSign(tokens[at], ':') && tokens[at - 1]?.kind === 'word';
    if (isProperty || isEquals(tokens, at)) {
      const isAppended = !isProperty && isSign(tokens[at - 1], '+.&');
      const from = starts.at(-1)?.valueFrom ?? 0;
      const target = pathBefore(tokens, from, isAppended ? at - 1 : at);
      if (target !== undefined) {
        const isPath = target.property !== '' || isSign(tokens[at - 1], ']');
        starts.push({ target, isAppended: isAppended || isPath, from: target.start, valueFrom: at + 1 });
      }
    }
  }
  return starts;
}

/** What a statement gives to which variable. */
export function assignmentsOf(tokens: readonly Token[], knows: (name: string) => boolean): Assignment[] {
  const starts = startsIn(tokens);
  return starts.flatMap(({ target, isAppended, valueFrom }, index) => {
    const end = starts[index + 1]?.from ?? tokens.length;
    const { parts, replacements } = new Expression(tokens, end, knows).read(valueFrom);
    const isCall = target === undefined;
    const name = isCall ? aboutOf(tokens, 0, end) : target.base;
    return parts.length === 0
      ? []
      : [{ name, property: target?.property ?? '', isCall, isAppended, parts, replacements }];
  });
}
