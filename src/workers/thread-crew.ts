import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { Clock } from '../base/clock.ts';
import { type Answer, describeFailure } from './scan-job.ts';

/** Start-up of a thread, milliseconds: loading code and rules. A thread that needs longer is broken. */
export const START_TIMEOUT_MS = 60_000;
/** Young generation, MB: decoding makes much short-lived garbage, and a larger one copies less of it. */
const YOUNG_GENERATION_MB = 32;

/** Why a task ended without an answer: a closed set, for a metric label. */
export type TaskFailure = 'timeout' | 'out-of-memory' | 'crashed' | 'threw';

export type TaskEnd<R> =
  | { readonly kind: 'answered'; readonly value: R }
  | { readonly kind: 'failed'; readonly cause: TaskFailure; readonly detail: string };

export interface CrewOptions {
  /** Module whose default export takes a job and returns an `Answer`. */
  readonly entry: URL;
  readonly threads: number;
  /** Heap of one thread, MB. Memory of buffers and native code is not counted. */
  readonly heapMb: number;
  readonly data: unknown;
  readonly clock: Clock;
}

function codeOf(reason: unknown): unknown {
  return reason instanceof Error && 'code' in reason ? reason.code : undefined;
}

/** Piscina's errors carry no codes, and a job never rejects by itself: whatever comes here is a lost thread. */
function lostThread(reason: unknown): TaskEnd<never> {
  const isMemory = codeOf(reason) === 'ERR_WORKER_OUT_OF_MEMORY';
  return {
    kind: 'failed',
    cause: isMemory ? 'out-of-memory' : 'crashed',
    detail: isMemory ? 'the worker ran out of memory' : `the worker died (${describeFailure(reason)})`,
  };
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
 * Threads that do one kind of job, and the only user of Piscina. One task for each thread at a time; a task
 * that runs past its time is let go and its thread replaced, because nothing else stops a thread that does not
 * come back. Native code runs on until its own timeout even then.
 */
export class ThreadCrew<J, R> {
  readonly threads: number;
  readonly #pool: Piscina<J, Answer<R>>;
  readonly #clock: Clock;
  /** Threads that have loaded their module. */
  readonly #started = new WeakSet<Worker>();
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(options: CrewOptions) {
    this.threads = options.threads;
    this.#clock = options.clock;
    this.#pool = new Piscina<J, Answer<R>>({
      filename: options.entry.href,
      minThreads: options.threads,
      maxThreads: options.threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      resourceLimits: {
        maxOldGenerationSizeMb: options.heapMb,
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      },
      env: workerEnvironment(),
      workerData: options.data,
      recordTiming: false,
    });
    this.#watch();
  }

  /** Runs one job; `timeoutMs` counts from the moment that a started thread takes it. Never rejects. */
  async run(job: J, timeoutMs: number): Promise<TaskEnd<R>> {
    await this.#freeThread();
    this.#running += 1;
    const controller = new AbortController();
    const cancel = this.#clock.after(timeoutMs, () => controller.abort());
    try {
      const answer = await this.#pool.run(job, { signal: controller.signal });
      return answer.ok
        ? { kind: 'answered', value: answer.value }
        : { kind: 'failed', cause: 'threw', detail: answer.detail };
    } catch (reason) {
      return controller.signal.aborted
        ? { kind: 'failed', cause: 'timeout', detail: `no answer within ${timeoutMs} ms` }
        : lostThread(reason);
    } finally {
      cancel();
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Ends all threads; what still runs there is answered as crashed. */
  async destroy(): Promise<void> {
    await this.#pool.destroy();
  }

  #watch(): void {
    this.#pool.on('workerCreate', ({ id }: { readonly id: number }) => {
      const thread = this.#pool.threads.find(({ threadId }) => threadId === id);
      if (thread !== undefined) {
        this.#started.add(thread);
      }
      this.#waiting.shift()?.();
    });
    // A replacement that does not start is not replaced by itself: who waits for it has to ask.
    this.#pool.on('workerDestroy', () => this.#waiting.shift()?.());
    // A thread that dies while idle has no task to tell; the pool has replaced it by then.
    this.#pool.on('error', () => undefined);
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
    const { threads } = this.#pool;
    const started = threads.filter((thread) => this.#started.has(thread)).length;
    return this.#running >= started && threads.length >= this.threads;
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
