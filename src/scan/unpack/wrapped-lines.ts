/**
 * Data that a script writes line by line, `echo TVqQ…>>a`, or keeps in its comments: lines of encoded characters with
 * the same words around each. Takes linear time.
 */

/** Encoded characters in one such line, and in all lines that stand one behind the other. */
const MIN_LINE = 16;
const MIN_LINES = 64;
/** Longer lines need none that go on. */
const MAX_LINE = 8192;
const LF = 0x0a;
const AMPERSAND = 0x26;
const ENCODED = 1;
const PAIRED = 2;
const CLASS = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  return (/[A-Za-z0-9+/=]/.test(character) ? ENCODED : 0) | (/[0-9A-Fa-f ]/.test(character) ? PAIRED : 0);
});
/** What stands before data on a line and may be taken for a part of them: `//`, `e 0100` of a debugger's input. */
const LEADING = /^(?:\/\/+|\s*e? ?[\da-fA-F]{3,5}:? (?=[\da-fA-F]{2} )|\s+)/;
const PAIRS = /^[\da-fA-F]{2}(?: [\da-fA-F]{2})+ *$/;

interface Stretch {
  readonly start: number;
  readonly end: number;
}

function isOf(byte: number | undefined, kind: number): boolean {
  return ((CLASS[byte ?? 0] ?? 0) & kind) !== 0;
}

/** The start of the first stretch of the shortest length, or `to`: looks at few bytes of prose. */
function nextStretch(bytes: Buffer, from: number, to: number, kind: number): number {
  for (let start = from; start + MIN_LINE <= to;) {
    let at = start + MIN_LINE - 1;
    while (at >= start && ((CLASS[bytes[at] ?? 0] ?? 0) & kind) !== 0) {
      at -= 1;
    }
    if (at < start) {
      return start;
    }
    start = at + 1;
  }
  return to;
}

function hasStretch(bytes: Buffer, from: number, to: number, kind: number): boolean {
  return nextStretch(bytes, from, to, kind) < to;
}

/** The longest stretch of one kind of characters. */
function longest(bytes: Buffer, from: number, to: number, kind: number): Stretch {
  let best = { start: from, end: from };
  for (let at = from; at < to; at += 1) {
    const start = at;
    while (at < to && isOf(bytes[at], kind)) {
      at += 1;
    }
    best = at - start > best.end - best.start ? { start, end: at } : best;
  }
  return best;
}

/** The data of a line and what stands before them. */
interface Data {
  readonly before: string;
  readonly text: string;
}
const NOTHING: Data = { before: '', text: '' };

function dataAt(bytes: Buffer, from: number, { start, end }: Stretch): Data {
  const text = bytes.toString('latin1', start, end);
  const own = text.replace(LEADING, '');
  const shift = text.length - own.length;
  return { before: bytes.toString('latin1', from, start + shift), text: own.trimEnd() };
}

/** Pairs of digits with blanks between them, or one run. */
function dataOf(bytes: Buffer, from: number, to: number): Data {
  if (hasStretch(bytes, from, to, PAIRED)) {
    const pairs = dataAt(bytes, from, longest(bytes, from, to, PAIRED));
    if (pairs.text.length >= MIN_LINE && PAIRS.test(pairs.text)) {
      return pairs;
    }
  }
  if (!hasStretch(bytes, from, to, ENCODED)) {
    return NOTHING;
  }
  const run = dataAt(bytes, from, longest(bytes, from, to, ENCODED));
  return run.text.length >= MIN_LINE ? run : NOTHING;
}

/** Collects the data of lines that stand one behind the other. */
class Lines {
  readonly found: string[] = [];
  readonly #bytes: Buffer;
  #group: string[] = [];
  #length = 0;
  #before = '';

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Whether the next line may belong to those before. */
  get isOpen(): boolean {
    return this.#group.length > 0;
  }

  /** A line. */
  read(from: number, to: number): void {
    const isShort = to - from <= MAX_LINE;
    const data = isShort ? dataOf(this.#bytes, from, to) : NOTHING;
    const { before, text } = data.text === '' && isShort ? this.#rest(from, to) : data;
    if (text === '') {
      this.end();
      return;
    }
    this.#before = before;
    this.#group.push(text);
    this.#length += text.length;
  }

  /** The last line is shorter: known by what stands before it. */
  #rest(from: number, to: number): Data {
    const start = from + this.#before.length;
    const isSame = this.#group.length > 0 && this.#before !== '' && start < to;
    if (!isSame || this.#bytes.toString('latin1', from, start) !== this.#before) {
      return NOTHING;
    }
    const text = this.#bytes.toString('latin1', start, to);
    return { before: this.#before, text: /^[A-Za-z0-9+/=]+|^/.exec(text)?.[0] ?? '' };
  }

  end(): void {
    if (this.#group.length > 1 && this.#length >= MIN_LINES) {
      this.found.push(this.#group.join('\n'));
    }
    this.#group = [];
    this.#length = 0;
  }
}

/** The end of a command: that of its line, or the sign before the next one. */
function commandEnd(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== LF && bytes[at] !== AMPERSAND) {
    at += 1;
  }
  return at;
}

/** The start of the command that goes on at `at`, not before `floor`. */
function commandStart(bytes: Buffer, at: number, floor: number): number {
  let start = at;
  while (start > floor && bytes[start - 1] !== LF && bytes[start - 1] !== AMPERSAND) {
    start -= 1;
  }
  return start;
}

/** Finds where stretches of each kind stand; each is searched for only once for every place where it stands. */
class Stretches {
  readonly #bytes: Buffer;
  #run = -1;
  #pairs = -1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  next(from: number): number {
    const bytes = this.#bytes;
    this.#run = this.#run < from ? nextStretch(bytes, from, bytes.length, ENCODED) : this.#run;
    this.#pairs = this.#pairs < from ? nextStretch(bytes, from, bytes.length, PAIRED) : this.#pairs;
    return Math.min(this.#run, this.#pairs);
  }
}

/** The data of such lines, without the words around them. */
export function unwrappedLines(bytes: Buffer): Buffer[] {
  const lines = new Lines(bytes);
  const stretches = new Stretches(bytes);
  for (let floor = 0; floor < bytes.length;) {
    const place = stretches.next(floor);
    const start = lines.isOpen ? floor : commandStart(bytes, place, floor);
    const end = commandEnd(bytes, start);
    lines.read(start, end);
    floor = end + 1;
  }
  lines.end();
  return lines.found.length === 0 ? [] : [Buffer.from(lines.found.join('\n.\n'), 'latin1')];
}

/** What stands before or on such lines in scripts: comments, and what writes to a file. */
export const WRAPPING_MARKS: readonly string[] = [
  "\n//|\nrem |\n# |\n' |\n::|\n * |\n; |\n/* |echo |echo.|set /p|add-content|out-file",
  // Of the other comments those in which a program or an archive begins: MZ and PK in base64 and hexadecimal digits.
  "\n'tv|\n'ue|\n'4d5a|\n'504b|\n;tv|\n;ue|\n;4d5a|\n;504b|\n#tv|\n#ue|\n#4d5a|\n#504b|\n-- tv|\n-- ue|\n-- 4d5a|\n-- 504b",
].flatMap((marks) => marks.split('|'));
