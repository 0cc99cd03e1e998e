import { Worker } from 'node:worker_threads';
import type { Notice, Order } from './courier-words.ts';
import { describeFailure } from './scan-job.ts';
import type { CrewState, PoolSpec, TaskEnd, ThreadPool } from './thread-pool.ts';

const COURIER = new URL('./courier.ts', import.meta.url);
/** The courier holds what is on its way, never a message: those lie in memory that is shared. */
const COURIER_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 };

/**
 * Threads behind a courier, a thread of the same priority as this one. Node's `MessagePort` wakes who receives while
 * the sender still holds the lock of the port. A scan thread has a low priority: woken by it directly, this thread
 * displaced it, ran into that lock, and stood there until other scans had used up their time slices, 4 to 7 ms, 200
 * times a second on a core that was saturated (futex waits in `MessagePort::OnMessage`, Node 24). The courier stands
 * there instead.
 */
export class DistantPool<J, R> implements ThreadPool<J, R> {
  readonly #spec: PoolSpec;
  readonly #onChange: () => void;
  readonly #running = new Map<number, (end: TaskEnd<R>) => void>();
  #courier: Worker | undefined;
  #state: CrewState;
  #jobs = 0;
  #isDestroyed = false;

  /** `onChange` is called when a thread has started and when one has ended. */
  constructor(spec: PoolSpec, onChange: () => void) {
    this.#spec = spec;
    this.#onChange = onChange;
    this.#state = { alive: spec.threads, started: 0 };
    this.#courier = this.#start();
  }

  get state(): CrewState {
    return this.#state;
  }

  async run(job: J, signal: AbortSignal): Promise<TaskEnd<R>> {
    if (this.#isDestroyed) {
      return { kind: 'failed', cause: 'crashed', detail: 'the pool is closed' };
    }
    this.#courier ??= this.#start();
    this.#jobs += 1;
    const id = this.#jobs;
    const { promise, resolve } = Promise.withResolvers<TaskEnd<R>>();
    this.#running.set(id, resolve);
    const abort = (): void => this.#say({ kind: 'abort', id });
    signal.addEventListener('abort', abort, { once: true });
    this.#courier.ref();
    this.#say({ kind: 'run', id, job });
    const end = await promise;
    signal.removeEventListener('abort', abort);
    return end;
  }

  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    const courier = this.#courier;
    if (courier === undefined) {
      return;
    }
    courier.ref();
    await new Promise<void>((resolve) => {
      courier.once('exit', () => resolve());
      this.#say({ kind: 'destroy' });
    });
  }

  #say(order: Order<J>): void {
    this.#courier?.postMessage(order);
  }

  #start(): Worker {
    const courier = new Worker(COURIER, {
      workerData: this.#spec,
      env: { ...this.#spec.env },
      resourceLimits: COURIER_LIMITS,
    });
    let detail = 'the courier ended';
    courier.on('message', (notice: Notice<R>) => this.#hear(notice));
    courier.on('error', (reason) => {
      detail = `the courier died (${describeFailure(reason)})`;
    });
    courier.once('exit', () => this.#lose(detail));
    return courier;
  }

  #hear(notice: Notice<R>): void {
    this.#state = notice.state;
    if (notice.kind === 'changed') {
      this.#onChange();
    } else {
      this.#running.get(notice.id)?.(notice.end);
      this.#running.delete(notice.id);
    }
    // An idle pool does not keep a process alive.
    if (this.#running.size === 0 && notice.state.started > 0 && !this.#isDestroyed) {
      this.#courier?.unref();
    }
  }

  /** The next job starts another courier. */
  #lose(detail: string): void {
    this.#courier = undefined;
    this.#state = { alive: 0, started: 0 };
    for (const settle of this.#running.values()) {
      settle({ kind: 'failed', cause: 'crashed', detail });
    }
    this.#running.clear();
    this.#onChange();
  }
}
