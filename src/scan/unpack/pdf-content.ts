import type { Budget } from '../budget.ts';
import { latin1 } from './byte-view.ts';
import { isZlibHeader } from './decompress.ts';
import { pdfFilter } from './pdf-filters.ts';
import type { Inflated } from './tolerant-inflate.ts';

/** Codings below each other that are found by content. Real chains have one or two. */
const MAX_LEVELS = 8;
/** Shorter text is hex or ASCII85 by accident. */
const MIN_TEXT = 16;

/** The coding that data shows by itself; LZW and run lengths show none. */
function codingOf(data: Buffer): string | undefined {
  if (isZlibHeader(data)) {
    return 'FlateDecode';
  }
  const sample = data.length < MIN_TEXT ? '' : latin1(data, 0, 1024);
  if (/^[0-9a-fA-F\s\0]{16,}>?[\s\S]{0,2}$/.test(sample)) {
    return 'ASCIIHexDecode';
  }
  return /^(?:<~)?[!-uz\s\0]{16,}(?:~|$)/.test(sample) ? 'ASCII85Decode' : undefined;
}

/**
 * Data whose stated filters are missing or do not fit, decoded as it looks; undefined when it looks like nothing.
 * Letters count only when compressed data comes out of them: most text could be ASCII85.
 */
export function decodeByContent(data: Buffer, open: Buffer, budget: Budget): Inflated | undefined {
  let found: Inflated | undefined;
  let [current, rest] = [data, open];
  for (let level = 0; level < MAX_LEVELS; level += 1) {
    budget.checkTime();
    const coding = codingOf(current);
    const filter = coding === undefined ? undefined : pdfFilter(coding);
    if (filter === undefined) {
      break;
    }
    let result = filter(current, budget.objectAllowance());
    if (level === 0 && result.end === 'truncated') {
      result = filter(rest, budget.objectAllowance()); // the end mark occurred inside the data
    }
    budget.spendBytes(level === 0 ? 0 : current.length);
    found = coding === 'FlateDecode' || coding === 'ASCIIHexDecode' ? result : found;
    [current, rest] = [result.bytes, result.bytes];
  }
  return found === undefined || found.bytes.length === 0 ? undefined : found;
}
