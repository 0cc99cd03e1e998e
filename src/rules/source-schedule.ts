import type { Clock } from '../base/clock.ts';
import type { RuleSource } from './rule-source.ts';

/** First wait after a failure, milliseconds; doubled each time up to the normal interval. */
export const RETRY_MS = 30_000;

export interface ScheduledSource {
  readonly source: Pick<RuleSource, 'name' | 'refresh' | 'close'>;
  readonly everyMs: number;
}

export interface SourceState {
  readonly name: string;
  /** Milliseconds since 1970 of the last look that succeeded; undefined: never since the start. */
  readonly checkedAt: number | undefined;
  /** What is wrong since then; undefined when nothing is. */
  readonly problem: string | undefined;
}

export interface SourceHooks {
  /** Something new is staged. Never rejects. */
  readonly onStaged: (name: string) => Promise<void>;
  readonly onChecked: (state: SourceState) => void;
}

class Appointment {
  readonly everyMs: number;
  readonly source: ScheduledSource['source'];
  checkedAt: number | undefined;
  problem: string | undefined;
  failures = 0;
  cancel = (): void => undefined;

  constructor({ source, everyMs }: ScheduledSource) {
    this.source = source;
    this.everyMs = everyMs;
  }

  get state(): SourceState {
    return { name: this.source.name, checkedAt: this.checkedAt, problem: this.problem };
  }

  get delayMs(): number {
    return this.failures === 0
      ? this.everyMs
      : Math.min(this.everyMs, RETRY_MS * 2 ** Math.min(this.failures - 1, 20));
  }
}

/** Looks at each source in its interval, and sooner again after a failure. */
export class SourceSchedule {
  readonly #appointments: readonly Appointment[];
  readonly #clock: Clock;
  readonly #hooks: SourceHooks;
  readonly #closing = new AbortController();

  constructor(sources: readonly ScheduledSource[], clock: Clock, hooks: SourceHooks) {
    this.#appointments = sources.map((one) => new Appointment(one));
    this.#clock = clock;
    this.#hooks = hooks;
  }

  get states(): readonly SourceState[] {
    return this.#appointments.map(({ state }) => state);
  }

  /** Looks at all sources now, then each in its interval. Resolves after the first looks; never rejects. */
  async start(): Promise<void> {
    await Promise.all(this.#appointments.map(async (one) => await this.#look(one)));
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    for (const { cancel, source } of this.#appointments) {
      cancel();
      await source.close();
    }
  }

  async #look(one: Appointment): Promise<void> {
    let isNew = false;
    try {
      isNew = await one.source.refresh(this.#closing.signal);
      one.checkedAt = this.#clock.now();
      one.problem = undefined;
      one.failures = 0;
    } catch (error) {
      one.problem = error instanceof Error ? error.message : String(error);
      one.failures += 1;
    }
    if (this.#closing.signal.aborted) {
      return;
    }
    this.#hooks.onChecked(one.state);
    if (isNew) {
      await this.#hooks.onStaged(one.source.name);
    }
    one.cancel = this.#clock.after(one.delayMs, () => void this.#look(one));
  }
}
