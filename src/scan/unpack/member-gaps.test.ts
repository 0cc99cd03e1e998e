import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { openAll, yields } from './open-all.ts';

const MARKER = 'POSTERN-TEST';
const content = Buffer.from(`${'filler line\n'.repeat(40)}${MARKER}`);
const junk = Buffer.from('no member at all '.repeat(9));

/** Made once with `xz` and `bzip2 -9` of a text with the marker. */
const xz = Buffer.from(
  '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4ACYABtdADMaSer2xiVZOaZZ4vXtknHXPx3mYxEitKQAAAAAyfGbP1ZjhYEAATeZ' +
    'AQAAAMzBgL6xxGf7AgAAAAAEWVo=',
  'base64',
);
const otherXz = Buffer.from(
  '/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAFZmlyc3QKAAAASSUjpAqKAooAAR4GwS+kHR+2830BAAAAAARZWg==',
  'base64',
);
const bzip2 = Buffer.from(
  'QlpoOTFBWSZTWZ5+39UAACRXgAAQAAICAdwAAyQQACAAIKlQeo9IeoQAAMI1Wy7rtemsIoj4jcjCMI/F3JFOFCQnn7f1QA==',
  'base64',
);
const otherBzip2 = Buffer.from('QlpoOTFBWSZTWRPK/Y0AAADBgAAQASAcACAAIYAMAycu4u5IpwoSAnlfsaA=', 'base64');
const lz4 = Buffer.from('BCJNGGRApxkAAAB/ZmlsbGVyCgcActBQT1NURVJOLVRFU1QKAAAAAL+qxew=', 'base64');
const otherLz4 = Buffer.from('BCJNGGRApwYAAIBmaXJzdAoAAAAA/8U4Lw==', 'base64');
const skippable = Buffer.from('502a4d180400000061626364', 'hex');

/** Members with other data between them, the marked one last. */
function withGaps(gaps: number): Buffer {
  const members = Array.from({ length: gaps }, () => [gzipSync('first'), junk]).flat();
  return Buffer.concat([...members, gzipSync(content)]);
}

/** Marks that nothing follows. */
const decoys = Buffer.from('\u001f\u008b\u0008\u00ff'.repeat(300), 'latin1');

function behindOne(count: number): Buffer {
  return Buffer.concat([gzipSync('first'), Buffer.alloc(1), decoys.subarray(0, 4 * count)]);
}

describe('streams behind others', () => {
  const shapes: Record<string, Buffer> = {
    'gzip behind zeros': Buffer.concat([gzipSync('first'), Buffer.alloc(512), gzipSync(content)]),
    'gzip behind other data': Buffer.concat([gzipSync('first'), junk, gzipSync(content)]),
    'zstd behind other data': Buffer.concat([zstdCompressSync('first'), junk, zstdCompressSync(content)]),
    'zstd in a file of another kind': Buffer.concat([junk, zstdCompressSync(content)]),
    'lz4 behind other data': Buffer.concat([otherLz4, junk, lz4]),
    'lz4 behind a skippable frame': Buffer.concat([skippable, lz4]),
    'lz4 in a file of another kind': Buffer.concat([junk, lz4]),
    'xz behind other data': Buffer.concat([otherXz, junk, xz]),
    'xz behind padding of no whole word': Buffer.concat([otherXz, Buffer.alloc(7), xz]),
    'bzip2 behind other data': Buffer.concat([otherBzip2, junk, bzip2]),
  };
  for (const [shape, bytes] of Object.entries(shapes)) {
    it(`opens ${shape}`, async () => {
      const opened = await openAll(bytes);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    });
  }

  it('opens streams directly behind each other once', async () => {
    for (const bytes of [
      Buffer.concat([otherXz, Buffer.alloc(8), xz]),
      Buffer.concat([otherBzip2, bzip2]),
      Buffer.concat([gzipSync('first'), gzipSync(content)]),
    ]) {
      const opened = await openAll(bytes);
      assert.equal(opened.pieces.filter((piece) => Buffer.from(piece.bytes).includes(MARKER)).length, 1);
    }
  });

  it('searches 64 gaps of one file, and tells of further ones', async () => {
    const most = await openAll(withGaps(64));
    assert.equal(yields(most, MARKER), true);
    assert.deepEqual(most.causes, []);
    assert.deepEqual((await openAll(withGaps(65))).causes, ['bomb']);
  });

  it('tests 256 marks that are no stream, and tells of further ones', async () => {
    assert.deepEqual((await openAll(behindOne(256))).causes, []);
    assert.deepEqual((await openAll(behindOne(257))).causes, ['bomb']);
  });
});
