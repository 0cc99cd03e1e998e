import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawnSync } from 'node:child_process';
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

/** Lowers that of V8's threads and says the niceness of all threads, with their names. */
const ENGINE = `
  const { readdirSync, readFileSync } = require('node:fs');
  import(${JSON.stringify(new URL('./thread-priority.ts', import.meta.url).href)}).then(({ lowerEnginePriority }) => {
    lowerEnginePriority();
    for (const thread of readdirSync('/proc/self/task')) {
      console.log(readFileSync('/proc/self/task/' + thread + '/stat', 'latin1').trim());
    }
  });`;

/** As `proc_pid_stat(5)` counts, the 19th: the name before may hold anything but what closes it last. */
function nicenessIn(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
}

function nicenessOf(thread: string): number {
  return nicenessIn(readFileSync(`/proc/self/task/${thread}/stat`, 'latin1'));
}

function isEngine(stat: string): boolean {
  return stat.includes('(V8Worker)');
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

  it('is given to all threads of the engine, and to no other one', () => {
    const { stdout } = spawnSync(process.execPath, ['-e', ENGINE], { encoding: 'utf8' });
    const lines = stdout.trim().split('\n');
    const own = getPriority();
    assert.deepEqual(new Set(lines.filter(isEngine).map(nicenessIn)), new Set([Math.min(19, own + 5)]));
    assert.deepEqual(new Set(lines.filter((line) => !isEngine(line)).map(nicenessIn)), new Set([own]));
  });
});
