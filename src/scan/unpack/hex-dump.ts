import type { Piece } from '../piece.ts';
import { latin1, viewOf } from './byte-view.ts';
import { PieceJoiner } from './piece-joiner.ts';
import { looksLikeText } from './script-text.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** Dumps of bytes with their offsets, as `certutil`, `xxd`, `od` and `debug` write and read back. */

/** Fewer lines are a quotation or a table. */
const MIN_LINES = 4;
/** Bytes on one line, and characters looked at. */
const MAX_LINE_BYTES = 64;
const MAX_LINE = 320;
/** Bytes on a line of a dump without offsets, which nothing else shows to be one. */
const PLAIN_LINE_BYTES = 16;

/** A place, or the command of `debug` with one. */
const OFFSET = /^[ \t]{0,8}(?:[Ee][ \t]{1,8})?(?:0x)?([0-9A-Fa-f]{4,16})(?:[:hH][ \t]{0,8}|[ \t]{1,8})/;
const PLAIN = /^[ \t]{1,8}(?=[0-9A-Fa-f]{2}[ \t])/;
/** Bytes, alone or in groups; two blanks may stand in the middle, more only before the characters. */
const GROUP = /((?:[0-9A-Fa-f]{2}){1,4})(?:[ \t-]{1,2}|$|(?=[ \t|]))/y;

interface DumpLine {
  /** Digits of the place; absent in a dump without. */
  readonly offset?: string;
  /** Bytes, and characters that look like some. */
  readonly bytes: Buffer;
}

function readLine(line: string): DumpLine | undefined {
  const offset = OFFSET.exec(line);
  const start = offset ?? PLAIN.exec(line);
  if (start === null) {
    return undefined;
  }
  const groups: string[] = [];
  GROUP.lastIndex = start[0].length;
  for (let match = GROUP.exec(line); match !== null && groups.length < MAX_LINE_BYTES;) {
    groups.push(match[1] ?? '');
    match = GROUP.exec(line);
  }
  const bytes = Buffer.from(groups.join(''), 'hex');
  return bytes.length === 0 ? undefined : { bytes, ...(offset !== null && { offset: offset[1] ?? '' }) };
}

/** The distance between two places, in the base in which the bytes of the line fill it. */
function stepBetween(first: DumpLine, second: DumpLine): number {
  if (first.offset === undefined || second.offset === undefined) {
    const isPlain = first.offset === second.offset && first.bytes.length === PLAIN_LINE_BYTES;
    return isPlain ? PLAIN_LINE_BYTES : 0;
  }
  for (const radix of [16, 8, 10]) {
    const step = Number.parseInt(second.offset, radix) - Number.parseInt(first.offset, radix);
    if (step > 1 && step <= first.bytes.length) {
      return step;
    }
  }
  return 0;
}

/** Collects the lines that follow each other without a gap. */
class DumpLines {
  readonly #joiner: PieceJoiner;
  #lines: DumpLine[] = [];
  #step = 0;

  constructor(joiner: PieceJoiner) {
    this.#joiner = joiner;
  }

  add(line: DumpLine | undefined): void {
    const last = this.#lines.at(-1);
    const step = last === undefined || line === undefined ? 0 : stepBetween(last, line);
    const goesOn = step > 0 && (this.#lines.length === 1 || step === this.#step);
    if (!goesOn) {
      this.end();
    }
    this.#step = goesOn ? step : 0;
    if (line !== undefined) {
      this.#lines.push(line);
    }
  }

  end(): void {
    if (this.#lines.length >= MIN_LINES) {
      this.#joiner.add(Buffer.concat(this.#lines.map(({ bytes }) => bytes.subarray(0, this.#step))));
    }
    this.#lines = [];
  }
}

const LF = 0x0a;
const CR = 0x0d;
const BLANK = 1;
const DIGIT = 2;
const CLASS = Uint8Array.from({ length: 256 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[0-9A-Fa-f]/.test(character) ? DIGIT : /[ \t]/.test(character) ? BLANK : 0;
});
/** Looked at one by one before the native search is asked: a call costs as much as a look at so many bytes. */
const NEAR_BYTES = 48;
const LETTER_E = 0x65;
const LETTER_X = 0x78;
const CASE_BIT = 0x20;

/** Whether the line at `at` begins as `OFFSET` and `PLAIN` ask: most lines of a text do not. */
function mayBegin(view: Buffer, at: number): boolean {
  let start = at;
  while (CLASS[view[start] ?? 0] === BLANK && start < at + 9) {
    start += 1;
  }
  let end = start;
  while (CLASS[view[end] ?? 0] === DIGIT && end < start + 4) {
    end += 1;
  }
  const next = view[end] ?? 0;
  const isLetter =
    end === start + 1 && (((view[start] ?? 0) | CASE_BIT) === LETTER_E || (next | CASE_BIT) === LETTER_X);
  return end - start === 4 || isLetter || (start > at && end - start === 2);
}

/** Where the line at `at` ends, without its line feed. */
function lineEnd(view: Buffer, at: number): number {
  const near = Math.min(view.length, at + NEAR_BYTES);
  for (let end = at; end < near; end += 1) {
    if (view[end] === LF) {
      return end;
    }
  }
  const end = view.indexOf(LF, near);
  return end < 0 ? view.length : end;
}

/** The line of a dump in `[at, end)`, undefined when it is none. */
function lineAt(view: Buffer, at: number, end: number): DumpLine | undefined {
  const isCandidate = end - at >= 8 && end - at <= MAX_LINE && mayBegin(view, at);
  return isCandidate ? readLine(latin1(view, at, view[end - 1] === CR ? end - 1 : end)) : undefined;
}

/** Each line that may belong to a dump, undefined for others. */
function* linesOf(view: Buffer): Generator<DumpLine | undefined, void, void> {
  for (let at = 0; at < view.length;) {
    const end = lineEnd(view, at);
    yield lineAt(view, at, end);
    at = end + 1;
  }
}

/** Bytes between two looks, and of one: the digits of a line fill more than both together. */
const STRIDE = 32;
const LOOK = 6;

/** Whether as many looks as a dump has lines see nothing but digits and blanks. Texts are not read for it. */
function mayHoldDump(view: Buffer): boolean {
  let seen = 0;
  for (let at = 0; at + LOOK <= view.length; at += STRIDE) {
    let end = at;
    while (end < at + LOOK && (CLASS[view[end] ?? 0] ?? 0) !== 0) {
      end += 1;
    }
    seen += end === at + LOOK ? 1 : 0;
    if (seen >= MIN_LINES) {
      return true;
    }
  }
  return false;
}

/** Whether lines of a dump follow each other anywhere. */
function hasDump(view: Buffer): boolean {
  if (!mayHoldDump(view)) {
    return false;
  }
  let lines = 0;
  for (let at = 0; at < view.length && lines < MIN_LINES;) {
    const end = lineEnd(view, at);
    const line = lineAt(view, at, end);
    lines = line === undefined || line.bytes.length < 4 ? 0 : lines + 1;
    at = end + 1;
  }
  return lines >= MIN_LINES;
}

export function createHexDumpUnpacker(): Unpacker {
  return {
    name: 'hex-dump',
    recognises: ({ bytes }: Piece) => looksLikeText(bytes) && hasDump(viewOf(bytes)),
    unpack: ({ bytes }: Piece, out: Yield) => {
      const joiner = new PieceJoiner(out, 'dump', 16);
      const lines = new DumpLines(joiner);
      for (const line of linesOf(viewOf(bytes))) {
        lines.add(line);
      }
      lines.end();
      joiner.flush();
    },
  };
}
