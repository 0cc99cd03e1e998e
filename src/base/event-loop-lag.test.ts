import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { it } from 'node:test';
import { systemClock } from './clock.ts';
import { watchEventLoopLag } from './event-loop-lag.ts';

it('writes how long the event loop was held up, in seconds, until it is ended', async () => {
  const written: number[] = [];
  const due: (() => void)[] = [];
  let cancelled = 0;
  const clock = {
    ...systemClock,
    after: (_: number, task: () => void) => {
      due.push(task);
      return () => {
        cancelled += 1;
      };
    },
  };
  const end = watchEventLoopLag({ set: (seconds) => written.push(seconds) }, clock);
  due.shift()?.(); // nothing was measured yet
  assert.deepEqual(written, [0]);
  const deadline = Date.now() + 20_000;
  while ((written.at(-1) ?? 0) < 0.04 && Date.now() < deadline) {
    for (let turn = 0; turn < 3; turn += 1) {
      const busyUntil = performance.now() + 60;
      while (performance.now() < busyUntil);
      await nextTurn();
    }
    due.shift()?.();
  }
  assert.ok((written.at(-1) ?? 0) >= 0.04 && (written.at(-1) ?? 0) < 20, String(written));
  end();
  assert.equal(cancelled, 1);
});
