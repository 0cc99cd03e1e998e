import type { Patch } from '../../scan/scanner.ts';
import type { Edit } from './header-edit.ts';

/** What is looked at of one patch, and of how many: the notice is short, the padding behind it is long. */
const LOOKED_AT_BYTES = 64 * 1024;
const MAX_PATCHES = 16;

const PAD = '#';
/** Three pad characters in base64. */
const PAD_GROUP = Buffer.from(PAD.repeat(3)).toString('base64');

/**
 * Removals of exactly `bytes` bytes of a substitute, in order: of its padding when that is enough, so that nothing
 * changes that is read; otherwise of the ends of its lines, which cuts the notice short. No line break moves, encodings
 * stay valid. `bytes` is a multiple of 4, so that whole groups of base64 go. Undefined: too little.
 */
export function spareRoom(patches: readonly Patch[], bytes: number): Edit[] | undefined {
  const texts = patches.slice(0, MAX_PATCHES).map(({ offset, bytes: all }) => ({
    offset,
    text: Buffer.from(all.subarray(0, LOOKED_AT_BYTES)).toString('latin1'),
  }));
  return taken(texts, plainRuns, bytes) ?? taken(texts, codedRuns, bytes) ?? takenFromEnd(texts, bytes);
}

interface Text {
  readonly offset: number;
  readonly text: string;
}

/** The first character of a run stays: it may keep a dot or a dash from the start of its line. */
function* plainRuns({ text }: Text): Generator<readonly [at: number, length: number]> {
  for (const run of text.matchAll(/#{2,}/gu)) yield [run.index + 1, run[0].length - 1];
}

/** The first group of a run stays, and what is not a whole group. */
function* codedRuns({ text }: Text): Generator<readonly [at: number, length: number]> {
  const runs = new RegExp(`(?:${PAD_GROUP}){2,}`, 'gu');
  for (const run of text.matchAll(runs))
    yield [run.index + PAD_GROUP.length, run[0].length - PAD_GROUP.length];
}

function taken(
  texts: readonly Text[],
  runsOf: (text: Text) => Iterable<readonly [at: number, length: number]>,
  bytes: number,
): Edit[] | undefined {
  const edits: Edit[] = [];
  let left = bytes;
  for (const text of texts) {
    for (const [at, length] of runsOf(text)) {
      if (left === 0) return edits;
      const remove = Math.min(left, length);
      edits.push({ offset: text.offset + at, remove, insert: '' });
      left -= remove;
    }
  }
  return left === 0 ? edits : undefined;
}

/** The last lines first, because the notice begins with what matters. */
function takenFromEnd(texts: readonly Text[], bytes: number): Edit[] | undefined {
  const edits: Edit[] = [];
  let left = bytes;
  for (const { offset, text } of texts.toReversed()) {
    for (const line of [...text.matchAll(/[^\r\n]+/gu)].toReversed()) {
      if (left === 0) break;
      const { end, remove } = tailOf(line[0], left);
      if (remove > 0) edits.push({ offset: offset + line.index + end - remove, remove, insert: '' });
      left -= remove;
    }
  }
  return left === 0 ? edits.toReversed() : undefined;
}

/**
 * Bytes that may go at the end of a line, before its `=`: groups of 4, never all, none of an encoded character, no blank
 * laid bare.
 */
function tailOf(line: string, atMost: number): { readonly end: number; readonly remove: number } {
  const end = beforeEquals(line);
  const last = line.lastIndexOf('=', end - 1);
  const begin = last === -1 || end === 0 ? 0 : last + '=HH'.length;
  let remove = Math.min(atMost, Math.floor(Math.max(0, end - begin - 1) / 4) * 4);
  while (remove > 0 && line[end - remove - 1] === ' ') remove -= 4;
  return { end, remove: Math.max(0, remove) };
}

/** Where the padding of base64 or the soft break of quoted-printable begins. */
function beforeEquals(line: string): number {
  let end = line.trimEnd().length;
  while (line[end - 1] === '=') end -= 1;
  return line[end] === '=' ? end : line.length;
}
