import { latin1 } from './byte-view.ts';
import type { AnyMarkFinder, MarkIndex } from './mark-search.ts';
import { type Stretch, signsOf, signStretches } from './sign-stretches.ts';

/**
 * Texts written in hex digits, in base64 or as one large number, that are too short to be told from other words: they
 * are read where the script has a word for undoing that.
 */

const HEX_WORDS =
  'fromhex|unhexlify|hex2bin|b16decode|"h*"|\'h*\'|toint16(|tobyte(|parseint(|"&h"|binarytostring|xxd -r|(..)|/../g|.{2}|{1,2}|decodehex|\'hex\'|"hex"|decodeuricomponent|unescape(|frombase16'.split(
    '|',
  );
const NUMBER_WORDS = 'bigint(|%256n|% 256n|&255n|& 255n|&0xffn|>>8n|>> 8n|>>=8n|>>= 8n|to_bytes'.split('|');
/** A literal of pairs of digits, each pair with the same sign before it or none. */
const PAIRS =
  /^(["'`])(?:0x)?((?:[0-9a-fA-F]{2}){6,4096}|(?:\\x[0-9a-fA-F]{2}){6,2048}|([^\w\s"'`\\])[0-9a-fA-F]{2}(?:\3[0-9a-fA-F]{2}){5,2048})\1$/;
/** What such a literal is written with, its quotes apart: they stand around a stretch of these. */
const PAIR_SIGNS = signsOf(/[0-9a-fA-Fx\\]|[^\w\s"'`]/);
const QUOTES = signsOf(/["'`]/);
const MIN_PAIRS = 6;
/** Digits of numbers that hold a text. */
const NUMBER = /(?<![\w.])(?:0x([0-9a-fA-F]{32,65536})|(\d{36,16384}))n?(?![\w.])/;
const HEX_DIGITS = signsOf(/[0-9a-f]/i);
const MIN_HEX_DIGITS = 32;
/** What is looked at before the digits of a number, and behind them. */
const BEFORE_NUMBER = 3;
const BEHIND_NUMBER = 2;
/** Numbers of one script: each takes the square of its length to convert. */
const MAX_NUMBERS = 16;
const MAX_LITERALS = 10_000;

function ofPairs(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (const { start, end } of signStretches(bytes, PAIR_SIGNS, 2 * MIN_PAIRS)) {
    const isQuoted = QUOTES[bytes[start - 1] ?? 0] === 1 && bytes[start - 1] === bytes[end];
    const [, , pairs] = (isQuoted ? PAIRS.exec(latin1(bytes, start - 1, end + 1)) : undefined) ?? [];
    if (pairs !== undefined) {
      found.push(Buffer.from(pairs.replace(/\\x|[^0-9a-fA-F]/g, ''), 'hex'));
    }
    if (found.length === MAX_LITERALS) {
      break;
    }
  }
  return found;
}

/** `v.setUint8(3, 84)`. */
const BYTE_SET = /setu?int8\(\s{0,4}\w{1,16}\s{0,4},\s{0,4}(0x[\da-f]{1,2}|\d{1,3})\s{0,4}\)/gi;

function ofByteCalls(bytes: Buffer): Buffer[] {
  return [
    Buffer.from(Array.from(bytes.toString('latin1').matchAll(BYTE_SET), ([, digits]) => Number(digits))),
  ];
}

/** Base64 in quotes, or as a word of a command; longer runs are read wherever they stand. */
const BEFORE_BASE64 = /(?:["'`]|\becho\s{1,4}|<<<\s{0,4}|-e\w{0,14}\s{1,4})$/;
const BEHIND_BASE64 = /^={0,2}(?:["'`\s|^)]|$)/;
const LETTERS = signsOf(/[A-Za-z0-9+/_-]/);
/** The byte before such letters and that behind them: most words of a text stand between others. */
const MAY_STAND_BEFORE = signsOf(/["'`<\s]/);
const MAY_STAND_BEHIND = signsOf(/[="'`\s|^)]/);
const MIN_LETTERS = 12;
const MAX_LETTERS = 88;
/** What is looked at before such letters, and behind them. */
const BEFORE_LETTERS = 24;
const BEHIND_LETTERS = 3;
/** Words in quotes look like base64 as well, but do not stand for a text. */
const PRINTED = /^(?:[\t\r\n\x20-\x7e]{8,}|(?:[\t\r\n\x20-\x7e]\0){5,})$/;

function isShortBase64(bytes: Buffer, { start, end }: Stretch): boolean {
  return (
    end - start <= MAX_LETTERS &&
    MAY_STAND_BEFORE[bytes[start - 1] ?? 0] === 1 &&
    (end === bytes.length || MAY_STAND_BEHIND[bytes[end] ?? 0] === 1) &&
    BEFORE_BASE64.test(latin1(bytes, start - BEFORE_LETTERS, start)) &&
    BEHIND_BASE64.test(latin1(bytes, end, end + BEHIND_LETTERS))
  );
}

/** What the letters stand for when that is a text; otherwise nothing. */
function textOf(letters: string): Buffer | undefined {
  const decoded = Buffer.from(letters, 'base64');
  if (!PRINTED.test(decoded.toString('latin1'))) {
    return undefined;
  }
  return decoded.includes(0) ? Buffer.from(decoded.toString('utf16le')) : decoded;
}

function ofShortBase64(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (const stretch of signStretches(bytes, LETTERS, MIN_LETTERS)) {
    const isShort = isShortBase64(bytes, stretch);
    const text = isShort ? textOf(latin1(bytes, stretch.start, stretch.end)) : undefined;
    if (text !== undefined) {
      found.push(text);
    }
    if (found.length === MAX_LITERALS) {
      break;
    }
  }
  return found;
}

/** Its bytes from the highest to the lowest, and the other way. */
function bytesOf(hex: string): Buffer[] {
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return [bytes, Buffer.from(bytes.toReversed())];
}

function ofNumbers(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (const { start, end } of signStretches(bytes, HEX_DIGITS, MIN_HEX_DIGITS)) {
    const around = latin1(bytes, start - BEFORE_NUMBER, end + BEHIND_NUMBER);
    const [, hex, decimal] = NUMBER.exec(around) ?? [];
    if (hex !== undefined || decimal !== undefined) {
      found.push(...bytesOf(hex ?? BigInt(decimal ?? 0).toString(16)));
    }
    if (found.length >= 2 * MAX_NUMBERS) {
      break;
    }
  }
  return found;
}

/** Finds such texts. */
export class AnnouncedTexts {
  readonly #readers: readonly {
    readonly isAnnounced: AnyMarkFinder;
    readonly read: (bytes: Buffer) => Buffer[];
  }[];

  constructor(marks: MarkIndex) {
    this.#readers = [
      { isAnnounced: marks.addWords(HEX_WORDS), read: ofPairs },
      { isAnnounced: marks.addWords(NUMBER_WORDS), read: ofNumbers },
      { isAnnounced: marks.addWords(['atob', 'base64', '-enc', 'unpack(', 'unpack1(']), read: ofShortBase64 },
      { isAnnounced: marks.addWords(['setuint8(', 'setint8(']), read: ofByteCalls },
    ];
  }

  in(bytes: Buffer): Buffer[] {
    return this.#readers.flatMap(({ isAnnounced, read }) => (isAnnounced(bytes) ? read(bytes) : []));
  }
}
