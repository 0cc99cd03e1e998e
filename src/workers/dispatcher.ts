import type { Clock } from '../base/clock.ts';
import type { ScanReport, ScanRequest } from '../scan/scanner.ts';
import { LaneQueue, type Waiter } from './lane-queue.ts';
import { type Failure, failureReport, reportOf } from './scan-report.ts';
import type { ScanOutcome } from './scan-job.ts';
import type { ScanSquad } from './scan-squad.ts';
import type { TaskEnd, TaskFailure } from './thread-crew.ts';
import { Utilisation } from './utilisation.ts';

/** What a pool does right now. */
export interface PoolState {
  /** Scans that wait for a worker. */
  readonly queued: number;
  readonly running: number;
  readonly workers: number;
  /** Share of worker time in use, 0 to 1, over the last seconds. */
  readonly utilisation: number;
}

/** Called on the main thread, for metrics and logs; the pool imports neither. Must not throw. */
export interface PoolHooks {
  /** Each judged message, also when nobody waits for it any more. */
  readonly onReport?: (report: ScanReport) => void;
  /** Each task that ended without an answer; a retry that succeeds is counted as well. */
  readonly onTaskFailure?: (cause: TaskFailure) => void;
  readonly onState?: (state: PoolState) => void;
}

export interface DispatcherOptions {
  /** Scans that may wait. */
  readonly maxQueue: number;
  /** One scan, milliseconds; past it its thread is given up. */
  readonly timeoutMs: number;
  /** From request to verdict, milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly hooks: PoolHooks;
}

export interface SubmitOptions {
  readonly leave?: AbortSignal | undefined;
  /** A self-test: not reported, since it is no message. */
  readonly isTest?: boolean;
}

const STOPPING = 'the gateway is stopping';

interface Scan extends Waiter {
  readonly request: ScanRequest;
  /** Monotonic. */
  readonly requestedAt: number;
  readonly settle: (report: ScanReport) => void;
  /** Ends the waiting: the timer, and the listener for the caller who leaves. */
  stopWaiting: () => void;
}

/**
 * How long a scan may wait so that it can still run its full time before the deadline. A deadline below twice
 * the timeout leaves half of itself for waiting, and the scan runs for the rest only.
 */
export function maxWaitMs({
  deadlineMs,
  timeoutMs,
}: Pick<DispatcherOptions, 'deadlineMs' | 'timeoutMs'>): number {
  return Math.max(deadlineMs - timeoutMs, deadlineMs / 2);
}

/** Brings scans to the active squad: fair, bounded in number and time. Every scan ends with a report. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #queue: LaneQueue<Scan>;
  readonly #utilisation: Utilisation;
  #squad: ScanSquad;
  #running = 0;
  #isClosed = false;

  constructor(squad: ScanSquad, options: DispatcherOptions) {
    this.#squad = squad;
    this.#options = options;
    this.#queue = new LaneQueue(options.maxQueue);
    this.#utilisation = new Utilisation(() => options.clock.monotonic());
  }

  get generation(): string {
    return this.#squad.generation;
  }

  state(): PoolState {
    return {
      queued: this.#queue.size,
      running: this.#running,
      workers: this.#squad.threads,
      utilisation: this.#utilisation.ratio(),
    };
  }

  /** From now on scans go to `squad`. Returns the one before, which finishes what it has. */
  replaceSquad(squad: ScanSquad): ScanSquad {
    const before = this.#squad;
    this.#squad = squad;
    this.#pump();
    return before;
  }

  /** Waiting scans end as `overloaded`, and so does whatever comes later. */
  close(): void {
    this.#isClosed = true;
    for (let scan = this.#queue.shift(); scan !== undefined; scan = this.#queue.shift()) {
      this.#turnAway(scan, STOPPING);
    }
  }

  /** Rejects with the signal's reason when `leave` fires before a worker took the scan; not any more after that. */
  submit(request: ScanRequest, { leave, isTest = false }: SubmitOptions = {}): Promise<ScanReport> {
    const { promise, resolve, reject } = Promise.withResolvers<ScanReport>();
    const { lane, user } = request;
    const requestedAt = this.#options.clock.monotonic();
    const settle = (report: ScanReport): void => {
      if (!isTest) {
        this.#options.hooks.onReport?.(report);
      }
      resolve(report);
    };
    const scan: Scan = { request, lane, user, requestedAt, settle, stopWaiting: () => undefined };
    if (leave?.aborted === true) {
      reject(leave.reason);
    } else if (this.#isClosed) {
      this.#turnAway(scan, STOPPING);
    } else if (this.#queue.size === 0 && !this.#squad.isFull) {
      this.#start(scan);
    } else {
      this.#enqueue(scan, leave, reject);
    }
    this.#tellState();
    return promise;
  }

  #enqueue(scan: Scan, leave: AbortSignal | undefined, reject: (reason: unknown) => void): void {
    const turnedAway = this.#queue.push(scan);
    if (turnedAway !== scan) {
      this.#wait(scan, leave, reject);
    }
    if (turnedAway !== undefined) {
      this.#turnAway(turnedAway, `${this.#options.maxQueue} scans wait already`);
    }
  }

  #wait(scan: Scan, leave: AbortSignal | undefined, reject: (reason: unknown) => void): void {
    const cancelTimer = this.#options.clock.after(maxWaitMs(this.#options), () => {
      this.#queue.remove(scan);
      this.#turnAway(scan, 'no worker became free in time');
      this.#tellState();
    });
    const onLeave = (): void => {
      this.#queue.remove(scan);
      scan.stopWaiting();
      reject(leave?.reason);
      this.#tellState();
    };
    leave?.addEventListener('abort', onLeave, { once: true });
    scan.stopWaiting = () => {
      cancelTimer();
      leave?.removeEventListener('abort', onLeave);
    };
  }

  #pump(): void {
    while (!this.#squad.isFull && !this.#isClosed) {
      const scan = this.#queue.shift();
      if (scan === undefined) {
        break;
      }
      this.#start(scan);
    }
    this.#tellState();
  }

  #start(scan: Scan): void {
    scan.stopWaiting();
    void this.#run(scan, this.#squad);
  }

  async #run(scan: Scan, squad: ScanSquad): Promise<void> {
    const { clock } = this.#options;
    const queueMs = clock.monotonic() - scan.requestedAt;
    this.#running += 1;
    const end = await this.#runIn(squad, scan);
    this.#running -= 1;
    const times = { queueMs, totalMs: clock.monotonic() - scan.requestedAt };
    const { message } = scan.request;
    const report =
      end.kind === 'answered'
        ? reportOf(end.value, message, squad.generation, times)
        : failureReport(failureOf(end), message, squad.generation, times);
    scan.settle(report);
    this.#pump();
  }

  #runIn(squad: ScanSquad, { request, requestedAt }: Scan): Promise<TaskEnd<ScanOutcome>> {
    const { clock, timeoutMs, deadlineMs, hooks } = this.#options;
    const leftMs = (): number => requestedAt + deadlineMs - clock.monotonic();
    return squad.run({
      job: { message: request.message, subject: request.subject },
      timeoutMs: () => Math.max(1, Math.min(timeoutMs, leftMs())),
      mayRetry: () => leftMs() >= timeoutMs,
      onFailure: (cause) => hooks.onTaskFailure?.(cause),
    });
  }

  #turnAway(scan: Scan, detail: string): void {
    scan.stopWaiting();
    const waitedMs = this.#options.clock.monotonic() - scan.requestedAt;
    const times = { queueMs: waitedMs, totalMs: waitedMs };
    const report = failureReport(
      { cause: 'overloaded', detail },
      scan.request.message,
      this.generation,
      times,
    );
    scan.settle(report);
  }

  #tellState(): void {
    this.#utilisation.note(this.#squad.busy, this.#squad.threads);
    this.#options.hooks.onState?.(this.state());
  }
}

function failureOf({ cause, detail }: Extract<TaskEnd<unknown>, { kind: 'failed' }>): Failure {
  return { cause: cause === 'timeout' ? 'timeout' : 'engine-failed', detail };
}
