import { ByteCuts } from './byte-cuts.ts';

/** Code points that are shown as nothing (Unicode, Default_Ignorable), in UTF-8, Latin-1 and as references. */

/** Signs of Mongolian, zero width, directions, invisible operators, old controls, variation selectors. */
const RANGES = [
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
] as const;

/**
 * Signs of some of them; the soft hyphen and the grapheme joiner have too few bytes to be marks, and of tags and
 * the other variation selectors there are too many.
 */
export const INVISIBLE_MARKS: readonly string[] = [
  ...RANGES.flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, index) => String.fromCodePoint(from + index)),
  ),
  ...'&shy; &zwj; &zwnj; &lrm; &rlm; &#173; &#847; &#820 &#8288; &#xad; &#x200 &#x34f; &#x2060;'.split(' '),
];
/** With these two bytes tags (U+E0000 on) and variation selectors from the 17th on begin. */
const TAG_START = Buffer.from([0xf3, 0xa0]);
const TAG_BYTES = 4;
const SOFT_HYPHEN = 0xad;
const JOINER_END = 0x8f;
const LEADS: ReadonlySet<number | undefined> = new Set([0xc2, 0xcd]);

function isWordByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
}

/** A soft hyphen, grapheme joiner or tag behind an ASCII letter or digit. */
export function hasOtherInvisible(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(TAG_START); at >= 0; at = bytes.indexOf(TAG_START, at + 1)) {
    if (isWordByte(bytes[at - 1] ?? 0)) {
      return true;
    }
  }
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
const REFERENCE =
  /^&(?:shy|zwn?j|lrm|rlm|#(?:173|847|820[3-7]|8288|65279)|#x(?:ad|34f|200[b-f]|2060|feff));/i;
const REFERENCE_BYTES = 8;
const AMPERSAND = 0x26;
const HASH = 0x23;
const CASE_BIT = 0x20;
const LETTER_S = 0x73;
const LETTER_Z = 0x7a;
const LETTER_L = 0x6c;
const LETTER_R = 0x72;
const REFERENCE_STARTS: ReadonlySet<number> = new Set([LETTER_L, LETTER_R, LETTER_S, LETTER_Z]);
const DASH = 0x2d;
/** More than this between two letters is padding. */
const MAX_INVISIBLE = 8;
/** Bytes with which they begin. */
const LEAD = Uint8Array.from({ length: 256 }, (_, byte) =>
  [AMPERSAND, SOFT_HYPHEN, 0xc2, 0xcd, 0xe1, 0xe2, 0xef, 0xf3].includes(byte) ? 1 : 0,
);

function isBetween(byte: number, from: number, to: number): boolean {
  return byte >= from && byte <= to;
}

function referenceLength(bytes: Buffer, at: number): number {
  const next = bytes[at + 1] ?? 0;
  const mayBe = next === HASH || REFERENCE_STARTS.has(next | CASE_BIT);
  return mayBe ? (REFERENCE.exec(bytes.toString('latin1', at, at + REFERENCE_BYTES))?.[0].length ?? 0) : 0;
}

/** U+200B to U+200F, U+202A to U+202E, U+2060 to U+206F, U+FEFF, U+FE00 to U+FE0F, U+180B to U+180F. */
function isInvisibleTriple(first: number, second: number, third: number): boolean {
  if (first === 0xe2) {
    return second === 0x80
      ? isBetween(third, 0x8b, 0x8f) || isBetween(third, 0xaa, 0xae)
      : second === 0x81 && isBetween(third, 0xa0, 0xaf);
  }
  return first === 0xef
    ? (second === 0xbb && third === 0xbf) || (second === 0xb8 && isBetween(third, 0x80, 0x8f))
    : second === 0xa0 && isBetween(third, 0x8b, 0x8f);
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
    case 0xf3: {
      return second === 0xa0 && isBetween(bytes[at + 2] ?? 0, 0x80, 0x87) ? TAG_BYTES : 0;
    }
    default: {
      return isInvisibleTriple(first, second, bytes[at + 2] ?? 0) ? 3 : 0;
    }
  }
}

/** True when invisible characters stand from `start` on, no more than hide something, and a word goes on behind them. */
function goesOnBehind(bytes: Buffer, start: number): boolean {
  let at = start;
  for (let count = 0; count <= MAX_INVISIBLE; count += 1) {
    const length = invisibleLength(bytes, at);
    if (length === 0) {
      const next = bytes[at] ?? 0;
      return count > 0 && (isWordByte(next) || next === DASH);
    }
    at += length;
  }
  return false;
}

const IS_LEAD = 1;
const IS_WORD = 2;
const KIND = LEAD.map((isLead, byte) => isLead * IS_LEAD + (isWordByte(byte) ? IS_WORD : 0));

/** The first place from `from` on where they may begin behind a letter. A function of its own: a tight loop. */
function nextBehindLetter(bytes: Buffer, from: number): number {
  let before = KIND[bytes[from - 1] ?? 0] ?? 0;
  for (let at = from; at < bytes.length; at += 1) {
    const kind = KIND[bytes[at] ?? 0] ?? 0;
    if (((before >>> 1) & kind & IS_LEAD) !== 0) {
      return at;
    }
    before = kind;
  }
  return bytes.length;
}

/** The first place from `from` on where one may begin. A function of its own: a tight loop. */
function nextLead(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    if (LEAD[bytes[at] ?? 0] === 1) {
      return at;
    }
  }
  return bytes.length;
}

/** Whether some stand inside a word: newsletters pad with them, and that hides nothing. */
function hasInWord(bytes: Buffer): boolean {
  for (let at = nextBehindLetter(bytes, 1); at < bytes.length; at = nextBehindLetter(bytes, at + 1)) {
    if (goesOnBehind(bytes, at)) {
      return true;
    }
  }
  return false;
}

/** The text without them, where some stand inside a word. */
export function withoutInvisible(bytes: Buffer): Buffer[] {
  if (!hasInWord(bytes)) {
    return [];
  }
  const cuts = new ByteCuts(bytes);
  for (let at = nextLead(bytes, 0); at < bytes.length;) {
    const length = invisibleLength(bytes, at);
    if (length > 0) {
      cuts.cut(at, at + length);
    }
    at = nextLead(bytes, at + Math.max(1, length));
  }
  const rest = cuts.rest();
  return rest === undefined ? [] : [rest];
}
