/** What a script consists of, in any of the languages that script hosts read. */
export type ScriptToken = 'literal' | 'pattern' | 'word' | 'number' | 'sign' | 'line' | 'end';

const LETTER = 1;
const DIGIT = 2;
const BLANK = 3;
const QUOTE = 4;
const LINE = 5;
const CLASS = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z_$]/.test(character)) {
    return LETTER;
  }
  return /[0-9]/.test(character)
    ? DIGIT
    : /[ \t\f\v]/.test(character)
      ? BLANK
      : /["'`]/.test(character)
        ? QUOTE
        : /[\r\n]/.test(character)
          ? LINE
          : 0;
});
const LF = 0x0a;
const HASH = 0x23;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const UNDERSCORE = 0x5f;
const GRAVE = 0x60;
/** Behind these a line may go on: signs of C, PowerShell and Visual Basic. */
function isContinuing(code: number): boolean {
  return code === BACKSLASH || code === GRAVE || code === UNDERSCORE;
}

const CONTINUED = /(?:\\|`|(?<![\w$])_)[ \t]{0,16}\r?\n/y;
/** A regular expression stands where a value may begin. */
const BEFORE_PATTERN = new Set(['', '(', ',', '=', ':', '[', '{', ';', '!', '&', '|', '?', '+']);
const PATTERN = /\/(?![*/])((?:\\.|\[(?:\\.|[^\]\\\r\n]){0,256}\]|[^\\/[\r\n]){1,256})\/[a-z]{0,8}/y;

/**
 * Splits a text into tokens. Comments and blanks are passed over; a quote that nothing ends on its line is passed over
 * as well, so that an apostrophe in prose moves no more than its line. Takes linear time.
 */
export class ScriptTokens {
  kind: ScriptToken = 'line';
  /** The content of a literal, a word without `$`, a sign. */
  text = '';
  readonly #text: string;
  #at = 0;
  /** The sign before, empty behind a line end: where a value may begin. */
  #before = '';
  /** For each kind of quote up to where none ends a literal. */
  readonly #openTo = new Map<string, number>();
  /** For each kind of quote up to where no quote ends a literal but one that a backslash stands before. */
  readonly #looseTo = new Map<string, number>();
  #hasCommentEnd = true;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the text goes on behind the token. */
  get place(): number {
    return this.#at;
  }

  next(): ScriptToken {
    this.kind = this.#read();
    this.#before = this.kind === 'sign' ? this.text : this.kind === 'line' ? '' : 'x';
    return this.kind;
  }

  #read(): ScriptToken {
    const text = this.#text;
    for (; this.#at < text.length; this.#at += 1) {
      const code = text.charCodeAt(this.#at);
      const kind = CLASS[code & 0xff];
      if (kind === LETTER || kind === DIGIT) {
        return this.#word(kind === LETTER);
      }
      if (kind === LINE) {
        this.#at += 1;
        return 'line';
      }
      if (kind === QUOTE && !this.#isContinued() && this.#literal()) {
        return 'literal';
      }
      if (kind === 0 && !this.#isComment() && !this.#isContinued()) {
        return this.#sign();
      }
    }
    return 'end';
  }

  #word(isWord: boolean): ScriptToken {
    const start = this.#at;
    if (isWord && this.#isContinued()) {
      this.#at += 1;
      return this.#read();
    }
    let at = start + 1;
    for (let kind = this.#classAt(at); kind === LETTER || kind === DIGIT; kind = this.#classAt(at)) {
      at += 1;
    }
    this.#at = at;
    this.text = this.#text.slice(this.#text[start] === '$' ? start + 1 : start, at);
    return isWord ? 'word' : 'number';
  }

  #classAt(at: number): number {
    return at < this.#text.length ? (CLASS[this.#text.charCodeAt(at) & 0xff] ?? 0) : 0;
  }

  /** Moves to the last character of the line end. */
  #isContinued(): boolean {
    if (!isContinuing(this.#text.charCodeAt(this.#at))) {
      return false;
    }
    CONTINUED.lastIndex = this.#at;
    const length = CONTINUED.exec(this.#text)?.[0].length ?? 0;
    this.#at += Math.max(0, length - 1);
    return length > 0;
  }

  /** Moves to the last character of the comment; of one to the end of its line before that. */
  #isComment(): boolean {
    const text = this.#text;
    const code = text.charCodeAt(this.#at);
    if (code !== HASH && code !== SLASH) {
      return false;
    }
    const isHash = code === HASH && text[this.#at + 1] === ' ';
    if (isHash || text.startsWith('//', this.#at)) {
      const end = text.indexOf('\n', this.#at);
      this.#at = (end < 0 ? text.length : end) - 1;
      return true;
    }
    if (!this.#hasCommentEnd || !text.startsWith('/*', this.#at)) {
      return false;
    }
    const end = text.indexOf('*/', this.#at + 2);
    this.#hasCommentEnd = end >= 0;
    this.#at = end < 0 ? this.#at : end + 1;
    return end >= 0;
  }

  #literal(): boolean {
    const quote = this.#text[this.#at] ?? '';
    if ((this.#openTo.get(quote) ?? 0) > this.#at) {
      return false;
    }
    const end = this.#literalEnd(quote);
    if (end < 0) {
      return false;
    }
    this.text = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return true;
  }

  /** The first quote that no backslash stands before, or else the first at all: paths end in a backslash. */
  #literalEnd(quote: string): number {
    const isLoose = (this.#looseTo.get(quote) ?? 0) > this.#at;
    let first = -1;
    let at = this.#at + 1;
    const sign = quote.charCodeAt(0);
    for (; at < this.#text.length; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === sign) {
        return at;
      }
      if (code === LF && sign !== GRAVE) {
        break;
      }
      if (code === BACKSLASH && this.#text.charCodeAt(at + 1) === sign) {
        first = first < 0 ? at + 1 : first;
        at += 1;
        if (isLoose) {
          break;
        }
      }
    }
    if (!isLoose || first < 0) {
      (first < 0 ? this.#openTo : this.#looseTo).set(quote, at);
    }
    return first;
  }

  #sign(): ScriptToken {
    PATTERN.lastIndex = this.#at;
    const isPattern = this.#text.charCodeAt(this.#at) === SLASH && BEFORE_PATTERN.has(this.#before);
    const pattern = isPattern ? PATTERN.exec(this.#text) : null;
    this.text = pattern?.[1] ?? this.#text[this.#at] ?? '';
    this.#at += pattern?.[0].length ?? 1;
    return pattern === null ? 'sign' : 'pattern';
  }
}
