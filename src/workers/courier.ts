import { parentPort, workerData } from 'node:worker_threads';
import type { Notice, Order } from './courier-words.ts';
import { LocalPool } from './local-pool.ts';
import type { PoolSpec } from './thread-pool.ts';

// The composition root of the thread between the sessions and those that scan: it only passes on.
const spec: PoolSpec = workerData;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins
const say = (notice: Notice<unknown>): void => parentPort?.postMessage(notice);
// A thread that ends is told before it is no longer counted.
const tell = (): void => queueMicrotask(() => say({ kind: 'changed', state: pool.state }));
const pool = new LocalPool<unknown, unknown>(spec, tell);
const running = new Map<number, AbortController>();

async function run(id: number, job: unknown): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  const end = await pool.run(job, controller.signal);
  running.delete(id);
  say({ kind: 'ended', id, end, state: pool.state });
}

parentPort?.on('message', (order: Order<unknown>) => {
  if (order.kind === 'run') {
    void run(order.id, order.job);
  } else if (order.kind === 'abort') {
    running.get(order.id)?.abort();
  } else {
    void pool.destroy().then(() => parentPort?.close());
  }
});
