import { base64Stretches, type TextRun } from './text-runs.ts';

/** Characters of base64 in one such line: below what any encoder of mail writes, above words. */
const MIN_LINE = 40;
/** Between the data of two lines: a mark before each, such as a quote, a bar or a number, or one behind it. */
const MAX_MARK = 32;

/** A line, and maybe the number of the next, which is taken for the end of the data before it. */
const ONE_LINE = /^[^\r\n]+(\r?\n\d{1,8})?$/;
/** What people and programs write around lines: ASCII, and characters that nobody sees. */
const MARK = /^(?:[\t\r\n\x20-\x7e]|\xe2\x80[\x8b-\x8f])*$/;
const DIGITS = /^[\da-f\s]*$/i;
/** Longer runs are more than one line: nothing was between those. */
const MAX_LINE = 8192;

function textOf(bytes: Buffer, { start, end }: TextRun): string {
  return end - start > MAX_LINE ? '' : bytes.toString('latin1', start, end);
}

function areNeighbours(bytes: Buffer, one: TextRun, other: TextRun): boolean {
  if (other.start - one.end > MAX_MARK) {
    return false;
  }
  const mark = bytes.toString('latin1', one.end, other.start);
  const [line, next] = [ONE_LINE.exec(textOf(bytes, one)), ONE_LINE.exec(textOf(bytes, other))];
  const isNext = MARK.test(mark) && (line?.[1] !== undefined || mark.includes('\n'));
  // Lines of digits are dumps, which say more on each line than their data, and are read as that.
  return isNext && line !== null && next !== null && !DIGITS.test(next[0]);
}

/**
 * True when lines of encoded data stand one behind the other with something else around each: what follows on the
 * next line belongs to it. A run goes on over plain line ends, so that it is one stretch.
 */
export function hasMarkedLines(bytes: Buffer): boolean {
  let before: TextRun | undefined;
  for (const stretch of base64Stretches(bytes, MIN_LINE)) {
    if (before !== undefined && areNeighbours(bytes, before, stretch)) {
      return true;
    }
    before = stretch;
  }
  return false;
}
