import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { RetroHunt, RetroHuntReport } from '../history/retro-hunt-report.ts';

/** Deliveries that a kept report lists altogether, about 300 bytes each; a mailing list reaches more. */
export const MAX_DELIVERIES = 20_000;

/** The newest retro-hunt of this process. */
export interface HuntState {
  readonly state: 'never' | 'running' | 'done' | 'stopped' | 'failed';
  /** ISO 8601 UTC; null: never. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly startedBy: string;
  readonly days: number;
  /** Originals that were looked at so far. */
  readonly looked: number;
  /** Of the newest hunt that ended well, even while the next one runs. */
  readonly report: RetroHuntReport | null;
}

const NEVER: HuntState = {
  state: 'never',
  startedAt: null,
  endedAt: null,
  startedBy: '',
  days: 0,
  looked: 0,
  report: null,
};

/** Runs one retro-hunt at a time, and keeps its report until the next one or the end of the process. */
export class RetroHuntDesk {
  readonly #hunt: RetroHunt;
  readonly #clock: Clock;
  readonly #log: Logger;
  #state = NEVER;
  #running: AbortController | undefined;

  constructor(hunt: RetroHunt, clock: Clock, log: Logger) {
    this.#hunt = hunt;
    this.#clock = clock;
    this.#log = log;
  }

  get state(): HuntState {
    return this.#state;
  }

  /** False when one runs: it reads every original, so two would only take each other's workers. */
  start(days: number, startedBy: string): boolean {
    if (this.#running !== undefined) return false;
    const running = new AbortController();
    this.#running = running;
    const startedAt = new Date(this.#clock.now()).toISOString();
    const { report } = this.#state;
    this.#state = { state: 'running', startedAt, endedAt: null, startedBy, days, looked: 0, report };
    void this.#run(days, running.signal);
    return true;
  }

  /** False when none runs. It ends with the original that it looks at. */
  stop(): boolean {
    this.#running?.abort(new Error('an administrator stopped the retro-hunt'));
    return this.#running !== undefined;
  }

  async #run(days: number, signal: AbortSignal): Promise<void> {
    try {
      const onProgress = (looked: number): void => void (this.#state = { ...this.#state, looked });
      const report = bounded(await this.#hunt.run(days, signal, onProgress));
      this.#end({ state: 'done', report });
    } catch (error) {
      if (!signal.aborted) this.#log.error({ err: error }, 'the retro-hunt failed');
      this.#end({ state: signal.aborted ? 'stopped' : 'failed' });
    }
  }

  #end(change: Partial<HuntState>): void {
    this.#running = undefined;
    this.#state = { ...this.#state, ...change, endedAt: new Date(this.#clock.now()).toISOString() };
  }
}

function bounded(report: RetroHuntReport): RetroHuntReport {
  let room = MAX_DELIVERIES;
  let isCut = false;
  const nowBad = report.nowBad.map((content) => {
    const delivered = content.delivered.slice(0, room);
    room -= delivered.length;
    isCut ||= delivered.length < content.delivered.length;
    return { ...content, delivered };
  });
  return { ...report, nowBad, truncated: report.truncated || isCut };
}
