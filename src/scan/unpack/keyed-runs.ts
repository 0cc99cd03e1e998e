import { decodedRun } from './encoded-run.ts';
import { base64Runs } from './text-runs.ts';

/** Base64 or hex digits whose bytes a script changes by one number before it uses them. */

/** Words of such scripts. */
export const KEY_WORDS: readonly string[] = ['charcodeat', '-bxor', ' xor ', 'ord(', 'frombase64', 'atob'];
const KEY = /(?:\^|-bxor|\bxor)=?\s{0,4}\(?\s{0,4}["']?(0x[\da-f]{1,2}|&h[\da-f]{1,2}|\d{1,3})(?![\w.])/gi;
const MAX_KEYS = 4;
const MIN_RUN = 24;
/** All that is decoded of one script, bytes. */
const MAX_BYTES = 8 * 1024 * 1024;

function keysOf(text: string): Set<number> {
  const keys = new Set<number>();
  for (const [, digits = ''] of text.matchAll(KEY)) {
    const key = Number(digits.replace(/^&h/i, '0x'));
    if (key > 1 && key < 256) {
      keys.add(key);
    }
    if (keys.size === MAX_KEYS) {
      break;
    }
  }
  return keys;
}

/** By bytes: a callback for each would take longer than all else. */
function changed(data: Buffer, key: number): Buffer {
  const out = Buffer.allocUnsafe(data.length);
  for (let at = 0; at < data.length; at += 1) {
    out[at] = (data[at] ?? 0) ^ key;
  }
  return out;
}

/** What they are by each key that the script names. */
export function keyedRuns(bytes: Buffer): Buffer[] {
  const keys = keysOf(bytes.toString('latin1'));
  if (keys.size === 0) {
    return [];
  }
  const found: Buffer[] = [];
  let left = MAX_BYTES;
  for (const { start, end } of base64Runs(bytes, MIN_RUN)) {
    const [data] = decodedRun(bytes.subarray(start, end));
    for (const key of left > 0 ? keys : []) {
      left -= data.length;
      found.push(changed(data, key));
    }
  }
  return found;
}
