import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Piece } from './piece.ts';
import { createPipeline } from './pipeline.ts';
import { ReadingAllowance, withReadings } from './reading-allowance.ts';
import { TEST_LIMITS } from './test-limits.ts';
import { createUnpackers } from './unpack/index.ts';

const MIB = 1024 * 1024;

/** As people write them: assignments that look like escapes of quoted-printable, quotes in quotes, a here document. */
const SCRIPT = String.raw`
  fail "error: the '$name' option needs a value in 'backup run $verb'."
  list="$(echo "$SPEC" | getopt --long -- "$@" || echo exit $?)"
  eval "$list"
  with_addition=
  note1=$(printf "note: this may be a folder, give its files one by one:")
  note2=$(printf "note:    backup <folder> $file")
  text=$(printf "$text\n$note1\n$note2")
  show -1 --format='%an%n%ae%n%aD%n%cn%n%ce%n%cD%n%B' "$1" |
  message="$with_addition_message"
  message="Added '$dir/' from '$newest'"
  echo "$message"
  cat <<-EOF
  message="Split '$dir/' into '$newest'"
`;

function isSpentAfter(length: number, bytes: number): boolean {
  const readings = new ReadingAllowance(length);
  readings.spend(bytes);
  return readings.isSpent;
}

/** Bytes of all that is matched when the text is scanned. */
async function readOf(text: string): Promise<number> {
  let read = 0;
  const counter = {
    name: 'counter',
    inspect: ({ bytes }: { readonly bytes: Uint8Array }) => {
      read += bytes.length;
      return [];
    },
  };
  const pipeline = createPipeline({
    engines: [counter],
    unpackers: createUnpackers(),
    limits: { ...TEST_LIMITS, timeMs: 600_000 },
    now: () => performance.now(),
  });
  const { verdict } = await pipeline.scan(Buffer.from(`Subject: a\r\n\r\n${text}`), 'message');
  assert.equal(verdict.kind, 'clean');
  return read;
}

describe('the spellings of one text', () => {
  it('add up to 1 MiB, or to 16 times the text', () => {
    assert.equal(isSpentAfter(1000, MIB - 1), false);
    assert.equal(isSpentAfter(1000, MIB), true);
    assert.equal(isSpentAfter(MIB, 16 * MIB - 1), false);
    assert.equal(isSpentAfter(MIB, 16 * MIB), true);
  });

  it('share what is left for it', () => {
    const piece: Piece = { path: '1', bytes: Buffer.from('text'), depth: 0 };
    const first = withReadings(piece);
    assert.notEqual(first.readings, undefined);
    assert.equal(withReadings({ ...first, path: '1/other' }).readings, first.readings);
    assert.notEqual(withReadings(piece).readings, first.readings);
  });

  it('are few in all where each decoder finds something in what the others make of a text', async () => {
    const read = await readOf(SCRIPT.repeat(40));
    assert.ok(read < 1.5 * MIB, `${read}`);
  });
});
