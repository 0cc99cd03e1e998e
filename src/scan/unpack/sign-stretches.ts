/** Stretches of a text in which none but some signs stand: there, and nowhere else, may be what is written with them. */

/** Of each byte: 1 when it is one of the signs. */
export type Signs = Uint8Array;

/** The bytes whose characters `pattern` matches. */
export function signsOf(pattern: RegExp): Signs {
  return Uint8Array.from({ length: 256 }, (_, code) => (pattern.test(String.fromCharCode(code)) ? 1 : 0));
}

/**
 * Where the first stretch of at least `least` signs begins at or behind `from`, or the end. Looks at the last byte of
 * each such window first: other text costs a look at one byte of many, and no byte is looked at more than twice.
 */
function nextStart(bytes: Uint8Array, from: number, signs: Signs, least: number): number {
  const last = bytes.length - least;
  let start = from;
  while (start <= last) {
    let at = start + least - 1;
    while (at >= start && signs[bytes[at] ?? 0] === 1) {
      at -= 1;
    }
    if (at < start) {
      return start;
    }
    start = at + 1;
  }
  return bytes.length;
}

function endOf(bytes: Uint8Array, from: number, signs: Signs): number {
  const { length } = bytes;
  let at = from;
  while (at < length && signs[bytes[at] ?? 0] === 1) {
    at += 1;
  }
  return at;
}

/** A stretch `[start, end)`: no sign stands before it or behind it. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Every stretch of at least `least` of `signs`, one after the other. */
export function* signStretches(
  bytes: Uint8Array,
  signs: Signs,
  least: number,
): Generator<Stretch, void, void> {
  for (let start = nextStart(bytes, 0, signs, least); start < bytes.length;) {
    const end = endOf(bytes, start + least, signs);
    yield { start, end };
    start = nextStart(bytes, end, signs, least);
  }
}
