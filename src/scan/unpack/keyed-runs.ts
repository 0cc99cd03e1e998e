import { decodedRun } from './encoded-run.ts';
import { isReadable } from './readable-bytes.ts';
import { base64Runs } from './text-runs.ts';

/** Base64 or hex digits whose bytes a script changes by one number, or by a word in turns, before it uses them. */

/** Words of such scripts. */
export const KEY_WORDS: readonly string[] = [
  'charcodeat',
  'fromcharcode',
  '-bxor',
  ' xor ',
  'ord(',
  'frombase64',
  'b64decode',
  'base64_decode',
  'atob',
];
const KEY =
  /(\^|-bxor|\bxor|charcodeat\([^()\r\n]{0,16}\)\s{0,4}[-+])=?\s{0,4}\(?\s{0,4}["']?(0x[\da-f]{1,2}|&h[\da-f]{1,2}|\d{1,3})(?![\w.])/gi;
const MAX_KEYS = 4;
/** A key that is used letter by letter: `k[i % k.length]`, and what may be it. */
const IN_TURNS = /(?:\^|-bxor|\bxor)[^;\r\n]{0,64}?(?:%|\bmod\b)/i;
const WORD = /(["'])([^"'\\\r\n]{2,32})\1/g;
const MAX_WORDS = 8;
const MIN_RUN = 24;
/** All that is decoded of one script, bytes. */
const MAX_BYTES = 16 * 1024 * 1024;
/** What remembering one of them takes, bytes. */
const ENTRY_BYTES = 64;

type Change = (data: Buffer) => Buffer;

/** By bytes: a callback for each would take longer than all else. */
function mixed(data: Buffer, key: Buffer): Buffer {
  const out = Buffer.allocUnsafe(data.length);
  for (let at = 0, turn = 0; at < data.length; at += 1) {
    out[at] = (data[at] ?? 0) ^ (key[turn] ?? 0);
    turn = turn + 1 === key.length ? 0 : turn + 1;
  }
  return out;
}

function added(data: Buffer, number: number): Buffer {
  const out = Buffer.allocUnsafe(data.length);
  for (let at = 0; at < data.length; at += 1) {
    out[at] = (data[at] ?? 0) + number;
  }
  return out;
}

function byNumbers(text: string): Change[] {
  const changes = new Map<string, Change>();
  for (const [, sign = '', digits = ''] of text.matchAll(KEY)) {
    const key = Number(digits.replace(/^&h/i, '0x'));
    const last = sign.at(-1);
    if (key > 1 && key < 256) {
      const change: Change =
        last === '-' || last === '+'
          ? (data) => added(data, last === '-' ? -key : key)
          : (data) => mixed(data, Buffer.of(key));
      changes.set(`${last} ${key}`, change);
    }
    if (changes.size === MAX_KEYS) {
      break;
    }
  }
  return [...changes.values()];
}

function byWords(text: string): Change[] {
  const words = new Set<string>();
  for (const [, , word = ''] of IN_TURNS.test(text) ? text.matchAll(WORD) : []) {
    words.add(word);
    if (words.size === MAX_WORDS) {
      break;
    }
  }
  return Array.from(words, (word) => (data) => mixed(data, Buffer.from(word, 'latin1')));
}

/** What they are by each key that the script names. */
export function keyedRuns(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  const changes = [...byNumbers(text), ...byWords(text)];
  if (changes.length === 0) {
    return [];
  }
  const found: Buffer[] = [];
  let left = MAX_BYTES;
  for (const { start, end } of base64Runs(bytes, MIN_RUN)) {
    const [data] = decodedRun(bytes.subarray(start, end));
    for (const change of changes) {
      left -= data.length + ENTRY_BYTES;
      if (left < 0) {
        return found;
      }
      const other = change(data);
      if (isReadable(other)) {
        found.push(other);
      }
    }
  }
  return found;
}
