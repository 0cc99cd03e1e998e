import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import { openAll, yields } from './open-all.ts';
import { createPrefixedZlibUnpacker } from './zlib-streams.ts';

const MARKER = 'what the stream holds';
const stream = deflateSync(`${MARKER} ${'and something more of other letters '.repeat(20)}`);
const unpackers = [createPrefixedZlibUnpacker()];

async function isRead(...parts: Buffer[]): Promise<boolean> {
  return yields(await openAll(Buffer.concat(parts), { unpackers }), MARKER);
}

describe('zlib streams behind bytes of no format', () => {
  it('are read behind up to four kilobytes', async () => {
    for (const length of [1, 16, 17, 4096]) {
      assert.ok(await isRead(Buffer.alloc(length, '.'), stream), `${length}`);
    }
    assert.ok(!(await isRead(Buffer.alloc(4097, '.'), stream)));
  });

  it('are read as far as they go behind a few bytes, and only whole behind more', async () => {
    const cut = stream.subarray(0, -5);
    assert.ok(await isRead(Buffer.alloc(16, '.'), cut));
    assert.ok(!(await isRead(Buffer.alloc(17, '.'), cut)));
    assert.ok(await isRead(Buffer.alloc(17, '.'), stream, Buffer.from('and what follows')));
  });

  it('are told where they are bombs', async () => {
    const bomb = deflateSync(Buffer.alloc(2_000_000));
    const limits = { maxObjectBytes: 1_000_000 };
    const { causes } = await openAll(Buffer.concat([Buffer.alloc(100, '.'), bomb]), { unpackers, limits });
    assert.deepEqual(causes, ['bomb']);
  });
});
