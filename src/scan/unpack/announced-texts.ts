import type { AnyMarkFinder, MarkIndex } from './mark-search.ts';

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
  /(["'`])(?:0x)?((?:[0-9a-fA-F]{2}){6,4096}|(?:\\x[0-9a-fA-F]{2}){6,2048}|([^\w\s"'`\\])[0-9a-fA-F]{2}(?:\3[0-9a-fA-F]{2}){5,2048})\1/g;
/** Digits of numbers that hold a text. */
const NUMBER = /(?<![\w.])(?:0x([0-9a-fA-F]{32,65536})|(\d{36,16384}))n?(?![\w.])/g;
/** Numbers of one script: each takes the square of its length to convert. */
const MAX_NUMBERS = 16;
const MAX_LITERALS = 10_000;

function ofPairs(text: string): Buffer[] {
  const found: Buffer[] = [];
  for (const [, , pairs = ''] of text.matchAll(PAIRS)) {
    found.push(Buffer.from(pairs.replace(/\\x|[^0-9a-fA-F]/g, ''), 'hex'));
    if (found.length === MAX_LITERALS) {
      break;
    }
  }
  return found;
}

/** `v.setUint8(3, 84)`. */
const BYTE_SET = /setu?int8\(\s{0,4}\w{1,16}\s{0,4},\s{0,4}(0x[\da-f]{1,2}|\d{1,3})\s{0,4}\)/gi;

function ofByteCalls(text: string): Buffer[] {
  return [Buffer.from(Array.from(text.matchAll(BYTE_SET), ([, digits]) => Number(digits)))];
}

/** Base64 in quotes, or as a word of a command; longer runs are read wherever they stand. */
const SHORT_BASE64 =
  /(?:["'`]|\becho\s{1,4}|<<<\s{0,4}|-e\w{0,14}\s{1,4})([A-Za-z0-9+/_-]{12,88}={0,2})(?=["'`\s|^)]|$)/g;
/** Words in quotes look like base64 as well, but do not stand for a text. */
const PRINTED = /^(?:[\t\r\n\x20-\x7e]{8,}|(?:[\t\r\n\x20-\x7e]\0){5,})$/;

function ofShortBase64(text: string): Buffer[] {
  const found: Buffer[] = [];
  for (const [, letters = ''] of text.matchAll(SHORT_BASE64)) {
    const bytes = Buffer.from(letters, 'base64');
    if (PRINTED.test(bytes.toString('latin1'))) {
      found.push(bytes.includes(0) ? Buffer.from(bytes.toString('utf16le')) : bytes);
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

function ofNumbers(text: string): Buffer[] {
  const found: Buffer[] = [];
  for (const [, hex, decimal] of text.matchAll(NUMBER)) {
    found.push(...bytesOf(hex ?? BigInt(decimal ?? 0).toString(16)));
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
    readonly read: (text: string) => Buffer[];
  }[];

  constructor(marks: MarkIndex) {
    this.#readers = [
      { isAnnounced: marks.addWords(HEX_WORDS), read: ofPairs },
      { isAnnounced: marks.addWords(NUMBER_WORDS), read: ofNumbers },
      { isAnnounced: marks.addWords(['atob', 'base64', '-enc']), read: ofShortBase64 },
      { isAnnounced: marks.addWords(['setuint8(', 'setint8(']), read: ofByteCalls },
    ];
  }

  in(bytes: Buffer): Buffer[] {
    const readers = this.#readers.filter(({ isAnnounced }) => isAnnounced(bytes));
    const text = readers.length === 0 ? '' : bytes.toString('latin1');
    return readers.flatMap(({ read }) => read(text));
  }
}
