import { MIN_RUN } from './encoded-length.ts';
import { Literals } from './literals.ts';
import { replaceEach } from './replace-each.ts';

/** Literals that are put together as few languages do it. */

/** The other text with its literals put together, unless it is the same. */
function assembled(text: string, other: string): Buffer[] {
  if (other === text) {
    return [];
  }
  const bytes = Buffer.from(other, 'latin1');
  return [new Literals(bytes, MIN_RUN).added() ?? bytes];
}

/** `'a'..'b'` of Lua. */
export const DOTS_WORDS: readonly string[] = ["'..", '"..', "' ..", '" ..'];
const DOTS = /(["'])\s{0,4}\.\.\s{0,4}(?=["'])/g;

export function dottedLiterals(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  return assembled(
    text,
    replaceEach(text, DOTS, (_whole, quote: string) => `${quote}+`),
  );
}

/** `{'a', 'b'}` of C, Go and Java. */
export const CHARACTERS_WORDS: readonly string[] = [
  "byte{'",
  "char[]{'",
  "char[] {'",
  "={'",
  "= {'",
  "rune{'",
  "= { '",
];
const CHARACTERS = /(?:'(?:[^'\\\r\n]|\\['"\\nrt0])'\s{0,4},\s{0,8}){5,1024}(?:'[^'\\]')?/g;
const ONE_CHARACTER = /'\\?([^])'\s{0,4},?\s{0,8}/g;

export function characterLists(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (const [list] of bytes.toString('latin1').matchAll(CHARACTERS)) {
    found.push(Buffer.from(list.replace(ONE_CHARACTER, '$1'), 'latin1'));
  }
  return found;
}

/** `function a() { return 'x' }` and `a() + b()`. */
export const RETURNED_WORDS: readonly string[] = ['return "', "return '", 'return"', "return'"];
const RETURNED =
  /\bfunction\s{1,4}([\w$]{1,64})\s{0,4}\(\s{0,4}\)\s{0,8}\{\s{0,8}return\s{0,4}("[^"\r\n]{0,1024}"|'[^'\r\n]{0,1024}')\s{0,4};?\s{0,8}\}/g;
const CALL = /(?<![\w$.]|function\s)([\w$]{1,64})\s?\(\s?\)/g;
const MAX_FUNCTIONS = 1000;
/** Functions that return a text of their own; one says what it is. */
const MIN_FUNCTIONS = 2;
/** What their calls add to a text at most, bytes. */
const MAX_ADDED = 1024 * 1024;

export function returnedLiterals(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  const values = new Map<string, string>();
  for (const [, name = '', literal = ''] of text.matchAll(RETURNED)) {
    if (values.size < MAX_FUNCTIONS) {
      values.set(name, literal);
    }
  }
  if (values.size < MIN_FUNCTIONS) {
    return [];
  }
  let left = MAX_ADDED;
  const called = replaceEach(text, CALL, (whole, name: string) => {
    const value = values.get(name);
    left -= value?.length ?? 0;
    return value === undefined || left < 0 ? whole : value;
  });
  return assembled(text, called);
}
