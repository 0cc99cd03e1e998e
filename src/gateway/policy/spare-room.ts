import type { Patch } from '../../scan/scanner.ts';
import type { Edit } from './header-edit.ts';

/** What is looked at of one patch, and of how many: the notice is short, the padding behind it is long. */
const LOOKED_AT_BYTES = 64 * 1024;
const MAX_PATCHES = 16;

const PAD = '#';
/** Three pad characters in base64. */
const PAD_GROUP = Buffer.from(PAD.repeat(3)).toString('base64');

/**
 * Removals of exactly `bytes` bytes of padding of a substitute, in order: nothing that is read changes, no line break
 * moves, encodings stay valid. `bytes` is a multiple of 4, so that whole groups of base64 go. Undefined: too little.
 */
export function spareRoom(patches: readonly Patch[], bytes: number): Edit[] | undefined {
  const texts = patches.slice(0, MAX_PATCHES).map(({ offset, bytes: all }) => ({
    offset,
    text: Buffer.from(all.subarray(0, LOOKED_AT_BYTES)).toString('latin1'),
  }));
  return taken(texts, plainRuns, bytes) ?? taken(texts, codedRuns, bytes);
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
