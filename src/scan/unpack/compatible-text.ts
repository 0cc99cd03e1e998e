import { isAscii } from 'node:buffer';

/**
 * The first bytes of letters and digits that look like those of ASCII: full width, in circles, of formulas. By the
 * first of all: the search for one byte is many times faster, and most texts have none of it.
 */
const STARTS = [
  { lead: 0xef, starts: ['efbc', 'efbd'] },
  { lead: 0xf0, starts: ['f09d', 'f09f84', 'f09f85'] },
  { lead: 0xe2, starts: ['e292', 'e293'] },
].map(({ lead, starts }) => ({ lead, starts: starts.map((hex) => Buffer.from(hex, 'hex')) }));
/** Letters of full width, in brackets and circles, and those of formulas (Unicode 15, UAX 15), as bytes of UTF-8. */
const LETTER =
  /\xef\xbc[\xa1-\xba]|\xef\xbd[\x81-\x9a]|\xf0\x9d[\x90-\x9f][\x80-\xbf]|\xe2(?:\x92[\x9c-\xbf]|\x93[\x80-\xa9])|\xf0\x9f(?:\x84[\x90-\xbf]|\x85[\x80-\xa9])/g;
/** Fewer letters hide no word; names of firms and units have one or two. */
const TELLING = 4;
/** Bytes between one and the next; data have such bytes by accident, but nowhere several together. */
const MAX_APART = 64;

function hasStart(bytes: Buffer): boolean {
  return STARTS.some(
    ({ lead, starts }) => bytes.includes(lead) && starts.some((start) => bytes.includes(start)),
  );
}

/** Whether several letters of a text are written with others that look like them. */
export function hasCompatibleLetters(bytes: Buffer): boolean {
  if (isAscii(bytes) || !hasStart(bytes)) {
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
