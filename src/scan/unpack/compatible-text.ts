import { isAscii } from 'node:buffer';

/** The first bytes of letters and digits that look like those of ASCII: full width, in circles, of formulas. */
const STARTS = ['efbc', 'efbd', 'f09d', 'e292', 'e293', 'f09f84', 'f09f85'].map((hex) =>
  Buffer.from(hex, 'hex'),
);
/** Letters of full width, in brackets and circles, and those of formulas (Unicode 15, UAX 15), as bytes of UTF-8. */
const LETTER =
  /\xef\xbc[\xa1-\xba]|\xef\xbd[\x81-\x9a]|\xf0\x9d[\x90-\x9f][\x80-\xbf]|\xe2(?:\x92[\x9c-\xbf]|\x93[\x80-\xa9])|\xf0\x9f(?:\x84[\x90-\xbf]|\x85[\x80-\xa9])/g;
/** Fewer letters hide no word; names of firms and units have one or two. */
const TELLING = 4;
/** Bytes between one and the next; data have such bytes by accident, but nowhere several together. */
const MAX_APART = 64;

/** Whether several letters of a text are written with others that look like them. */
export function hasCompatibleLetters(bytes: Buffer): boolean {
  if (isAscii(bytes) || !STARTS.some((start) => bytes.includes(start))) {
    return false;
  }
  let count = 0;
  let last = 0;
  for (const { index } of bytes.toString('latin1').matchAll(LETTER)) {
    count = index - last > MAX_APART ? 1 : count + 1;
    last = index;
    if (count === TELLING) {
      return true;
    }
  }
  return false;
}

/** The text with plain letters for those that look like them (normalisation form KC). */
export function withPlainLetters(bytes: Buffer): Buffer[] {
  return [Buffer.from(bytes.toString('utf8').normalize('NFKC'))];
}
