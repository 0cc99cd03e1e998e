import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';

/** Lowers its own priority and says its number. */
const THREAD = `
  const { readlinkSync } = require('node:fs');
  const { parentPort } = require('node:worker_threads');
  import(${JSON.stringify(new URL('./thread-priority.ts', import.meta.url).href)}).then(({ lowerPriority }) => {
    lowerPriority();
    parentPort.once('message', () => undefined);
    parentPort.postMessage(readlinkSync('/proc/thread-self').split('/').at(-1));
  });`;

/** As `proc_pid_stat(5)` counts, the 19th: the name before may hold anything but what closes it last. */
function nicenessOf(thread: string): number {
  const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
}

describe('a thread of lower priority', () => {
  it('gives way to the threads that serve, which keep theirs', async () => {
    const before = getPriority();
    const worker = new Worker(THREAD, { eval: true });
    const [thread] = await once(worker, 'message');
    assert.equal(nicenessOf(String(thread)), 15);
    assert.equal(nicenessOf(String(process.pid)), before);
    await worker.terminate();
  });
});
