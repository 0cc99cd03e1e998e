import { decodeBase32, isBase32 } from './base32.ts';
import { latin1 } from './byte-view.ts';

/** Data written as base64, in base 32 or as hex digits, with line ends, blanks and their escapes between. */

const BACKSLASH = 0x5c;
const IS_BLANK = Uint8Array.from({ length: 256 }, (_, code) =>
  /\s/.test(String.fromCharCode(code)) ? 1 : 0,
);
/** How scripts write line ends and tabs behind a backslash. */
const IS_ESCAPED_BLANK = Uint8Array.from({ length: 256 }, (_, code) =>
  /[nrt]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/**
 * Copies the letters of `run`; gives how many. A function of its own: the compiler makes the loop alone, and what stood
 * behind it would be looked up again each time.
 */
function copyLetters(run: Uint8Array, letters: Uint8Array): number {
  let length = 0;
  for (let at = 0; at < run.length; at += 1) {
    const byte = run[at] ?? 0;
    if (byte === BACKSLASH) {
      at += IS_ESCAPED_BLANK[run[at + 1] ?? 0] ?? 0;
    } else if (IS_BLANK[byte] === 0) {
      letters[length] = byte;
      length += 1;
    }
  }
  return length;
}

/** By bytes: a string of which every other character is dropped takes twenty times its length. */
function lettersOnly(run: Uint8Array): Buffer {
  const letters = Buffer.allocUnsafe(run.length);
  return letters.subarray(0, copyLetters(run, letters));
}

/** What `run` stands for: first the reading that most programs would take, then that in base 32 where it may be that. */
export function decodedRun(run: Uint8Array): [first: Buffer, ...others: Buffer[]] {
  const text = latin1(lettersOnly(run));
  // MySQL writes `0x` before them, PostgreSQL `\\x`.
  const digits = /^0?x(?=[0-9a-fA-F]+$)/i.test(text) ? text.slice(text.search(/x/i) + 1) : text;
  const isHex = /^[0-9a-fA-F]+$/.test(digits);
  // Percent-encoded padding and plus signs are undone by the unescaped reading of the text.
  const first = isHex ? Buffer.from(digits, 'hex') : Buffer.from(text, 'base64');
  return isBase32(text) ? [first, decodeBase32(text)] : [first];
}

/** Small letters of a run, in hundredths: base64 has 41 of them, words of programs that stand without blanks three quarters. */
const WORDS_SHARE = 64;
/** Letters that are looked at. */
const MAX_LOOK = 1024;

/** True for a run that is rather words one behind the other than data: names of a program that are put together. */
export function readsLikeWords(run: Uint8Array): boolean {
  const end = Math.min(run.length, MAX_LOOK);
  let small = 0;
  for (let at = 0; at < end; at += 1) {
    const byte = run[at] ?? 0;
    small += byte >= 0x61 && byte <= 0x7a ? 1 : 0;
  }
  return small * 100 > end * WORDS_SHARE;
}
