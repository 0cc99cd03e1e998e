import type { Guilt, GuiltyRange, Patch } from '../scanner.ts';
import { topHeaderEnd } from './header-end.ts';
import { overlay } from './overlay.ts';

/**
 * The overlay that disarms `message` without a change of size: every patch is as long as what it replaces, and no
 * CR or LF moves, so RFC822.SIZE, BODYSTRUCTURE, partial offsets, LIST and STAT stay true. `notice` (ASCII,
 * bounded) is what a reader finds after decoding, padded with `#`. Patches are sorted and do not overlap.
 * Never throws for content.
 */
export function neutralise(message: Uint8Array, guilt: Guilt, notice: string): Patch[] {
  const ranges = guilt.kind === 'body' ? [bodyRange(message)] : disjoint(guilt.ranges, message.length);
  return ranges
    .filter((range) => range.end > range.start)
    .map((range) => ({ offset: range.start, bytes: overlay(message, range, notice) }));
}

function bodyRange(message: Uint8Array): GuiltyRange {
  return { start: topHeaderEnd(message), end: message.length, encoding: 'identity' };
}

/** Sorted and clamped; ranges that overlap (two readings of one part) are joined and overwritten as plain bytes. */
function disjoint(ranges: readonly GuiltyRange[], length: number): GuiltyRange[] {
  const sorted = ranges
    .map((range) => clamp(range, length))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  const out: GuiltyRange[] = [];
  for (const range of sorted) {
    const last = out.at(-1);
    if (last === undefined || range.start >= last.end) {
      out.push(range);
    } else {
      out[out.length - 1] = join(last, range);
    }
  }
  return out;
}

function clamp(range: GuiltyRange, length: number): GuiltyRange {
  const start = Math.min(Math.max(0, range.start), length);
  return { start, end: Math.min(Math.max(start, range.end), length), encoding: range.encoding };
}

function join(a: GuiltyRange, b: GuiltyRange): GuiltyRange {
  const isSame = a.start === b.start && a.end === b.end && a.encoding === b.encoding;
  return isSame ? a : { start: a.start, end: Math.max(a.end, b.end), encoding: 'identity' };
}
