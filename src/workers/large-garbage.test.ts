import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { bytesBetween, LARGE_BYTES, LargeGarbage } from './large-garbage.ts';

const COLLECT_BYTES = bytesBetween(16);

function counting(): { garbage: LargeGarbage; opened: () => number; collected: () => number } {
  let opened = 0;
  let collected = 0;
  const open = () => {
    opened += 1;
    return () => void (collected += 1);
  };
  return { garbage: new LargeGarbage(COLLECT_BYTES, open), opened: () => opened, collected: () => collected };
}

describe('garbage of large messages', () => {
  it('is collected the more often the more threads there are, up to a limit', () => {
    const mib = 1024 * 1024;
    assert.deepEqual(
      [0, 1, 2, 4, 16, 17, 24].map((threads) => bytesBetween(threads) / mib),
      [256, 256, 128, 64, 16, 16, 16],
    );
  });

  it('is collected once there is enough of it', () => {
    const { garbage, collected } = counting();
    garbage.after(COLLECT_BYTES - 1);
    assert.equal(collected(), 0);
    garbage.after(LARGE_BYTES);
    assert.equal(collected(), 1);
    garbage.after(COLLECT_BYTES);
    assert.equal(collected(), 2);
  });

  it('is that of large messages only', () => {
    const { garbage, opened, collected } = counting();
    for (let count = 0; count <= COLLECT_BYTES / LARGE_BYTES; count += 1) garbage.after(LARGE_BYTES - 1);
    assert.equal(opened(), 0);
    for (let count = 0; count < COLLECT_BYTES / LARGE_BYTES; count += 1) garbage.after(LARGE_BYTES);
    assert.equal(collected(), 1);
  });

  it('is given back by the runtime', async () => {
    const garbage = new LargeGarbage(COLLECT_BYTES);
    const message = new WeakRef(Buffer.alloc(COLLECT_BYTES));
    await setImmediate();
    garbage.after(COLLECT_BYTES);
    assert.equal(message.deref(), undefined);
  });

  it('is asked for again when it could not be collected', () => {
    let asked = 0;
    const garbage = new LargeGarbage(LARGE_BYTES, () => void (asked += 1));
    garbage.after(LARGE_BYTES);
    garbage.after(LARGE_BYTES);
    assert.equal(asked, 2);
  });

  it('never fails the scan that left it, however many threads begin at once', async () => {
    const source = new URL('large-garbage.ts', import.meta.url).href;
    const program = `const { LARGE_BYTES, LargeGarbage } = await import(${JSON.stringify(source)});
      for (let count = 0; count < 50; count += 1) new LargeGarbage(LARGE_BYTES).after(LARGE_BYTES);`;
    const threads = Array.from({ length: 4 }, () => new Worker(program, { eval: true }));
    const codes = await Promise.all(threads.map(async (thread) => await once(thread, 'exit')));
    assert.deepEqual(codes.flat(), [0, 0, 0, 0]);
  });
});
