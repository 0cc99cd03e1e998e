const LF = 0x0a;
const CR = 0x0d;
const EQUALS = 0x3d;

/** What a decoder gave, and whether any decoder would have given the same. */
export interface Decoded {
  readonly bytes: Buffer;
  readonly regular: boolean;
}

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

/** Alphabet characters of lines that all have the length of the first one, or -1 when they do not. */
function countUniform(bytes: Buffer, start: number, end: number): number {
  const newline = bytes.subarray(start, end).indexOf(LF);
  if (newline === -1) {
    return end - start;
  }
  const stride = newline + 1;
  const hasCr = newline > 0 && bytes[start + newline - 1] === CR;
  let lines = 0;
  for (let at = start + newline; at < end; at += stride) {
    if (bytes[at] !== LF || (hasCr && bytes[at - 1] !== CR)) {
      return -1;
    }
    lines += 1;
  }
  return end - start - lines * (hasCr ? 2 : 1);
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

/**
 * Decodes `[from, to)` natively and checks, without a look at every byte in the common case, that nothing was
 * skipped: `-` and `_` are data for Node, and its decoder stops at the first `=`.
 */
export function decodeBase64(bytes: Buffer, from: number, to: number): Decoded {
  const end = trimmedEnd(bytes, from, to);
  const decoded = Buffer.from(bytes.toString('latin1', from, end), 'base64');
  const dataEnd = paddingStart(bytes, from, end);
  const data = bytes.subarray(from, dataEnd);
  const hasUrlLetters = data.includes(0x2d) || data.includes(0x5f);
  const isExpected = (count: number): boolean =>
    count >= 0 && (count + end - dataEnd) % 4 === 0 && decoded.length === Math.floor((count * 3) / 4);
  const regular =
    !hasUrlLetters &&
    (isExpected(countUniform(bytes, from, dataEnd)) || isExpected(countExactly(bytes, from, dataEnd)));
  return { bytes: decoded, regular };
}
