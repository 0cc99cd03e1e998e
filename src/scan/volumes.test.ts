import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ContentKey } from './content-key.ts';
import { PieceLedger } from './piece-ledger.ts';
import { Volumes } from './volumes.ts';

const ledger = new PieceLedger();

function note(volumes: Volumes, name: string, bytes: Buffer): void {
  const { record } = ledger.note(ContentKey.of(bytes), { range: undefined });
  const piece = { path: '2', name, bytes, depth: 0 };
  const how = { isRead: false, mimeDepth: 0, part: '2', isSpelled: false, isRenamed: false };
  volumes.note({ piece, record, ...how }, piece);
}

function joined(...parts: readonly (readonly [name: string, text: string | Buffer])[]): string[] {
  const volumes = new Volumes();
  for (const [name, text] of parts) {
    note(volumes, name, Buffer.from(text));
  }
  return volumes.joined().map(({ piece }) => `${piece.name}: ${Buffer.from(piece.bytes).toString('latin1')}`);
}

/** The end of a zip archive that is the part with this number, counted from zero. */
function last(disk: number): Buffer {
  return Buffer.concat([Buffer.from('PK\u0005\u0006'), Buffer.from([disk]), Buffer.alloc(17)]);
}

function parts(count: number): (readonly [string, string])[] {
  return Array.from({ length: count }, (_, at) => [`a.7z.${String(at + 1).padStart(3, '0')}`, 'A'] as const);
}

describe('parts of a file', () => {
  it('are joined by their numbers, in whatever order they come', () => {
    assert.deepEqual(joined(['a.7z.002', 'B'], ['A.7z.001', 'A'], ['b.7z.001', 'C']), ['a.7z: AB']);
  });

  it('are not joined while one is missing', () => {
    assert.deepEqual(joined(['a.7z.001', 'A'], ['a.7z.003', 'C']), []);
    assert.deepEqual(joined(['a.7z.001', 'A']), []);
    assert.deepEqual(joined(['a.z01', 'A'], ['a.z02', 'B']), []);
  });

  it('of a spanned zip archive end with the one that says so', () => {
    assert.equal(joined(['a.zip', last(1)], ['a.z01', 'A'])[0]?.startsWith('a.zip: APK'), true);
    assert.deepEqual(joined(['a.zip', last(0)], ['a.z01', 'A']), []);
  });

  it('are 64 at most', () => {
    assert.deepEqual(joined(...parts(64)), [`a.7z: ${'A'.repeat(64)}`]);
    assert.deepEqual(joined(...parts(65)), [`a.7z: ${'A'.repeat(64)}`]);
  });
});
