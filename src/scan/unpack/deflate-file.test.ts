import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { openAll, yields } from './open-all.ts';

const MARKER = 'POSTERN-TEST-MARK';
const STREAM = deflateRawSync(Buffer.from(`${MARKER} ${'and more of it, '.repeat(40)}`));

describe('a file that is nothing but a deflate stream', () => {
  it('is opened, with a checksum behind it as well', async () => {
    assert.equal(yields(await openAll(STREAM), MARKER), true);
    assert.equal(yields(await openAll(Buffer.concat([STREAM, Buffer.alloc(8)])), MARKER), true);
  });

  it('is none with other data behind it, or cut', async () => {
    for (const file of [Buffer.concat([STREAM, Buffer.alloc(9)]), STREAM.subarray(0, -9)]) {
      const opened = await openAll(file);
      assert.equal(yields(opened, MARKER), false);
      assert.deepEqual(opened.causes, []);
    }
  });

  it('is a bomb when it has no end', async () => {
    const opened = await openAll(deflateRawSync(Buffer.alloc(40_000_000)));
    assert.deepEqual(new Set(opened.causes), new Set(['bomb']));
  });
});
