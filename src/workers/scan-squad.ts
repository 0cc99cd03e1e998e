import type { Clock } from '../base/clock.ts';
import { GatewayError } from '../base/errors.ts';
import type { MessageBytes } from '../scan/scanner.ts';
import type { Rehearsal, ScanJob, ScanOutcome, ScanWorkerData } from './scan-job.ts';
import { isFound, type SelfTest } from './self-test.ts';
import { START_TIMEOUT_MS, ThreadCrew } from './thread-crew.ts';
import type { TaskEnd, TaskFailure } from './thread-pool.ts';

const ENTRY = new URL('./scan-worker.ts', import.meta.url);

export interface SquadOptions {
  readonly generation: string;
  readonly threads: number;
  readonly heapMb: number;
  readonly data: ScanWorkerData;
  readonly clock: Clock;
  /** Behind a courier. */
  readonly isDistant: boolean;
}

export interface SquadTask {
  readonly job: ScanJob;
  /** How long the next attempt may run. */
  readonly timeoutMs: () => number;
  /** Is there time for another attempt? */
  readonly mayRetry: () => boolean;
  readonly onFailure: (cause: TaskFailure) => void;
}

/** Did the job cost its thread, other than by taking too long? */
export function isLostThread(end: TaskEnd<unknown>): boolean {
  return end.kind === 'failed' && (end.cause === 'crashed' || end.cause === 'out-of-memory');
}

/** The scanning threads of one rule-set generation, and how many of them are in use. */
export class ScanSquad {
  readonly generation: string;
  readonly #crew: ThreadCrew<ScanJob | Rehearsal, ScanOutcome>;
  #busy = 0;
  #whenIdle: (() => void) | undefined;
  #isDestroyed = false;

  constructor({ generation, threads, heapMb, data, clock, isDistant }: SquadOptions) {
    this.generation = generation;
    this.#crew = new ThreadCrew({ entry: ENTRY, threads, heapMb, data, clock, isDistant });
  }

  get threads(): number {
    return this.#crew.threads;
  }

  get busy(): number {
    return this.#busy;
  }

  /** At most one job for each thread, so that a job that hangs costs its own thread and nobody's wait. */
  get isFull(): boolean {
    return this.#busy >= this.threads;
  }

  /**
   * Judges one message. A thread may die from what the message before left behind, so a job that lost its
   * thread is tried once more; never after a time-out and never twice, since the message may be what kills.
   */
  async run(task: SquadTask): Promise<TaskEnd<ScanOutcome>> {
    this.#busy += 1;
    try {
      const end = await this.#attempt(task);
      return isLostThread(end) && !this.#isDestroyed && task.mayRetry() ? await this.#attempt(task) : end;
    } finally {
      this.#busy -= 1;
      if (this.#busy === 0) {
        this.#whenIdle?.();
      }
    }
  }

  /** Starts every thread and has each of them judge the self-test. Throws `INTERNAL` when one is wrong. */
  async warm(test: SelfTest): Promise<void> {
    const check = async (message: MessageBytes, expected: boolean): Promise<void> => {
      const end = await this.judge(message);
      if (end.kind === 'failed') {
        throw new GatewayError('INTERNAL', `a scan worker does not start: ${end.detail}`);
      }
      if (isFound(end.value.verdict) !== expected) {
        throw new GatewayError('INTERNAL', `a scan worker fails its self-test (${end.value.verdict.kind})`);
      }
    };
    const threads = Array.from({ length: this.threads });
    await Promise.all(threads.map(async () => await check(test.guilty, true)));
    await Promise.all(threads.map(async () => await check(test.innocent, false)));
  }

  /** Has every thread scan practice mail for so many milliseconds of the processor. It proves nothing, so a thread may fail in it. */
  async rehearse(rehearsalMs: number): Promise<void> {
    const threads = Array.from({ length: this.threads });
    await Promise.all(threads.map(() => this.#crew.run({ rehearsalMs }, START_TIMEOUT_MS)));
  }

  /** Judges a message of our own, before or beside the mail. */
  async judge(message: MessageBytes): Promise<TaskEnd<ScanOutcome>> {
    return await this.#crew.run({ message, subject: 'message', isOwn: true }, START_TIMEOUT_MS);
  }

  /** Resolves when nothing runs here any more. Whoever calls it starts nothing new here. */
  async idle(): Promise<void> {
    if (this.#busy > 0) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
  }

  async destroy(): Promise<void> {
    this.#isDestroyed = true;
    await this.#crew.destroy();
  }

  async #attempt({ job, timeoutMs, onFailure }: SquadTask): Promise<TaskEnd<ScanOutcome>> {
    const end = await this.#crew.run(job, timeoutMs());
    if (end.kind === 'failed') {
      onFailure(end.cause);
    }
    return end;
  }
}
