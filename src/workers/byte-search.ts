/*
 * Finds a large needle in a large haystack in linear time. The native `indexOf` does not: two attachments of
 * zeros, one of them with another byte in it, keep it busy for hours, and nothing can interrupt it.
 */

/** Length of the part of the needle that is looked for natively; short, so that even its worst case is linear. */
const ANCHOR_BYTES = 32;
/** Places in the needle from which the anchor is chosen. */
const ANCHOR_CANDIDATES = 64;
/** Anchors found in vain, each of which may have cost a comparison of the whole needle. */
const MAX_VAIN_COMPARISONS = 64;

interface Search {
  /** Starts of occurrences so far, ascending. */
  readonly offsets: number[];
  /** Stop after that many. */
  readonly limit: number;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The offset in `needle` of a stretch with many different bytes: such stretches are rare in the haystack. */
function anchorOffset(needle: Buffer): number {
  const last = needle.byteLength - ANCHOR_BYTES;
  const step = Math.max(1, Math.floor(last / ANCHOR_CANDIDATES));
  let best = 0;
  let variety = 0;
  for (let offset = 0; offset <= last; offset += step) {
    const { size } = new Set(needle.subarray(offset, offset + ANCHOR_BYTES));
    if (size > variety) {
      variety = size;
      best = offset;
    }
  }
  return best;
}

/** Searches by anchor. Returns where it gave up because anchors are everywhere, or undefined when it is done. */
function searchByAnchor(haystack: Buffer, needle: Buffer, search: Search): number | undefined {
  const offset = anchorOffset(needle);
  const anchor = needle.subarray(offset, offset + ANCHOR_BYTES);
  const last = haystack.byteLength - needle.byteLength;
  let vain = 0;
  let at = haystack.indexOf(anchor, offset) - offset;
  while (at >= 0 && at <= last && search.offsets.length < search.limit) {
    if (haystack.compare(needle, 0, needle.byteLength, at, at + needle.byteLength) === 0) {
      search.offsets.push(at);
    } else if ((vain += 1) > MAX_VAIN_COMPARISONS) {
      return at;
    }
    at = haystack.indexOf(anchor, at + 1 + offset) - offset;
  }
  return undefined;
}

/** Start of the maximal suffix of `x` less one, and its period, under one of the two orders of bytes. */
function maximalSuffix(x: Uint8Array, isReversed: boolean): readonly [start: number, period: number] {
  let start = -1;
  let j = 0;
  let k = 1;
  let period = 1;
  while (j + k < x.length) {
    const a = x[j + k] ?? 0;
    const b = x[start + k] ?? 0;
    if (a === b) {
      if (k === period) {
        j += period;
        k = 1;
      } else {
        k += 1;
      }
    } else if (isReversed ? a > b : a < b) {
      j += k;
      k = 1;
      period = j - start;
    } else {
      start = j;
      j += 1;
      k = 1;
      period = 1;
    }
  }
  return [start, period];
}

/**
 * The two-way algorithm (Crochemore and Perrin, 1991): linear time and constant memory whatever the bytes. `cut`
 * splits the needle so that a mismatch right of it allows a shift to where it was met.
 */
function searchTwoWay(haystack: Uint8Array, needle: Uint8Array, from: number, search: Search): void {
  const [first, second] = [maximalSuffix(needle, false), maximalSuffix(needle, true)];
  const [cut, period] = first[0] > second[0] ? first : second;
  const isPeriodic =
    Buffer.compare(needle.subarray(0, cut + 1), needle.subarray(period, period + cut + 1)) === 0;
  const size = needle.length;
  const shift = isPeriodic ? period : Math.max(cut + 1, size - cut - 1) + 1;
  /** Last byte of the needle's beginning that is known to match from the shift before. */
  let known = -1;
  let at = from;
  while (at <= haystack.length - size && search.offsets.length < search.limit) {
    let i = Math.max(cut, known) + 1;
    while (i < size && needle[i] === haystack[at + i]) {
      i += 1;
    }
    if (i < size) {
      at += i - cut;
      known = -1;
      continue;
    }
    i = cut;
    while (i > known && needle[i] === haystack[at + i]) {
      i -= 1;
    }
    if (i <= known) {
      search.offsets.push(at);
    }
    at += shift;
    known = isPeriodic ? size - period - 1 : -1;
  }
}

/** The first `limit` places, ascending, where `needle` (not empty) stands in `haystack`; overlaps count. */
export function occurrences(haystack: Uint8Array, needle: Uint8Array, limit: number): readonly number[] {
  const search: Search = { offsets: [], limit };
  const resumeAt =
    needle.byteLength < ANCHOR_BYTES ? 0 : searchByAnchor(asBuffer(haystack), asBuffer(needle), search);
  if (resumeAt !== undefined) {
    searchTwoWay(haystack, needle, resumeAt, search);
  }
  return search.offsets;
}
