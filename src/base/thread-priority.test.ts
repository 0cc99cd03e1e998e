import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { getPriority } from 'node:os';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';

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

  it("includes V8's own, and leaves the others as they are", () => {
    const program = `
      import { readdirSync, readFileSync } from 'node:fs';
      import { lowerPriorityOfRuntime } from ${JSON.stringify(MODULE)};
      lowerPriorityOfRuntime();
      const kinds = { V8Worker: [], other: [] };
      for (const thread of readdirSync('/proc/self/task')) {
        const stat = readFileSync('/proc/self/task/' + thread + '/stat', 'latin1');
        const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
        kinds[name === 'V8Worker' ? name : 'other'].push(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]));
      }
      console.log(JSON.stringify({ lowered: [...new Set(kinds.V8Worker)], kept: [...new Set(kinds.other)] }));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    assert.deepEqual(JSON.parse(stdout), { lowered: [15], kept: [getPriority()] });
  });
});
