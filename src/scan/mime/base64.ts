import type { Span } from './multipart.ts';

const LF = 0x0a;
const CR = 0x0d;
const EQUALS = 0x3d;
const DASH = 0x2d;
const UNDERSCORE = 0x5f;

/** What a decoder gave, and whether any decoder would have given the same. */
export interface Decoded {
  readonly bytes: Buffer;
  readonly regular: boolean;
}

/** Decodes in one way; the same bytes each time. */
export type Reading = () => Buffer;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Value of a byte in the plain base64 alphabet, 64 for line ends and blanks, 65 for `=`, 66 for anything else. */
const CLASS = new Uint8Array(256).fill(66);
for (const [i, letter] of Buffer.from(ALPHABET).entries()) {
  CLASS[letter] = i;
}
for (const blank of [0x0a, 0x0d, 0x20, 0x09]) {
  CLASS[blank] = 64;
}
CLASS[EQUALS] = 65;

/** Offset after the last byte that is not a line end or blank. */
function trimmedEnd(bytes: Buffer, start: number, end: number): number {
  let at = end;
  while (at > start && CLASS[bytes[at - 1] ?? 0] === 64) {
    at -= 1;
  }
  return at;
}

/** Lines that all have the length of the first one. */
interface Grid {
  /** Bytes from one line's start to the next one's. */
  readonly stride: number;
  /** Alphabet characters of a line. */
  readonly width: number;
  /** Alphabet characters and padding of all lines. */
  readonly count: number;
}

/** The grid of lines in `[start, end)`, or undefined when they are not uniform. */
function gridOf(bytes: Buffer, start: number, end: number): Grid | undefined {
  const newline = bytes.subarray(start, end).indexOf(LF);
  if (newline === -1) {
    return { stride: end - start, width: end - start, count: end - start };
  }
  const stride = newline + 1;
  const hasCr = newline > 0 && bytes[start + newline - 1] === CR;
  let lines = 0;
  for (let at = start + newline; at < end; at += stride) {
    if (bytes[at] !== LF || (hasCr && bytes[at - 1] !== CR)) {
      return undefined;
    }
    lines += 1;
  }
  const breakLength = hasCr ? 2 : 1;
  return { stride, width: stride - breakLength, count: end - start - lines * breakLength };
}

/** Alphabet characters before the padding, or -1 when anything but line ends and blanks stands between them. */
function countExactly(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i += 1) {
    const kind = CLASS[bytes[i] ?? 0] ?? 66;
    if (kind > 64) {
      return -1;
    }
    count += kind < 64 ? 1 : 0;
  }
  return count;
}

function paddingStart(bytes: Buffer, start: number, end: number): number {
  let at = end;
  while (at > start && end - at < 2 && bytes[at - 1] === EQUALS) {
    at -= 1;
  }
  return at;
}

/** Where decoded bytes go. */
export type Allocate = (length: number) => Buffer;

const onHeap: Allocate = (length) => Buffer.allocUnsafe(length);

/** Decoded at a time: the text of a slice stays in the cache, that of a whole attachment is paged in and out. */
const SLICE_BYTES = 48 * 1024;

/** Decodes slices of whole lines, each of whole groups; gives what the native decoder gave, up to the first doubt. */
function decodeGrid(bytes: Buffer, { start, end }: Span, grid: Grid, allocate: Allocate): Buffer {
  const step = Math.max(1, Math.floor(SLICE_BYTES / grid.stride)) * grid.stride;
  const out = allocate(Math.floor((grid.count * 3) / 4));
  let length = 0;
  for (let at = start; at < end; at += step) {
    length += out.write(bytes.toString('latin1', at, Math.min(end, at + step)), length, 'base64');
  }
  return out.subarray(0, length);
}

/**
 * Decodes `[from, to)` natively and checks, without a look at every byte in the common case, that nothing was
 * skipped: `-` and `_` are data for Node, and its decoder stops at the first `=`.
 */
export function decodeBase64(bytes: Buffer, from: number, to: number, allocate = onHeap): Decoded {
  const end = trimmedEnd(bytes, from, to);
  const dataEnd = paddingStart(bytes, from, end);
  const padding = end - dataEnd;
  const data = bytes.subarray(from, dataEnd);
  const isPlain = !data.includes(DASH) && !data.includes(UNDERSCORE);
  const grid = gridOf(bytes, from, end);
  if (grid !== undefined && grid.width % 4 === 0 && grid.count % 4 === 0) {
    const decoded = decodeGrid(bytes, { start: from, end }, grid, allocate);
    if (decoded.length === Math.floor(((grid.count - padding) * 3) / 4)) {
      return { bytes: decoded, regular: isPlain };
    }
  }
  const decoded = Buffer.from(bytes.toString('latin1', from, end), 'base64');
  const count = countExactly(bytes, from, dataEnd);
  const isWhole = count >= 0 && (count + padding) % 4 === 0 && decoded.length === Math.floor((count * 3) / 4);
  return { bytes: decoded, regular: isPlain && isWhole };
}
