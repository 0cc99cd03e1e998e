import { Worker } from 'node:worker_threads';
import type { Logger } from '../base/log.ts';

/** Some megabytes of log: a checkpoint writes each page once, however often it was changed. */
const ROWS_BETWEEN = 2_000;
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 };

/**
 * Carries rows over from the write-ahead log of the history into its file in a thread of its own, because that waits
 * for the disk, 10 to 30 ms and more. The thread begins with the first rows that need it. Where it fails, the writer
 * does the work itself when the log is long.
 */
export class HistoryCheckpoint {
  readonly #path: string;
  readonly #log: Logger;
  #rows = 0;
  #worker: Worker | undefined;
  #running: Promise<void> | undefined;
  #done: () => void = () => undefined;
  #isOver = false;

  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
  }

  /** So many rows were written, and for the moment no more are. Resolves when nothing is carried over. */
  async written(rows: number): Promise<void> {
    this.#rows += rows;
    if (this.#rows >= ROWS_BETWEEN && this.#running === undefined && !this.#isOver) {
      this.#rows = 0;
      this.#running = this.#carryOver();
    }
    await this.#running;
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#worker?.terminate();
  }

  async #carryOver(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#done = resolve;
    this.#worker ??= this.#start();
    this.#worker.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins
    this.#worker.postMessage('checkpoint');
    await promise;
    this.#worker.unref();
    this.#running = undefined;
  }

  #start(): Worker {
    const entry = new URL('./checkpoint-worker.ts', import.meta.url);
    const worker = new Worker(entry, { workerData: this.#path, env: {}, resourceLimits: LIMITS });
    worker.on('message', () => this.#done());
    worker.on('error', (error) => this.#log.warn({ err: error }, 'the thread of the history failed'));
    worker.on('exit', () => {
      this.#isOver = true;
      this.#done();
    });
    return worker;
  }
}
