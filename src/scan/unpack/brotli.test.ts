import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { Budget } from '../budget.ts';
import { createBrotliUnpacker, MAX_TRIAL_BYTES } from './brotli.ts';
import { TEST_LIMITS } from './open-all.ts';

const STREAM = brotliCompressSync(Buffer.from('some words that are no others, and more of them than a few'));
const unpacker = createBrotliUnpacker();

function attached(bytes: Buffer, type = 'application/octet-stream') {
  return { path: '2', bytes, depth: 0, type };
}

/** What comes out of an attachment without a name, and what is said of it. */
async function opened(bytes: Buffer): Promise<string[]> {
  const seen: string[] = [];
  await unpacker.unpack(attached(bytes), {
    budget: new Budget(TEST_LIMITS, () => 0),
    emit: (_, content) => seen.push(Buffer.from(content).toString()),
    cannot: (cause) => seen.push(cause),
    passwords: () => [],
  });
  return seen;
}

describe('brotli without a name for it', () => {
  it('is tried in attachments that do not say what they are, up to a size', () => {
    const filled = (length: number): Buffer => Buffer.concat([STREAM, Buffer.alloc(length - STREAM.length)]);
    assert.equal(unpacker.recognises(attached(filled(MAX_TRIAL_BYTES))), true);
    assert.equal(unpacker.recognises(attached(filled(MAX_TRIAL_BYTES + 1))), false);
    assert.equal(unpacker.recognises(attached(STREAM, 'image/png')), false);
    assert.equal(unpacker.recognises({ ...attached(STREAM), depth: 1 }), false);
    assert.equal(unpacker.recognises(attached(Buffer.alloc(100, 0xff))), false);
  });

  it('is opened when it is a stream to its end, and nothing otherwise', async () => {
    assert.equal((await opened(STREAM)).length, 1);
    assert.deepEqual(await opened(STREAM.subarray(0, -3)), []);
    assert.deepEqual(await opened(Buffer.concat([STREAM, Buffer.alloc(1)])), []);
    assert.deepEqual(await opened(brotliCompressSync(Buffer.alloc(40_000_000))), ['bomb']);
  });
});
