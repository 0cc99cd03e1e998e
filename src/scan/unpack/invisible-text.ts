import { ByteCuts } from './byte-cuts.ts';

/** Code points that are shown as nothing (Unicode, Default_Ignorable), in UTF-8, Latin-1 and as references. */

/** Signs of some of them; the soft hyphen and the grapheme joiner have too few bytes to be marks. */
export const INVISIBLE_MARKS =
  '\u200b \u200c \u200d \u2060 \ufeff &shy; &zwj; &zwnj; &#173; &#847; &#820 &#8288; &#xad; &#x200 &#x34f; &#x2060;'.split(
    ' ',
  );
const SOFT_HYPHEN = 0xad;
const JOINER_END = 0x8f;
const LEADS: ReadonlySet<number | undefined> = new Set([0xc2, 0xcd]);

function isWordByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
}

/** A soft hyphen or grapheme joiner behind an ASCII letter or digit. */
export function hasShortInvisible(bytes: Buffer): boolean {
  for (const last of [SOFT_HYPHEN, JOINER_END]) {
    for (let at = bytes.indexOf(last); at >= 0; at = bytes.indexOf(last, at + 1)) {
      const isPair = LEADS.has(bytes[at - 1]);
      const before = bytes[isPair ? at - 2 : at - 1] ?? 0;
      if (isWordByte(before) && (isPair || last === SOFT_HYPHEN)) {
        return true;
      }
    }
  }
  return false;
}

/** References to them. */
const REFERENCE = /^&(?:shy|zwn?j|#(?:173|847|820[3-7]|8288|65279)|#x(?:ad|34f|200[b-f]|2060|feff));/i;
const REFERENCE_BYTES = 8;
const AMPERSAND = 0x26;
const HASH = 0x23;
const CASE_BIT = 0x20;
const LETTER_S = 0x73;
const LETTER_Z = 0x7a;
const DASH = 0x2d;
/** More than this between two letters is padding. */
const MAX_INVISIBLE = 8;
/** Bytes with which they begin. */
const LEAD = Uint8Array.from({ length: 256 }, (_, byte) =>
  [AMPERSAND, SOFT_HYPHEN, 0xc2, 0xcd, 0xe1, 0xe2, 0xef].includes(byte) ? 1 : 0,
);

function isBetween(byte: number, from: number, to: number): boolean {
  return byte >= from && byte <= to;
}

function referenceLength(bytes: Buffer, at: number): number {
  const next = bytes[at + 1] ?? 0;
  const mayBe = next === HASH || (next | CASE_BIT) === LETTER_S || (next | CASE_BIT) === LETTER_Z;
  return mayBe ? (REFERENCE.exec(bytes.toString('latin1', at, at + REFERENCE_BYTES))?.[0].length ?? 0) : 0;
}

/** U+200B to U+200F, U+202A to U+202E, U+2060 to U+2064, U+FEFF, U+FE00 to U+FE0F, U+180E. */
function isInvisibleTriple(first: number, second: number, third: number): boolean {
  if (first === 0xe2) {
    return second === 0x80
      ? isBetween(third, 0x8b, 0x8f) || isBetween(third, 0xaa, 0xae)
      : second === 0x81 && isBetween(third, 0xa0, 0xa4);
  }
  return first === 0xef
    ? (second === 0xbb && third === 0xbf) || (second === 0xb8 && isBetween(third, 0x80, 0x8f))
    : second === 0xa0 && third === 0x8e;
}

/** Bytes of the invisible character at `at`, or zero. */
function invisibleLength(bytes: Buffer, at: number): number {
  const [first = 0, second = 0] = [bytes[at], bytes[at + 1]];
  switch (first) {
    case AMPERSAND: {
      return referenceLength(bytes, at);
    }
    case SOFT_HYPHEN: {
      return 1;
    }
    case 0xc2: {
      return second === SOFT_HYPHEN ? 2 : 0;
    }
    case 0xcd: {
      return second === JOINER_END ? 2 : 0;
    }
    default: {
      return isInvisibleTriple(first, second, bytes[at + 2] ?? 0) ? 3 : 0;
    }
  }
}

/** The text without them, where some stand inside a word: newsletters pad with them, and that hides nothing. */
export function withoutInvisible(bytes: Buffer): Buffer[] {
  const cuts = new ByteCuts(bytes);
  let isInside = false;
  for (let at = 0; at < bytes.length;) {
    if (LEAD[bytes[at] ?? 0] === 0) {
      at += 1;
      continue;
    }
    const start = at;
    let count = 0;
    for (let length = invisibleLength(bytes, at); length > 0; length = invisibleLength(bytes, at)) {
      at += length;
      count += 1;
    }
    if (count > 0) {
      cuts.cut(start, at);
      const next = bytes[at] ?? 0;
      isInside ||=
        count <= MAX_INVISIBLE && isWordByte(bytes[start - 1] ?? 0) && (isWordByte(next) || next === DASH);
    }
    at = count === 0 ? at + 1 : at;
  }
  const rest = isInside ? cuts.rest() : undefined;
  return rest === undefined ? [] : [rest];
}
