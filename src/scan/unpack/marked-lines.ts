import { base64Stretches, type TextRun } from './text-runs.ts';

/** Characters of base64 in one such line: below what any encoder of mail writes, above words. */
const MIN_LINE = 40;
/** Between the data of two lines: a mark before each, such as a quote, a bar or a number, or one behind it. */
const MAX_MARK = 32;
const LF = 0x0a;

/** The number of a line is taken for the end of the data before it. */
function areNeighbours(bytes: Buffer, one: TextRun, other: TextRun): boolean {
  const from = Math.max(one.start, one.end - MAX_MARK);
  return other.start - one.end <= MAX_MARK && bytes.subarray(from, other.start).includes(LF);
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
