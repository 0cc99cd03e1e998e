import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock, type Clock } from './clock.ts';
import { Lifecycle, type Part } from './lifecycle.ts';

function recorder() {
  const events: string[] = [];
  const part = (name: string, more: Partial<Part> = {}): Part => ({
    name,
    start: async () => void events.push(`start ${name}`),
    stop: async () => void events.push(`stop ${name}`),
    ...more,
  });
  return { events, part };
}

/** Time that jumps to the deadline as soon as somebody waits for it. */
function impatientClock(): Clock {
  let now = 0;
  return {
    ...systemClock,
    monotonic: () => now,
    after: (delayMs, task) => {
      const immediate = setImmediate(() => {
        now += delayMs;
        task();
      });
      return () => clearImmediate(immediate);
    },
  };
}

const never = () => new Promise<void>(() => undefined);
const fail = () => Promise.reject(new Error('no'));

describe('Lifecycle', () => {
  it('starts in order and stops in reverse', async () => {
    const { events, part } = recorder();
    const lifecycle = new Lifecycle([part('a'), part('b'), { name: 'silent' }], { stopDeadlineMs: 1_000 });
    await lifecycle.start();
    assert.equal(await lifecycle.stop(), true);
    assert.deepEqual(events, ['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stops what had started when a later part does not, and says why', async () => {
    const { events, part } = recorder();
    const lifecycle = new Lifecycle([part('a'), part('b', { start: fail }), part('c')], {
      stopDeadlineMs: 1_000,
    });
    await assert.rejects(lifecycle.start(), /^Error: no$/u);
    assert.deepEqual(events, ['start a', 'stop a']);
  });

  it('stops the others when one fails, and only once however often it is asked', async () => {
    const { events, part } = recorder();
    const lifecycle = new Lifecycle([part('a'), part('b', { stop: fail })], { stopDeadlineMs: 1_000 });
    await lifecycle.start();
    assert.deepEqual(await Promise.all([lifecycle.stop(), lifecycle.stop()]), [false, false]);
    assert.deepEqual(events, ['start a', 'start b', 'stop a']);
  });

  it('has one deadline for all: what hangs uses it up, the rest is still told', async () => {
    const { events, part } = recorder();
    const remaining: number[] = [];
    const last = part('a', { stop: async (ms) => void remaining.push(ms) });
    const clock = impatientClock();
    const lifecycle = new Lifecycle([last, part('b', { stop: never })], { stopDeadlineMs: 5_000, clock });
    await lifecycle.start();
    assert.equal(await lifecycle.stop(), false);
    assert.deepEqual(remaining, [0]);
    assert.deepEqual(events, ['start a', 'start b']);
  });
});
