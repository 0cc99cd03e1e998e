import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { RuleSource } from '../scan/engines/yara-sources.ts';
import { ThreadCrew } from './thread-crew.ts';

const ENTRY = new URL('./rule-timing-worker.ts', import.meta.url);
/** About 10 ms a rule: ten thousand of them. */
const MEASURE_MS = 120_000;
/** One rule may still be at work when the time is over. */
const GRACE_MS = 30_000;
const HEAP_MB = 512;

export interface TimingJob {
  readonly rules: readonly RuleSource[];
  readonly shadow: readonly RuleSource[];
  readonly deadlineMs: number;
}

/** One rule by itself; not its share in the whole set, where the search for all texts is one pass. */
export interface RuleTime {
  readonly namespace: string;
  readonly rule: string;
  readonly isShadow: boolean;
  /** Null: it does not compile by itself, or is slower than a scan may be. */
  readonly msPerMb: number | null;
  readonly isSlow: boolean;
}

export interface TimingResult {
  /** Dearest first. */
  readonly times: readonly RuleTime[];
  readonly truncated: boolean;
}

export interface Timing extends TimingResult {
  readonly state: 'never' | 'running' | 'done' | 'failed';
  /** ISO 8601 UTC of the end. */
  readonly at: string | null;
  readonly generation: string;
}

/** The newest measurement of the rules, one at a time, each in a thread that ends with it. */
export class RuleTiming {
  readonly #clock: Clock;
  readonly #log: Logger;
  #crew: ThreadCrew<TimingJob, TimingResult> | undefined;
  #timing: Timing = { state: 'never', at: null, generation: '', times: [], truncated: false };

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  get timing(): Timing {
    return this.#timing;
  }

  /** False when a measurement goes on. */
  start(set: RuleSet): boolean {
    if (this.#crew !== undefined) return false;
    const options = { entry: ENTRY, threads: 1, heapMb: HEAP_MB, data: undefined, clock: this.#clock };
    this.#crew = new ThreadCrew<TimingJob, TimingResult>(options);
    this.#timing = { ...this.#timing, state: 'running' };
    void this.#run(this.#crew, set);
    return true;
  }

  async close(): Promise<void> {
    await this.#crew?.destroy();
  }

  async #run(crew: ThreadCrew<TimingJob, TimingResult>, set: RuleSet): Promise<void> {
    const job = { rules: sourcesOf(set.files), shadow: sourcesOf(set.shadow), deadlineMs: MEASURE_MS };
    const end = await crew.run(job, MEASURE_MS + GRACE_MS);
    const at = new Date(this.#clock.now()).toISOString();
    if (end.kind === 'failed') {
      this.#log.warn({ detail: end.detail }, 'the rules could not be measured');
      this.#timing = { ...this.#timing, state: 'failed', at };
    } else {
      this.#timing = { ...end.value, state: 'done', at, generation: set.generation };
    }
    await crew.destroy();
    this.#crew = undefined;
  }
}

function sourcesOf(files: RuleSet['files']): readonly RuleSource[] {
  return files.map(({ path, namespace, source }) => ({ path, namespace, source }));
}
