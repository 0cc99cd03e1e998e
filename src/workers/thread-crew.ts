import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { DistantPool } from './distant-pool.ts';
import { LocalPool } from './local-pool.ts';
import type { PoolSpec, TaskEnd, ThreadPool } from './thread-pool.ts';

/** Start-up of a thread, milliseconds: loading code and rules. A thread that needs longer is broken. */
export const START_TIMEOUT_MS = 60_000;
export interface CrewOptions {
  /** Module whose default export takes a job and returns an `Answer`. */
  readonly entry: URL;
  readonly threads: number;
  /** Heap of one thread, MB. Memory of buffers and native code is not counted. */
  readonly heapMb: number;
  readonly data: unknown;
  readonly clock: Clock;
  /** Threads of a lower priority, which must not be waited for: there is a courier between. Default: there is none. */
  readonly isDistant?: boolean;
}

/**
 * Hostile content is decoded there, so nothing of our environment goes along but what test coverage needs, and
 * where compiled code lies: with that a thread starts in half the time.
 */
function workerEnvironment(): Record<string, string> {
  const coverage = process.env['NODE_V8_COVERAGE'];
  const compiled = getCompileCacheDir(); // below the folder that was named, one for each Node and user
  return {
    ...(coverage !== undefined && { NODE_V8_COVERAGE: coverage }),
    ...(compiled !== undefined && { NODE_COMPILE_CACHE: dirname(compiled) }),
  };
}

/**
 * Threads that do one kind of job. One task for each thread at a time; a task that runs past its time is let go
 * and its thread replaced, because nothing else stops a thread that does not come back. Native code runs on until
 * its own timeout even then.
 */
export class ThreadCrew<J, R> {
  readonly threads: number;
  readonly #pool: ThreadPool<J, R>;
  readonly #clock: Clock;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor({ entry, threads, heapMb, data, clock, isDistant = false }: CrewOptions) {
    this.threads = threads;
    this.#clock = clock;
    const spec: PoolSpec = { entry: entry.href, threads, heapMb, data, env: workerEnvironment() };
    // A replacement that does not start is not replaced by itself: who waits for it has to ask.
    const onChange = (): void => this.#waiting.shift()?.();
    this.#pool = isDistant ? new DistantPool(spec, onChange) : new LocalPool(spec, onChange);
  }

  /** Runs one job; `timeoutMs` counts from the moment that a started thread takes it. Never rejects. */
  async run(job: J, timeoutMs: number): Promise<TaskEnd<R>> {
    await this.#freeThread();
    this.#running += 1;
    const controller = new AbortController();
    const cancel = this.#clock.after(timeoutMs, () => controller.abort());
    const end = await this.#pool.run(job, controller.signal);
    cancel();
    this.#running -= 1;
    this.#waiting.shift()?.();
    return end.kind === 'failed' && controller.signal.aborted
      ? { kind: 'failed', cause: 'timeout', detail: `no answer within ${timeoutMs} ms` }
      : end;
  }

  /** Ends all threads; what still runs there is answered as crashed. */
  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }

  /**
   * Waits for a replacement to start, so that its start is not taken for a slow scan. Bounded; and when no
   * thread is starting the task goes on at once, because handing it over is what makes the pool start one.
   */
  async #freeThread(): Promise<void> {
    while (this.#isBusy()) {
      if (await this.#waitedInVain()) {
        return;
      }
    }
  }

  /** All threads that started have work, and those that are missing are starting. */
  #isBusy(): boolean {
    const { alive, started } = this.#pool.state;
    return this.#running >= started && alive >= this.threads;
  }

  async #waitedInVain(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const wake = (): void => resolve(false);
    this.#waiting.push(wake);
    const cancel = this.#clock.after(START_TIMEOUT_MS, () => {
      this.#waiting.splice(this.#waiting.indexOf(wake), 1);
      resolve(true);
    });
    const isVain = await promise;
    cancel();
    return isVain;
  }
}
