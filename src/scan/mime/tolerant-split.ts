import type { Span } from './multipart.ts';

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x3e;

/** Blanks and quote marks before a delimiter that some parser forgives. */
const MAX_INDENT = 32;

function isLineBreak(byte: number | undefined): boolean {
  return byte === LF || byte === CR;
}

/** Start of the line on which only blanks, `>` or control characters stand before `at`, or -1. */
export function tolerantLineStart(bytes: Buffer, at: number, floor: number): number {
  for (let i = at; i >= floor && at - i <= MAX_INDENT; i -= 1) {
    const before = bytes[i - 1];
    if (i === floor || isLineBreak(before)) {
      return i;
    }
    if ((before ?? 0) > 0x20 && before !== QUOTE) {
      return -1;
    }
  }
  return -1;
}

/** First byte of the line after `at`; CR CR LF ends one line, as relays make it of CRLF. */
export function nextLine(bytes: Buffer, at: number, end: number): number {
  for (let i = at; i < end; i += 1) {
    if (isLineBreak(bytes[i])) {
      const lf = bytes[i] === CR && bytes[i + 1] === CR ? i + 2 : i + 1;
      return bytes[i] === CR && bytes[lf] === LF ? Math.min(end, lf + 1) : i + 1;
    }
  }
  return end;
}

/** `at` without the one line end before it. */
export function withoutLineEnd(bytes: Buffer, at: number, floor: number): number {
  let end = at;
  if (end > floor && bytes[end - 1] === LF) {
    end -= 1;
  }
  if (end > floor && bytes[end - 1] === CR) {
    end -= 1;
  }
  return end;
}

/**
 * Cuts `[start, end)` at every line that begins with `--` and `boundary`, whatever stands behind it or is
 * forgiven before it, closing delimiters included. The first span is the preamble. At most `maxSpans`.
 */
export function tolerantSplit(bytes: Buffer, span: Span, boundary: string, maxSpans: number): Span[] {
  const marker = Buffer.from(`--${boundary}`, 'latin1');
  const window = bytes.subarray(0, span.end);
  const spans: Span[] = [];
  let open = span.start;
  let at = window.indexOf(marker, span.start);
  while (at !== -1 && spans.length < maxSpans) {
    const line = tolerantLineStart(bytes, at, span.start);
    const next = nextLine(bytes, at, span.end);
    if (line !== -1) {
      spans.push({ start: open, end: Math.max(open, withoutLineEnd(bytes, line, open)) });
      open = next;
    }
    at = window.indexOf(marker, line === -1 ? at + 1 : next);
  }
  spans.push({ start: open, end: span.end });
  return spans;
}
