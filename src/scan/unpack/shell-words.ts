import { replaceEach } from './replace-each.ts';

/** A script of a Unix shell with its words as the shell reads them: without quotes, with the values of variables. */

/** Variables of one script. */
const MAX_NAMES = 10_000;
/** How many times its size a script may have with its variables put in. */
const MAX_GROWTH = 4;

const GIVEN = /(?:^|[\s;&|(])([A-Za-z_]\w{0,63})=("[^"\n]{0,8192}"|'[^'\n]{0,8192}'|[^\s;&|()"'`]{1,8192})/g;
/** `$'\x41\102'`. */
const ESCAPED = /\$'((?:\\.|[^'\\\n]){0,8192})'/g;
const ESCAPE = /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|0?([0-7]{1,3})|([nrt]))/g;
/** `${a}`, `$a`, `${a:2:3}`, `${a//b/c}`. */
const USED =
  /\$(?:\{([A-Za-z_]\w{0,63})(?::(\d{1,5})(?::(\d{1,5}))?|(\/\/?)([^/}\n]{1,64})(?:\/([^}\n]{0,64}))?)?\}|([A-Za-z_]\w{0,63}))/g;
/** What stands for nothing. */
const NOTHING = /\$[@*]|\$\(\)|``/g;
const QUOTES = /\\(?=[^\n])|["']/g;
/** `printf '%s%s' a b`. */
const PRINTED =
  /\bprintf\s{1,8}(["'])((?:%s){2,64})\1[ \t]{1,8}([^\s;|&]{1,1024}(?:[ \t]{1,8}[^\s;|&]{1,1024}){0,63})/g;
/** `tr -d '#'`, `sed 's/a//g'`: what they take away. */
const REMOVED =
  /\btr\s{1,4}-d\s{1,4}(["']?)([^"'\s|;]{1,16})\1|\bsed\s{1,4}(?:-e\s{1,4})?(["']?)s([/|#,@])([\w#@!%:=+~-]{1,24})\4\4g?\3/g;
const MAX_REMOVED = 8;

function unescaped(text: string): string {
  return replaceEach(text, ESCAPE, (_, hex?: string, wide?: string, octal?: string, letter?: string) => {
    if (letter !== undefined) {
      return letter === 't' ? '\t' : '\n';
    }
    const digits = hex ?? wide;
    return String.fromCharCode(
      digits === undefined ? Number.parseInt(octal ?? '0', 8) & 0xff : Number.parseInt(digits, 16),
    );
  });
}

class ShellScript {
  readonly #values = new Map<string, string>();
  #left: number;

  constructor(text: string) {
    this.#left = text.length * MAX_GROWTH;
    for (const [, name = '', value = ''] of text.matchAll(GIVEN)) {
      if (this.#values.size < MAX_NAMES) {
        this.#values.set(name, value.replace(/^(["'])(.*)\1$/s, '$2'));
      }
    }
  }

  withValues(text: string): string {
    return replaceEach(text, USED, (whole, ...groups: (string | undefined)[]) => {
      const [name, from, length, all, part, by, bare] = groups;
      const value = this.#values.get(name ?? bare ?? '') ?? '';
      this.#left -= value.length + 1;
      if (this.#left < 0) {
        return whole;
      }
      if (from !== undefined) {
        const end = length === undefined ? undefined : Number(from) + Number(length);
        return value.slice(Number(from), end);
      }
      return part === undefined ? value : this.#replaced(value, part, by ?? '', all === '//');
    });
  }

  #replaced(value: string, part: string, by: string, isAll: boolean): string {
    this.#left -= isAll ? (value.split(part).length - 1) * by.length : by.length;
    return this.#left < 0 ? value : isAll ? value.replaceAll(part, by) : value.replace(part, () => by);
  }
}

function printed(text: string): string {
  return replaceEach(text, PRINTED, (_whole, _quote, _format, words: string) =>
    words.split(/[ \t]+/).join(''),
  );
}

/** The text without each of what `tr` and `sed` take out of it. */
function withoutRemoved(text: string): string[] {
  const found = new Set<string>();
  for (const [, , characters, , , part] of text.matchAll(REMOVED)) {
    found.add(part ?? characters ?? '');
  }
  return [...found]
    .slice(0, MAX_REMOVED)
    .map((part) =>
      part.length === 1 || /\w/.test(part) ? without(text, [part]) : without(text, Array.from(part)),
    );
}

/** The text without any of some words or characters. */
function without(text: string, words: readonly string[]): string {
  const pattern = words.map((word) => word.replace(/\W/g, String.raw`\$&`)).join('|');
  return replaceEach(text, new RegExp(pattern, 'g'), () => '');
}

/** The words of a script; nothing when they stand there as they are. */
export function shellWords(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  const plain = replaceEach(text, ESCAPED, (_, inner: string) => unescaped(inner)).replace(NOTHING, '');
  const octal = /\becho\s{1,4}-\w{0,2}e|\bprintf\b/.test(plain) ? unescaped(plain) : plain;
  const words = printed(new ShellScript(octal).withValues(octal)).replace(QUOTES, '');
  return [words, ...withoutRemoved(text)]
    .filter((other) => other !== text)
    .map((other) => Buffer.from(other, 'latin1'));
}

/** What scripts of such shells begin with, and what others are given to. */
export const SHELL_MARKS: readonly string[] = [
  '#!/bin/',
  '#!/usr/bin/',
  '| sh\n',
  '|sh\n',
  '| bash',
  '|bash',
  'eval "$',
  'eval $',
  'sh -c',
];
