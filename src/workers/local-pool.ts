import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { type Answer, describeFailure } from './scan-job.ts';
import type { PoolSpec, CrewState, TaskEnd, ThreadPool } from './thread-pool.ts';

/** Young generation, MB: decoding makes much short-lived garbage, and a larger one copies less of it. */
const YOUNG_GENERATION_MB = 32;

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

/** Threads that answer to the one that made them, and the only user of Piscina. */
export class LocalPool<J, R> implements ThreadPool<J, R> {
  readonly #piscina: Piscina<J, Answer<R>>;
  readonly #started = new WeakSet<Worker>();

  /** `onChange` is called when a thread has started and when one has ended. */
  constructor(spec: PoolSpec, onChange: () => void) {
    this.#piscina = new Piscina<J, Answer<R>>({
      filename: spec.entry,
      minThreads: spec.threads,
      maxThreads: spec.threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      resourceLimits: {
        maxOldGenerationSizeMb: spec.heapMb,
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      },
      env: { ...spec.env },
      workerData: spec.data,
      recordTiming: false,
    });
    this.#watch(onChange);
  }

  get state(): CrewState {
    const { threads } = this.#piscina;
    const started = threads.filter((thread) => this.#started.has(thread));
    return { alive: threads.length, started: started.length };
  }

  async run(job: J, signal: AbortSignal): Promise<TaskEnd<R>> {
    try {
      const answer = await this.#piscina.run(job, { signal });
      return answer.ok
        ? { kind: 'answered', value: answer.value }
        : { kind: 'failed', cause: 'threw', detail: answer.detail };
    } catch (reason) {
      return lostThread(reason);
    }
  }

  async destroy(): Promise<void> {
    await this.#piscina.destroy();
  }

  #watch(onChange: () => void): void {
    this.#piscina.on('workerCreate', ({ id }: { readonly id: number }) => {
      const thread = this.#piscina.threads.find(({ threadId }) => threadId === id);
      if (thread !== undefined) {
        this.#started.add(thread);
      }
      onChange();
    });
    this.#piscina.on('workerDestroy', onChange);
    // A thread that dies while idle has no task to tell; the pool has replaced it by then.
    this.#piscina.on('error', () => undefined);
  }
}
