import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { HistoryWriter, TimedJudgement } from './history-writer.ts';
import type { JudgedMessage, JudgementLog } from './judgement-log.ts';

/** What a crash may lose. */
const FLUSH_MS = 1_000;
/** Written at once: about 1 ms, in which nobody else is served. */
const MAX_BATCH = 100;
/** Between two batches, so that a burst is written beside the work of others. */
const PAUSE_MS = 10;
/** Judgements that wait while the database cannot be written; then the newest are counted as lost. */
const MAX_WAITING = 20_000;
/** After old rows could not be deleted. */
const PRUNE_AGAIN_MS = 600_000;

export interface BatchingLogHooks {
  /** Called with the number of judgements that are lost. */
  readonly onLost: (count: number) => void;
  /** Called for everything that is recorded, at once. */
  readonly onRecord?: (judgement: TimedJudgement) => void;
  /** Called after a burst, with the number of judgements that were written. */
  readonly onWritten?: (count: number) => void;
}

/** Keeps what is recorded and writes it in batches, off the path of the messages. */
export class BatchingLog implements JudgementLog {
  readonly #writer: HistoryWriter;
  readonly #hooks: BatchingLogHooks;
  readonly #clock: Clock;
  readonly #log: Logger;
  #waiting: TimedJudgement[] = [];
  #written = 0;
  #cancel: (() => void) | undefined;
  #prunesFrom = -Infinity;
  #isFailing = false;

  constructor(writer: HistoryWriter, hooks: BatchingLogHooks, clock: Clock, log: Logger) {
    this.#writer = writer;
    this.#hooks = hooks;
    this.#clock = clock;
    this.#log = log;
  }

  /** Undefined while all is well. */
  get problem(): string | undefined {
    return this.#isFailing ? 'the history cannot be written' : undefined;
  }

  record(judged: JudgedMessage): void {
    const judgement = { at: this.#clock.now(), judged };
    if (this.#waiting.length >= MAX_WAITING) this.#hooks.onLost(1);
    else this.#waiting.push(judgement);
    this.#cancel ??= this.#clock.after(FLUSH_MS, () => this.#due());
    this.#hooks.onRecord?.(judgement);
  }

  /** Writes everything that waits. Never throws. */
  flush(): void {
    while (this.#waiting.length > 0 && this.#writeOne());
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.flush();
    if (this.#waiting.length > 0) this.#hooks.onLost(this.#waiting.length);
  }

  #due(): void {
    this.#cancel = undefined;
    this.#writeOne();
    this.#prune();
    const isBurst = !this.#isFailing && this.#waiting.length >= MAX_BATCH;
    // One batch in one turn of the event loop, soon the next; what is less, or failed, not before its time.
    if (this.#waiting.length > 0) {
      this.#cancel = this.#clock.after(isBurst ? PAUSE_MS : FLUSH_MS, () => this.#due());
    }
    if (!isBurst) this.#tellWritten();
  }

  #tellWritten(): void {
    const count = this.#written;
    this.#written = 0;
    this.#hooks.onWritten?.(count);
  }

  #writeOne(): boolean {
    const batch = this.#waiting.slice(0, MAX_BATCH);
    try {
      this.#writer.write(batch);
      this.#waiting = this.#waiting.slice(batch.length);
      this.#written += batch.length;
      this.#isFailing = false;
      return true;
    } catch (error) {
      if (!this.#isFailing) this.#log.error({ err: error }, 'the history cannot be written; trying again');
      this.#isFailing = true;
      return false;
    }
  }

  #prune(): void {
    const now = this.#clock.monotonic();
    if (this.#isFailing || now < this.#prunesFrom) return;
    try {
      this.#writer.prune(this.#clock.now());
    } catch (error) {
      this.#prunesFrom = now + PRUNE_AGAIN_MS;
      this.#log.warn({ err: error }, 'old history could not be deleted');
    }
  }
}
