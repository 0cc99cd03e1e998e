import type { Clock } from '../base/clock.ts';
import type { ScanReport, ScanRequest } from '../scan/scanner.ts';
import type { JudgeOptions } from './judging-scanner.ts';
import { KillerList } from './killer-list.ts';
import { LaneQueue, type Waiter } from './lane-queue.ts';
import type { PoolHooks, PoolState } from './pool-hooks.ts';
import { type Failure, failureReport, reportOf } from './scan-report.ts';
import type { ScanOutcome } from './scan-job.ts';
import { isLostThread, type ScanSquad } from './scan-squad.ts';
import type { TaskEnd } from './thread-pool.ts';
import { TwinRegister } from './twin-register.ts';
import { Utilisation } from './utilisation.ts';

export type { PoolHooks, PoolState };

export interface DispatcherOptions {
  /** Scans that may wait. */
  readonly maxQueue: number;
  /** One scan, milliseconds; past it its thread is given up. */
  readonly timeoutMs: number;
  /** From request to verdict, milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly hooks: Required<PoolHooks>;
}

export interface SubmitOptions extends JudgeOptions {
  /** A self-test: not reported, since it is no message. */
  readonly isTest?: boolean;
}

const STOPPING = 'the gateway is stopping';

interface Scan extends Waiter {
  readonly request: ScanRequest;
  /** Rule set, subject and key of the content; undefined when that is not known. */
  readonly content: string | undefined;
  /** SHA-256 of the message; the worker need not hash again what lies in memory. */
  readonly digest: string | undefined;
  /** Monotonic. */
  readonly requestedAt: number;
  readonly settle: (report: ScanReport) => void;
  readonly drop: (reason: unknown) => void;
  readonly leave: AbortSignal | undefined;
  /** Undo what waiting set up. */
  stopTimer: () => void;
  stopListening: () => void;
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
  readonly #twins = new TwinRegister<Scan>();
  readonly #killers: KillerList;
  readonly #utilisation: Utilisation;
  #squad: ScanSquad;
  #running = 0;
  #isClosed = false;

  constructor(squad: ScanSquad, options: DispatcherOptions) {
    this.#squad = squad;
    this.#options = options;
    const now = (): number => options.clock.monotonic();
    this.#queue = new LaneQueue(options.maxQueue);
    this.#killers = new KillerList(now);
    this.#utilisation = new Utilisation(now);
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
    this.#killers.clear();
    this.#pump();
    return before;
  }

  /** Waiting scans end as `overloaded`, and so does whatever comes later. */
  close(): void {
    this.#isClosed = true;
    const waiting = new Set(this.#twins.clear());
    for (let scan = this.#queue.shift(); scan !== undefined; scan = this.#queue.shift()) {
      waiting.add(scan);
    }
    for (const scan of waiting) {
      this.#refuse(scan, { cause: 'overloaded', detail: STOPPING });
    }
  }

  /** Rejects with the signal's reason when `leave` fires before a worker took the scan; not any more after that. */
  submit(request: ScanRequest, options: SubmitOptions = {}): Promise<ScanReport> {
    const { promise, resolve, reject } = Promise.withResolvers<ScanReport>();
    const { lane, user, subject } = request;
    const { content, leave, isTest = false } = options;
    const settle = (report: ScanReport): void => {
      if (!isTest) {
        this.#options.hooks.onReport(report);
      }
      resolve(report);
    };
    this.#admit({
      request,
      lane,
      user,
      content: content === undefined ? undefined : `${this.generation} ${subject} ${content.key}`,
      digest: content?.sha256,
      requestedAt: this.#options.clock.monotonic(),
      settle,
      drop: reject,
      leave,
      stopTimer: () => undefined,
      stopListening: () => undefined,
    });
    this.#tellState();
    return promise;
  }

  #admit(scan: Scan): void {
    if (scan.leave?.aborted === true) {
      scan.drop(scan.leave.reason);
    } else if (this.#isClosed) {
      this.#refuse(scan, { cause: 'overloaded', detail: STOPPING });
    } else if (scan.content !== undefined && this.#killers.has(scan.content)) {
      this.#refuse(scan, { cause: 'engine-failed', detail: 'this message has ended workers before' });
    } else if (this.#isTwinRunning(scan)) {
      this.#listen(scan);
    } else if (this.#queue.size === 0 && !this.#squad.isFull) {
      this.#start(scan);
    } else {
      this.#enqueue(scan);
    }
  }

  #isTwinRunning({ content }: Scan): boolean {
    return content !== undefined && this.#twins.isRunning(content);
  }

  #enqueue(scan: Scan): void {
    const turnedAway = this.#queue.push(scan);
    if (turnedAway !== scan) {
      this.#listen(scan);
      const waitedMs = this.#options.clock.monotonic() - scan.requestedAt;
      scan.stopTimer = this.#options.clock.after(maxWaitMs(this.#options) - waitedMs, () => {
        this.#refuse(scan, { cause: 'overloaded', detail: 'no worker became free in time' });
        this.#tellState();
      });
    }
    if (turnedAway !== undefined) {
      const detail = `${this.#options.maxQueue} scans wait already`;
      this.#refuse(turnedAway, { cause: 'overloaded', detail });
    }
  }

  /** From now on the scan waits, for a worker or for its twin: it may be left, or settled by the twin's report. */
  #listen(scan: Scan): void {
    const { leave, content } = scan;
    if (content !== undefined) {
      this.#twins.wait(content, scan);
    }
    const onLeave = (): void => {
      this.#stopWaiting(scan);
      scan.drop(leave?.reason);
      this.#tellState();
    };
    leave?.addEventListener('abort', onLeave, { once: true });
    scan.stopListening = () => leave?.removeEventListener('abort', onLeave);
  }

  #stopWaiting(scan: Scan): void {
    this.#queue.remove(scan);
    scan.stopTimer();
    scan.stopListening();
    if (scan.content !== undefined) {
      this.#twins.leave(scan.content, scan);
    }
  }

  #pump(): void {
    while (!this.#squad.isFull && !this.#isClosed) {
      const scan = this.#queue.shift();
      if (scan === undefined) {
        break;
      }
      if (this.#isTwinRunning(scan)) {
        scan.stopTimer(); // it has its answer when the twin has it
      } else {
        this.#stopWaiting(scan);
        this.#start(scan);
      }
    }
    this.#tellState();
  }

  #start(scan: Scan): void {
    if (scan.content !== undefined) {
      this.#twins.start(scan.content);
    }
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
    this.#settleTwins(scan, end, report);
    this.#pump();
  }

  #runIn(squad: ScanSquad, { request, digest, requestedAt }: Scan): Promise<TaskEnd<ScanOutcome>> {
    const { clock, timeoutMs, deadlineMs, hooks } = this.#options;
    const leftMs = (): number => requestedAt + deadlineMs - clock.monotonic();
    return squad.run({
      job: {
        message: request.message,
        subject: request.subject,
        ...(digest === undefined ? {} : { sha256: digest }),
      },
      timeoutMs: () => Math.max(1, Math.min(timeoutMs, leftMs())),
      mayRetry: () => leftMs() >= timeoutMs,
      onFailure: hooks.onTaskFailure,
    });
  }

  /**
   * The report on one content holds for all who wait with the same, a lost thread as well. Not when the worker
   * could not read these bytes or read others (a file closed under it): then each tries its own.
   */
  #settleTwins({ content, digest, request }: Scan, end: TaskEnd<ScanOutcome>, report: ScanReport): void {
    if (content === undefined) {
      return;
    }
    if (isLostThread(end)) {
      this.#killers.add(content);
    }
    const isShared =
      end.kind === 'answered' ? digest === undefined || digest === end.value.sha256 : end.cause !== 'threw';
    for (const twin of this.#twins.finish(content)) {
      this.#stopWaiting(twin);
      if (isShared && request.message.byteLength === twin.request.message.byteLength) {
        const waitedMs = this.#options.clock.monotonic() - twin.requestedAt;
        const timings = { queueMs: waitedMs, decodeMs: 0, matchMs: 0, totalMs: waitedMs };
        twin.settle({ ...report, timings });
      } else {
        this.#enqueue(twin);
      }
    }
  }

  #refuse(scan: Scan, failure: Failure): void {
    this.#stopWaiting(scan);
    const waitedMs = this.#options.clock.monotonic() - scan.requestedAt;
    const times = { queueMs: waitedMs, totalMs: waitedMs };
    scan.settle(failureReport(failure, scan.request.message, this.generation, times));
  }

  #tellState(): void {
    this.#utilisation.note(this.#squad.busy, this.#squad.threads);
    this.#options.hooks.onState(this.state());
  }
}

function failureOf({ cause, detail }: Extract<TaskEnd<unknown>, { kind: 'failed' }>): Failure {
  return { cause: cause === 'timeout' ? 'timeout' : 'engine-failed', detail };
}
