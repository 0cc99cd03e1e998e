import { invisibleCharacters } from '../invisible-characters.ts';
import { ByteCuts } from './byte-cuts.ts';

/** Characters that are shown as nothing, in UTF-8, Latin-1 and as references. */

const CHARACTERS = invisibleCharacters();
const CODES: ReadonlySet<number> = new Set(CHARACTERS.map((character) => character.codePointAt(0) ?? 0));

/**
 * Signs of some of them; the soft hyphen and the grapheme joiner have too few bytes to be marks, and of tags and
 * the other variation selectors there are too many.
 */
export const INVISIBLE_MARKS: readonly string[] = [
  ...CHARACTERS,
  ...'&shy &zwj; &zwnj; &lrm; &rlm; &nobreak; &af; &applyfunction; &it; &invisibletimes; &ic;'.split(' '),
  ...'&invisiblecomma; &zerowidthspace; &negativeverythinspace; &negativethinspace;'.split(' '),
  ...'&negativemediumspace; &negativethickspace;'.split(' '),
  ...'&#173; &#847; &#820 &#8288; &#xad; &#x200 &#x34f; &#x2060;'.split(' '),
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

/** References to them; that to the soft hyphen needs no semicolon (HTML 13.5). */
const REFERENCE =
  /^&(?:shy;?|(?:zwn?j|lrm|rlm|nobreak|af|applyfunction|it|invisibletimes|ic|invisiblecomma|zerowidthspace|negative(?:verythin|thin|medium|thick)space|#(?:173|847|820[3-7]|8288|65279)|#x(?:ad|34f|200[b-f]|2060|feff));)/i;
/** Of the longest one. */
const REFERENCE_BYTES = 23;
const AMPERSAND = 0x26;
const CASE_BIT = 0x20;
/** The two characters behind the ampersand: most references are others, and a name is dear to read. */
const REFERENCE_STARTS: ReadonlySet<number> = new Set(
  'sh zw lr rl no af ap it in ic ze ne #1 #8 #6 #x'.split(' ').map((start) => startOf(Buffer.from(start), 0)),
);
const DASH = 0x2d;
/** More than this between two letters is padding. */
const MAX_INVISIBLE = 8;
/** Bytes with which they begin. */
const FIRST_BYTES: ReadonlySet<number> = new Set([
  AMPERSAND,
  SOFT_HYPHEN,
  0xc2,
  0xcd,
  0xf3,
  ...CHARACTERS.map((character) => Buffer.from(character)[0] ?? 0),
]);
const LEAD = Uint8Array.from({ length: 256 }, (_, byte) => (FIRST_BYTES.has(byte) ? 1 : 0));

function isBetween(byte: number, from: number, to: number): boolean {
  return byte >= from && byte <= to;
}

/** Two bytes as a number, letters small. */
function startOf(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) | CASE_BIT | (((bytes[at + 1] ?? 0) | CASE_BIT) << 8);
}

function referenceLength(bytes: Buffer, at: number): number {
  const mayBe = REFERENCE_STARTS.has(startOf(bytes, at + 1));
  return mayBe ? (REFERENCE.exec(bytes.toString('latin1', at, at + REFERENCE_BYTES))?.[0].length ?? 0) : 0;
}

const FOUR_BYTES = 0xf0;
const FOLLOWS = 0x80;
const FOLLOWS_MASK = 0xc0;

/** Bytes of the one of `CHARACTERS` that stands at `at`, or zero. */
function characterLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  const length = first >= FOUR_BYTES ? 4 : 3;
  let code = first & (length === 4 ? 0x07 : 0x0f);
  for (let place = at + 1; place < at + length; place += 1) {
    const byte = bytes[place] ?? 0;
    if ((byte & FOLLOWS_MASK) !== FOLLOWS) {
      return 0;
    }
    code = code * 64 + (byte & 0x3f);
  }
  return CODES.has(code) ? length : 0;
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
      return LEAD[first] === 1 ? characterLength(bytes, at) : 0;
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
