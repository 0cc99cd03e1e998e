/** Linear scanners for encoded data inside text. All work on bytes and return ranges or decoded bytes. */

const LETTER = 1;
const LINE_END = 2;
const BLANK = 3;

/** Class of each byte: an encoded character, a line end, a blank or the sign before the lines of a quoted mail. */
function classes(alphabet: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => {
    if (alphabet.test(String.fromCharCode(code))) {
      return LETTER;
    }
    return code === 10 || code === 13 ? LINE_END : /[ \t>]/.test(String.fromCharCode(code)) ? BLANK : 0;
  });
}

/** The alphabet of RFC 4648 section 4, and that of section 5, whose dashes also frame PEM headers. */
const ALPHABETS = { plain: classes(/[A-Za-z0-9+/]/), url: classes(/[A-Za-z0-9_-]/) };
export type Base64Alphabet = keyof typeof ALPHABETS;
const EITHER = classes(/[A-Za-z0-9+/_-]/);

const BACKSLASH = 0x5c;
/** Indentation behind a line end that does not end a run (folded calendars, indented XML). */
const MAX_INDENT = 64;

/** Encoded characters `[start, end)`, line ends and indentation included; `letters` counts the encoded ones. */
export interface TextRun {
  readonly start: number;
  readonly end: number;
  readonly letters: number;
}

/** How JSON writes what stands in a run: a slash, and line ends. */
const ESCAPED = Uint8Array.from({ length: 256 }, (_, code) =>
  /[/nrt]/.test(String.fromCharCode(code)) ? (code === 0x2f ? 1 : 2) : 0,
);

/**
 * Bytes of escapes that stand behind each other in a run, four line ends of two signs. The letter of each is one that a
 * run may begin with, so a text of nothing but escapes would be looked through to its end at each of them.
 */
const MAX_ESCAPES = 16;

/** Where a run goes on behind the escape at `at`, or -1. */
function behindEscape(bytes: Uint8Array, at: number, classOf: Uint8Array): number {
  let next = at;
  while (next < at + MAX_ESCAPES && bytes[next] === BACKSLASH && ESCAPED[bytes[next + 1] ?? 0] !== 0) {
    next += ESCAPED[bytes[next + 1] ?? 0] ?? 0;
  }
  return next > at && classOf[bytes[next] ?? 0] === LETTER ? next : -1;
}

/** Behind a line end: where the run goes on, or -1. A script continues a line with a backslash before its end. */
function continuation(bytes: Uint8Array, at: number, classOf: Uint8Array): number {
  let next = at;
  if (bytes[at] === BACKSLASH) {
    const behind = behindEscape(bytes, at, classOf);
    if (behind >= 0) {
      return behind;
    }
    next = at + 1;
  }
  const lineEnd = next;
  while (classOf[bytes[next] ?? 0] === LINE_END) {
    next += 1;
  }
  if (next === lineEnd) {
    return -1;
  }
  const indentEnd = next + MAX_INDENT;
  while (next < indentEnd && classOf[bytes[next] ?? 0] === BLANK) {
    next += 1;
  }
  return classOf[bytes[next] ?? 0] === LETTER ? next : -1;
}

function runFrom(bytes: Uint8Array, start: number, classOf: Uint8Array): TextRun {
  // As an integer: what came through a field that once held more is none for the compiler, which takes back what it
  // made of this loop each time that it meets such an index, and makes it anew.
  let at = start | 0;
  let letters = 0;
  for (;;) {
    while (classOf[bytes[at] ?? 0] === LETTER) {
      at += 1;
      letters += 1;
    }
    const next = continuation(bytes, at, classOf);
    if (next < 0) {
      return { start, end: at, letters };
    }
    at = next;
  }
}

function runsWithin(
  bytes: Uint8Array,
  { start, end }: TextRun,
  least: number,
  classOf: Uint8Array,
): TextRun[] {
  const runs: TextRun[] = [];
  for (let at = start; at < end; at += 1) {
    if (classOf[bytes[at] ?? 0] === LETTER) {
      const run = runFrom(bytes, at, classOf);
      if (run.letters >= least) {
        runs.push(run);
      }
      at = run.end;
    }
  }
  return runs;
}

const BREAK = 1;
const BREAKING = EITHER.map((kind, code) =>
  kind === BLANK ? BLANK : kind === 0 && code !== BACKSLASH ? BREAK : 0,
);

/** True where no run goes on: a byte of another kind, or a blank that stands behind an encoded character. */
function breaksRun(bytes: Uint8Array, at: number): boolean {
  const kind = BREAKING[bytes[at] ?? 0];
  return kind !== 0 && (kind === BREAK || EITHER[bytes[at - 1] ?? 0] === LETTER);
}

/** Letters in `[from, to)` behind the last place where no run goes on, `most` of them at most. */
export function lettersBefore(
  bytes: Uint8Array,
  from: number,
  to: number,
  most: number,
): { letters: number; isBroken: boolean } {
  let letters = 0;
  for (let at = to - 1; at >= from && letters < most; at -= 1) {
    if (breaksRun(bytes, at)) {
      return { letters, isBroken: true };
    }
    letters += EITHER[bytes[at] ?? 0] === LETTER ? 1 : 0;
  }
  return { letters, isBroken: false };
}

/** Letters in `[from, to)` before the first place where no run goes on, `most` of them at most. */
export function lettersBehind(bytes: Uint8Array, from: number, to: number, most: number): number {
  let letters = 0;
  for (let at = from; at < to && letters < most && !breaksRun(bytes, at); at += 1) {
    letters += EITHER[bytes[at] ?? 0] === LETTER ? 1 : 0;
  }
  return letters;
}

/** The last place in `[from, to)` where no run goes on, or -1. */
function lastBreak(bytes: Uint8Array, from: number, to: number): number {
  for (let at = to - 1; at >= from; at -= 1) {
    if (breaksRun(bytes, at)) {
      return at;
    }
  }
  return -1;
}

/** Finds where runs of so many bytes may begin. Prose has a blank in every such stretch: only the rest is looked at. */
class UnbrokenSearch {
  readonly #bytes: Uint8Array;
  readonly #least: number;
  /** No break between the last place that was found and here: a text of `\\a` is not looked through at each letter. */
  #clear = 0;

  constructor(bytes: Uint8Array, least: number) {
    this.#bytes = bytes;
    this.#least = least;
  }

  /** The first such place at or behind `from`, which never goes back; the end when there is none. */
  next(from: number): number {
    const bytes = this.#bytes;
    const { length } = bytes;
    const least = this.#least;
    for (let at = from; at + least <= length;) {
      const breakAt = lastBreak(bytes, Math.max(at, this.#clear), at + least);
      if (breakAt < 0) {
        this.#clear = at + least;
        return at;
      }
      at = breakAt + 1;
    }
    return length;
  }
}

/** Where runs of either alphabet can be: stretches of at least `least` characters of both together. */
export function base64Stretches(bytes: Uint8Array, least: number): TextRun[] {
  const runs: TextRun[] = [];
  const unbroken = new UnbrokenSearch(bytes, least);
  for (let at = unbroken.next(0); at < bytes.length;) {
    const isLetter = EITHER[bytes[at] ?? 0] === LETTER;
    const run = isLetter ? runFrom(bytes, at, EITHER) : { start: at, end: at + 1, letters: 0 };
    if (run.letters >= least) {
      runs.push(run);
    }
    at = isLetter ? unbroken.next(run.end) : run.end;
  }
  return runs;
}

/** Every run of at least `least` base64 characters. */
export function base64Runs(
  bytes: Uint8Array,
  least: number,
  alphabet: Base64Alphabet = 'plain',
  stretches: readonly TextRun[] = base64Stretches(bytes, least),
): TextRun[] {
  return stretches.flatMap((stretch) => runsWithin(bytes, stretch, least, ALPHABETS[alphabet]));
}
