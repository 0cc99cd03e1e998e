import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget } from '../budget.ts';
import type { Piece } from '../piece.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import { createDigestEngine } from './digest-engine.ts';
import { MAX_DIGESTS, parseDigestLists } from './digest-list.ts';
import { DigestTable } from './digest-table.ts';

const A = 'A'.repeat(64);
const digestOf = (i: number): string => i.toString(16).padStart(64, '0');

function tableOf(...sources: readonly string[]): DigestTable {
  const parsed = parseDigestLists(sources.map((source, i) => ({ path: `${i}.txt`, source })));
  assert.equal(parsed.kind, 'parsed');
  return parsed.table;
}

function problemsOf(source: string): readonly string[] {
  const parsed = parseDigestLists([{ path: 'deny.txt', source }]);
  assert.equal(parsed.kind, 'refused');
  return parsed.problems.map(({ path, line, message }) => `${path}:${line}: ${message}`);
}

describe('digest lists', () => {
  it('read one digest a line with an optional name, and the output of sha256sum', () => {
    const table = tableOf(`# bad\r\n${A}\r\n\r\n${'b'.repeat(64)}  *bad file.exe\n`, 'c'.repeat(64));
    assert.equal(table.count, 3);
    assert.equal(table.get('a'.repeat(64)), '');
    assert.equal(table.get('b'.repeat(64)), 'bad file.exe');
    assert.ok(table.has('c'.repeat(64)));
    assert.ok(!table.has('d'.repeat(64)));
  });

  it('name file and line of what is no digest', () => {
    assert.deepEqual(problemsOf(`${A}\nabc\n${A}0\n`), [
      'deny.txt:2: not a SHA-256 digest of 64 hexadecimal digits',
      'deny.txt:3: not a SHA-256 digest of 64 hexadecimal digits',
    ]);
  });

  it('are refused when they are one entry too long', () => {
    const full = Array.from({ length: MAX_DIGESTS }, (_, i) => digestOf(i)).join('\n');
    assert.equal(tableOf(full).count, MAX_DIGESTS);
    assert.match(problemsOf(`${full}\n${digestOf(MAX_DIGESTS)}`)[0] ?? '', /more than/);
  });
});

describe('digest table', () => {
  it('finds every entry, first and last, and is the same in another thread', () => {
    const entries = Array.from({ length: 1_000 }, (_, i) => [digestOf(i * 7_919), `n${i}`] as const);
    const table = new DigestTable(DigestTable.from(new Map(entries)).memory);
    assert.deepEqual(
      entries.map(([digest]) => table.get(digest)),
      entries.map(([, name]) => name),
    );
    assert.ok(!table.has(digestOf(3)) && !table.has('f'.repeat(64)) && !table.has(''));
  });

  it('finds nothing when it is empty', () => {
    assert.ok(!DigestTable.from(new Map()).has(digestOf(0)));
  });
});

describe('digest engine', () => {
  it('reports a denied piece as malicious under the name in the list', async () => {
    const engine = createDigestEngine(new Map([['a'.repeat(64), 'bad file.exe']]));
    const piece: Piece = { path: '2/x', bytes: Buffer.from('x'), depth: 1 };
    const budget = new Budget(TEST_LIMITS, () => 0);
    const [finding] = await engine.inspect(piece, 'a'.repeat(64), budget);
    assert.equal(finding?.class, 'malicious');
    assert.equal(finding?.rule, 'bad_file.exe');
    assert.deepEqual(await engine.inspect(piece, 'b'.repeat(64), budget), []);
  });
});
