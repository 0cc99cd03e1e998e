import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { JudgedMessage, JudgementLog } from './judgement-log.ts';
import type { NowBad, RetroHunt, RetroHuntReport } from './retro-hunt-report.ts';

/** Rules change in bursts (several sources, a roll-back), and new ones are on probation first. */
export const SETTLE_MS = 90_000;
/** Fetches of one content that are told to who is notified; the report has more. */
const MAX_TOLD = 100;

/** Reports that are kept; every method may throw `STORE_FAILED`. */
export interface HuntShelf {
  add(report: RetroHuntReport): void;
  /** Newest first. */
  list(limit: number): readonly RetroHuntReport[];
}

export interface RuleChangeHuntsParts {
  /** Rests between two originals, so that it takes a part of one worker at most. */
  readonly hunt: RetroHunt;
  /** Days that are looked back; 0: never hunts. */
  readonly days: number;
  readonly shelf: HuntShelf;
  /** Who is told of what is bad now. */
  readonly alerts: JudgementLog;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A retro-hunt behind each change of the rules: one at a time, after the rules have settled. */
export class RuleChangeHunts {
  readonly #parts: RuleChangeHuntsParts;
  readonly #end = new AbortController();
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #wanted = '';

  constructor(parts: RuleChangeHuntsParts) {
    this.#parts = parts;
  }

  /** These rules judge from now on. Hunted once, also when the process ended meanwhile. Never throws. */
  changed(generation: string): void {
    const { days, clock } = this.#parts;
    if (days === 0 || this.#end.signal.aborted) return;
    this.#wanted = generation;
    this.#cancel?.();
    this.#cancel = clock.after(SETTLE_MS, () => this.#due());
  }

  /** Resolves when no hunt runs. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async close(): Promise<void> {
    this.#cancel?.();
    this.#end.abort();
    await this.#running;
  }

  #due(): void {
    this.#cancel = undefined;
    if (this.#running !== undefined) {
      this.#cancel = this.#parts.clock.after(SETTLE_MS, () => this.#due());
      return;
    }
    this.#running = this.#run().finally(() => (this.#running = undefined));
  }

  async #run(): Promise<void> {
    const { hunt, days, shelf, log } = this.#parts;
    try {
      const known = shelf.list(Infinity);
      if (known[0]?.generation === this.#wanted) return;
      const report = await hunt.run(days, this.#end.signal);
      shelf.add(report);
      const told = new Set(known.flatMap(({ nowBad }) => nowBad.map(({ sha256 }) => sha256)));
      this.#tell(report, (bad) => !told.has(bad.sha256));
    } catch (error) {
      if (!this.#end.signal.aborted) log.error({ err: error }, 'the retro-hunt after a rule change failed');
    }
  }

  /** What an earlier report named is not news, although it is still bad. */
  #tell(report: RetroHuntReport, isNews: (bad: NowBad) => boolean): void {
    const { alerts, log } = this.#parts;
    const { generation, days, judged, failed, truncated } = report;
    const news = report.nowBad.filter(isNews);
    log.info({ generation, days, judged, failed, truncated, nowBad: news.length }, 'retro-hunt done');
    for (const bad of news) {
      const users = [...new Set(bad.delivered.map(({ user }) => user))].slice(0, MAX_TOLD);
      const { sha256, findings, source } = bad;
      log.warn({ sha256, findings, source, users, fetches: bad.delivered.length }, 'bad under the new rules');
      for (const judgement of judgementsOf(bad, generation)) alerts.record(judgement);
    }
  }
}

/** As the one who is notified hears of any message: found malicious now, delivered then. */
function judgementsOf({ sha256, findings, delivered }: NowBad, generation: string): readonly JudgedMessage[] {
  return delivered.slice(0, MAX_TOLD).map((fetch) => ({
    scanId: 'retro-hunt',
    subject: 'message',
    protocol: fetch.protocol,
    user: fetch.user,
    client: fetch.client,
    application: fetch.application,
    mailbox: fetch.mailbox,
    uid: fetch.uid,
    identity: '',
    isUpload: false,
    verdict: { kind: 'malicious', findings },
    action: 'deliver',
    ledgerCause: undefined,
    sha256,
    bytes: 0,
    generation,
  }));
}
