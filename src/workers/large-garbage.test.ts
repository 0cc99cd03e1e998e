import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { bytesBetween, LARGE_BYTES, LargeGarbage } from './large-garbage.ts';

const SOURCE = new URL('large-garbage.ts', import.meta.url).href;
const COLLECT_BYTES = bytesBetween(16);

/** `memory.bytes` is what the runtime would say; a collection leaves `memory.live`. */
function counting(between = COLLECT_BYTES) {
  const memory = { bytes: 1_000, live: 1_000, opened: 0, collected: 0 };
  const collect = (): void => {
    memory.collected += 1;
    memory.bytes = memory.live;
  };
  const open = () => {
    memory.opened += 1;
    return collect;
  };
  return { memory, garbage: new LargeGarbage(between, { measure: () => memory.bytes, open }) };
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
    const { garbage, memory } = counting();
    memory.bytes += COLLECT_BYTES - 1;
    garbage.after(LARGE_BYTES);
    assert.equal(memory.collected, 0);
    memory.bytes += 1;
    garbage.after(LARGE_BYTES);
    assert.equal(memory.collected, 1);
    memory.bytes += COLLECT_BYTES;
    garbage.after(LARGE_BYTES);
    assert.equal(memory.collected, 2);
  });

  it('is that of large contents only', () => {
    const { garbage, memory } = counting();
    memory.bytes += COLLECT_BYTES;
    garbage.after(LARGE_BYTES - 1);
    assert.deepEqual([memory.opened, memory.collected], [0, 0]);
    garbage.after(LARGE_BYTES);
    assert.deepEqual([memory.opened, memory.collected], [1, 1]);
  });

  it('is not looked for where large contents left nothing', () => {
    const { garbage, memory } = counting();
    for (let count = 0; count < 100; count += 1) garbage.after(COLLECT_BYTES);
    assert.equal(memory.opened, 0);
  });

  it('is what is above the least that was seen, because a collection may give back late', () => {
    const { garbage, memory } = counting();
    memory.live = COLLECT_BYTES;
    memory.bytes = 2 * COLLECT_BYTES;
    garbage.after(LARGE_BYTES);
    assert.equal(memory.collected, 1);
    memory.bytes = memory.live = 1_000;
    garbage.after(LARGE_BYTES);
    memory.bytes += COLLECT_BYTES;
    garbage.after(LARGE_BYTES);
    assert.equal(memory.collected, 2);
  });

  it('is given back by the runtime', async () => {
    const garbage = new LargeGarbage(COLLECT_BYTES);
    const message = new WeakRef(Buffer.alloc(3 * COLLECT_BYTES));
    await setImmediate();
    garbage.after(COLLECT_BYTES);
    assert.ok(message.deref() === undefined);
  });

  it('is measured in buffers and in long strings', async () => {
    // A thread of its own: what other tests left may be collected in between.
    const program = `const { parentPort } = await import('node:worker_threads');
      const { LARGE_BYTES, largeMemory } = await import(${JSON.stringify(SOURCE)});
      const before = largeMemory();
      const buffer = Buffer.alloc(LARGE_BYTES, 'x');
      const afterBuffer = largeMemory();
      const text = buffer.toString('latin1');
      parentPort.postMessage([afterBuffer - before, largeMemory() - afterBuffer, buffer.length + text.length]);`;
    const worker = new Worker(program, { eval: true });
    const [[buffer, text]] = await once(worker, 'message');
    assert.ok(buffer >= LARGE_BYTES && buffer < 1.5 * LARGE_BYTES, `${buffer}`);
    assert.ok(text >= LARGE_BYTES && text < 1.5 * LARGE_BYTES, `${text}`);
  });

  it('is asked for again when it could not be collected', () => {
    let asked = 0;
    let bytes = 0;
    const garbage = new LargeGarbage(LARGE_BYTES, { measure: () => bytes, open: () => void (asked += 1) });
    bytes = LARGE_BYTES;
    garbage.after(LARGE_BYTES);
    garbage.after(LARGE_BYTES);
    assert.equal(asked, 2);
  });

  it('never fails the scan that left it, however many threads begin at once', async () => {
    const program = `const { LARGE_BYTES, LargeGarbage } = await import(${JSON.stringify(SOURCE)});
      for (let count = 0; count < 50; count += 1) new LargeGarbage(0).after(LARGE_BYTES);`;
    const threads = Array.from({ length: 4 }, () => new Worker(program, { eval: true }));
    const codes = await Promise.all(threads.map(async (thread) => await once(thread, 'exit')));
    assert.deepEqual(codes.flat(), [0, 0, 0, 0]);
  });
});
