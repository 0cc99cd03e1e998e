/** Bytes written as pairs of hex digits with something between: registry files, dumps, `BitConverter` of .NET. */

const DIGIT = 1;
const SEPARATOR = 2;
const CLASS = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[0-9a-fA-F]/.test(character) ? DIGIT : /[\s,:;|\\-]/.test(character) ? SEPARATOR : 0;
});
/** Separators in a row: a comma, a backslash, a line end and the indentation of the next line. */
const MAX_GAP = 16;
const FIRST_ROOM = 256;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_A = 0x61;
const CASE_BIT = 0x20;

function classAt(bytes: Uint8Array, at: number): number {
  return CLASS[bytes[at] ?? 0] ?? 0;
}

/** True where a separator is followed by exactly two digits. */
function isPairAt(bytes: Uint8Array, at: number): boolean {
  return (
    classAt(bytes, at) === SEPARATOR &&
    classAt(bytes, at + 1) === DIGIT &&
    classAt(bytes, at + 2) === DIGIT &&
    classAt(bytes, at + 3) !== DIGIT
  );
}

/** Where a separator before a pair stands among the three bytes at `at`, or -1. */
function pairNear(bytes: Uint8Array, at: number): number {
  return isPairAt(bytes, at) ? at : isPairAt(bytes, at + 1) ? at + 1 : isPairAt(bytes, at + 2) ? at + 2 : -1;
}

/** The start of the first pair of those that stand one before the other, the last one behind `at`. */
function firstPair(bytes: Uint8Array, at: number, floor: number): number {
  let first = at + 1;
  for (let end = at; ;) {
    const gapEnd = end;
    while (end >= floor && gapEnd - end < MAX_GAP && classAt(bytes, end) === SEPARATOR) {
      end -= 1;
    }
    const isPair =
      end - 1 >= floor &&
      classAt(bytes, end) === DIGIT &&
      classAt(bytes, end - 1) === DIGIT &&
      (end < 2 || classAt(bytes, end - 2) !== DIGIT);
    if (!isPair) {
      return first;
    }
    first = end - 1;
    end -= 2;
    if (end < floor || classAt(bytes, end) !== SEPARATOR) {
      return first;
    }
  }
}

function valueOf(digit: number): number {
  return digit <= NINE ? digit - ZERO : (digit | CASE_BIT) - LETTER_A + 10;
}

/** What the pairs from `start` on stand for, and where they end. */
function pairsFrom(bytes: Buffer, start: number): { values: Buffer; end: number } {
  let values = Buffer.allocUnsafe(FIRST_ROOM);
  let count = 0;
  let at = start;
  let end = start;
  while (
    classAt(bytes, at) === DIGIT &&
    classAt(bytes, at + 1) === DIGIT &&
    classAt(bytes, at + 2) !== DIGIT
  ) {
    values = count < values.length ? values : Buffer.concat([values], count * 2);
    values[count] = valueOf(bytes[at] ?? 0) * 16 + valueOf(bytes[at + 1] ?? 0);
    count += 1;
    end = at + 2;
    at = end;
    while (at - end < MAX_GAP && classAt(bytes, at) === SEPARATOR) {
      at += 1;
    }
    if (at === end) {
      break;
    }
  }
  return { values: values.subarray(0, count), end };
}

/** What `least` or more pairs of hex digits stand for. Looks at three bytes in each `2 * least`, so text costs little. */
export function hexPairs(bytes: Buffer, least: number): Buffer[] {
  const found: Buffer[] = [];
  let floor = 0;
  for (let at = 0; at < bytes.length; at += 2 * least) {
    const near = pairNear(bytes, at);
    if (near >= 0) {
      const { values, end } = pairsFrom(bytes, firstPair(bytes, near, floor));
      if (values.length >= least) {
        found.push(values);
      }
      floor = end;
      at = Math.max(at, end - 2 * least);
    }
  }
  return found;
}
