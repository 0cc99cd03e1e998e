const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;

/** Bytes `[start, end)` of the source. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A multipart body cut at its delimiters. */
export interface Split {
  readonly parts: readonly Span[];
  readonly preamble: Span;
  readonly epilogue: Span;
  /** False when other delimiters are plausible or the structure is incomplete. */
  readonly regular: boolean;
  /** What stands behind the last delimiter that counts was not cut. */
  readonly isCut: boolean;
  /** No delimiter ends it: the last part goes on to the end. */
  readonly isOpen: boolean;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}

/** The end of the line before a delimiter belongs to the delimiter (RFC 2046 5.1.1). */
function beforeLineEnd(bytes: Buffer, at: number, floor: number): number {
  let end = at;
  if (end > floor && bytes[end - 1] === LF) {
    end -= 1;
  }
  if (end > floor && end < at && bytes[end - 1] === CR) {
    end -= 1;
  }
  return end;
}

interface Delimiter {
  readonly at: number;
  /** First byte of the next line. */
  readonly next: number;
  readonly isClosing: boolean;
  /** Blanks stand behind it: padding for RFC 2046, another line for some parsers. */
  readonly isPadded: boolean;
}

/** Reads the delimiter whose `--boundary` starts at `at`, or undefined when it is not a clean one. */
function readDelimiter(bytes: Buffer, at: number, length: number, end: number): Delimiter | undefined {
  let i = at + length;
  const isClosing = bytes[i] === DASH && bytes[i + 1] === DASH && i + 1 < end;
  i += isClosing ? 2 : 0;
  const isPadded = isBlank(bytes[i]) && i < end;
  while (i < end && isBlank(bytes[i])) {
    i += 1;
  }
  if (i >= end) {
    return { at, next: end, isClosing, isPadded };
  }
  if (bytes[i] === CR && bytes[i + 1] === LF) {
    return { at, next: Math.min(end, i + 2), isClosing, isPadded };
  }
  return bytes[i] === LF ? { at, next: i + 1, isClosing, isPadded } : undefined;
}

/** Delimiters looked at: any limit of parts is reached long before, and each is remembered. */
export const MAX_DELIMITERS = 50_000;

function findDelimiters(
  bytes: Buffer,
  start: number,
  end: number,
  marker: Buffer,
): { found: Delimiter[]; regular: boolean } {
  const found: Delimiter[] = [];
  let regular = true;
  const window = bytes.subarray(0, end);
  for (let at = window.indexOf(marker, start); at !== -1; at = window.indexOf(marker, at + marker.length)) {
    const isAtLineStart = at === start || bytes[at - 1] === LF;
    const delimiter = isAtLineStart ? readDelimiter(bytes, at, marker.length, end) : undefined;
    if (delimiter === undefined) {
      regular = false;
    } else {
      regular &&= !delimiter.isPadded;
      found.push(delimiter);
    }
    if (found.length >= MAX_DELIMITERS) {
      return { found, regular: false };
    }
  }
  return { found, regular };
}

/** Cuts the multipart body `[start, end)` at `boundary`. Parts after a closing delimiter are parts all the same. */
export function splitMultipart(bytes: Buffer, start: number, end: number, boundary: string): Split {
  const marker = Buffer.from(`--${boundary}`, 'latin1');
  const { found, regular } = findDelimiters(bytes, start, end, marker);
  const first = found[0];
  const last = found.at(-1);
  const parts: Span[] = [];
  for (const [i, delimiter] of found.entries()) {
    if (!delimiter.isClosing) {
      const next = found[i + 1];
      const partEnd = next === undefined ? end : beforeLineEnd(bytes, next.at, delimiter.next);
      parts.push({ start: delimiter.next, end: partEnd });
    }
  }
  const closings = found.filter((delimiter) => delimiter.isClosing).length;
  return {
    parts,
    preamble: { start, end: first?.at ?? end },
    epilogue: { start: last?.isClosing === true ? last.next : end, end },
    isCut: found.length >= MAX_DELIMITERS,
    isOpen: parts.length > 0 && closings === 0,
    regular: regular && parts.length > 0 && closings === 1 && last?.isClosing === true,
  };
}
