import type { Piece } from '../piece.ts';
import { viewOf } from './byte-view.ts';
import { inflateZlib } from './decompress.ts';
import { emitStream, withoutMalformed } from './emission.ts';
import type { MarkIndex } from './mark-search.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** Files in patches of git (`git diff --binary`): compressed, then in base 85, a letter for the length of each line. */

const PATCH = 'GIT binary patch';
const LITERAL = Buffer.from('\nliteral ');
/** Whole files of one text; what is told as a difference needs the file before it. */
export const MAX_FILES = 100;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~';
const NONE = 85;
const VALUES = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = ALPHABET.indexOf(String.fromCharCode(byte));
  return value < 0 ? NONE : value;
});
/** Letters that stand for four bytes. */
const GROUP = 5;
const GROUP_BYTES = 4;
const LF = 0x0a;
const CR = 0x0d;
const CAPITAL = 0x41;
const SMALL = 0x61;
const LETTERS = 26;

/** How many bytes a line holds, by its first letter; zero when it is none of a file. */
function bytesOn(letter: number): number {
  if (letter >= SMALL && letter < SMALL + LETTERS) {
    return letter - SMALL + LETTERS + 1;
  }
  return letter >= CAPITAL && letter < CAPITAL + LETTERS ? letter - CAPITAL + 1 : 0;
}

/** The number that five letters stand for, or -1. */
function groupAt(view: Buffer, at: number): number {
  let value = 0;
  for (let place = at; place < at + GROUP; place += 1) {
    const digit = VALUES[view[place] ?? 0] ?? NONE;
    if (digit === NONE) {
      return -1;
    }
    value = value * NONE + digit;
  }
  return value;
}

/** Decodes the files of one text, all into the same memory: each is inflated before the next is read. */
class PatchReader {
  readonly #view: Buffer;
  readonly #out: Buffer;

  constructor(view: Buffer) {
    this.#view = view;
    this.#out = Buffer.allocUnsafe(view.length);
  }

  /** The compressed file whose lines begin at `start`, and where it ends. */
  read(start: number): { readonly data: Buffer; readonly end: number } {
    let length = 0;
    for (let at = start; ;) {
      const found = this.#view.indexOf(LF, at);
      const end = found < 0 ? this.#view.length : found;
      const count = this.#line(at, this.#view[end - 1] === CR ? end - 1 : end, length);
      if (count === 0 || found < 0) {
        return { data: this.#out.subarray(0, length + count), end: at - 1 };
      }
      length += count;
      at = end + 1;
    }
  }

  /** Decodes the line in `[at, end)` to `to`; how many bytes it held. */
  #line(at: number, end: number, to: number): number {
    const count = bytesOn(this.#view[at] ?? 0);
    const groups = Math.ceil(count / GROUP_BYTES);
    if (count === 0 || end - at - 1 !== groups * GROUP) {
      return 0;
    }
    for (let index = 0; index < groups; index += 1) {
      const value = groupAt(this.#view, at + 1 + index * GROUP);
      if (value < 0) {
        return 0;
      }
      for (let place = 0; place < GROUP_BYTES; place += 1) {
        this.#out[to + index * GROUP_BYTES + place] = (value / 2 ** (24 - 8 * place)) & 0xff;
      }
    }
    return count;
  }
}

function unpackPatch({ bytes }: Piece, out: Yield): void {
  const view = viewOf(bytes);
  const reader = new PatchReader(view);
  let files = 0;
  for (let at = view.indexOf(LITERAL, view.indexOf(PATCH)); at >= 0;) {
    files += 1;
    if (files > MAX_FILES) {
      out.cannot('bomb', `more than ${MAX_FILES} files in patches of one text`);
      return;
    }
    out.budget.checkTime();
    const line = view.indexOf(LF, at + LITERAL.length);
    const { data, end } = reader.read(line < 0 ? view.length : line + 1);
    if (data.length > 0) {
      const file = inflateZlib(Buffer.from(data), out.budget.objectAllowance());
      emitStream(withoutMalformed(out), 'patch', file, 'a file in a patch');
    }
    at = view.indexOf(LITERAL, Math.max(end, at + LITERAL.length));
  }
}

export function createGitPatchUnpacker(marks: MarkIndex): Unpacker {
  const patch = marks.add(Buffer.from(PATCH));
  return {
    name: 'git-patch',
    recognises: ({ bytes }: Piece) => patch(bytes) >= 0,
    unpack: unpackPatch,
  };
}
