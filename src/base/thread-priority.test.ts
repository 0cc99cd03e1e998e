import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { LONE_COLLECTION } from './thread-priority.ts';

const MODULE = new URL('./thread-priority.ts', import.meta.url).href;

/** Lowers its own priority and says its number. */
const THREAD = `
  const { readlinkSync } = require('node:fs');
  const { parentPort } = require('node:worker_threads');
  import(${JSON.stringify(MODULE)}).then(({ lowerPriority }) => {
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

/** Lowers the priority of V8's threads, collects garbage in every way, and tells the niceness of all threads. */
const PROGRAM = `
  import { readdirSync, readFileSync } from 'node:fs';
  import { lowerPriorityOfRuntime } from ${JSON.stringify(MODULE)};
  lowerPriorityOfRuntime(process.execArgv);
  const kept = Array.from({ length: 200_000 }, (_, index) => ({ index }));
  gc({ type: 'minor' });
  gc();
  const kinds = { V8Worker: [], other: [], kept: kept.length };
  for (const thread of readdirSync('/proc/self/task')) {
    const stat = readFileSync('/proc/self/task/' + thread + '/stat', 'latin1');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    kinds[name === 'V8Worker' ? name : 'other'].push(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]));
  }
  console.log(JSON.stringify({ runtime: [...new Set(kinds.V8Worker)], other: [...new Set(kinds.other)] }));`;

function nicenessUnder(flags: readonly string[]): unknown {
  const args = [...flags, '--expose-gc', '--input-type=module', '-e', PROGRAM];
  return JSON.parse(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout);
}

describe("V8's own threads", () => {
  it('give way when nobody waits for them, and nobody else does', () => {
    assert.deepEqual(nicenessUnder(LONE_COLLECTION), { runtime: [15], other: [getPriority()] });
  });

  it('keep their priority when one flag is missing, because others would wait for them', () => {
    const kept = { runtime: [getPriority()], other: [getPriority()] };
    assert.deepEqual(nicenessUnder(LONE_COLLECTION.slice(1)), kept);
    assert.deepEqual(nicenessUnder([]), kept);
  });
});
