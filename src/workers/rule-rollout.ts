import type { Clock } from '../base/clock.ts';
import { GatewayError } from '../base/errors.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { ScanReport } from '../scan/scanner.ts';
import { RuleProbation } from './rule-probation.ts';
import { describeFailure } from './scan-job.ts';
import type { ScanPool } from './scan-pool.ts';

/** What became of a change of the rules: a closed set, for a metric label. */
export type RolloutOutcome = 'applied' | 'unchanged' | 'refused' | 'rolled-back';

export interface RolloutHooks {
  readonly onOutcome: (outcome: RolloutOutcome, set: RuleSet | undefined, detail: string) => void;
}

export interface RolloutOptions {
  readonly pool: Pick<ScanPool, 'replaceRules' | 'generation'>;
  /** What the pool judges by now. */
  readonly inUse: RuleSet;
  /** Reads the files anew. */
  readonly load: () => Promise<RuleSet>;
  /** Go back by itself when new rules are worse. */
  readonly rollback: boolean;
  readonly clock: Clock;
  readonly hooks: RolloutHooks;
}

/** Why the newest files are not what judges. */
export interface RolloutProblem {
  readonly outcome: 'refused' | 'rolled-back';
  readonly detail: string;
}

/**
 * Brings changed rules into use in stages: read, compile and vet in a thread of its own, prove on trial mail, swap,
 * watch. Whatever goes wrong, the rules that judged before judge on. One change at a time.
 */
export class RuleRollout {
  readonly #options: RolloutOptions;
  readonly #probation: RuleProbation;
  #inUse: RuleSet;
  #before: RuleSet | undefined;
  #loadedAt: number;
  #problem: RolloutProblem | undefined;
  /** Went back from this one; it does not come again by itself. */
  #rejected: string | undefined;
  #isGoingBack = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: RolloutOptions) {
    this.#options = options;
    this.#inUse = options.inUse;
    this.#loadedAt = options.clock.now();
    this.#probation = new RuleProbation(options.inUse.generation, () => options.clock.monotonic());
  }

  get inUse(): RuleSet {
    return this.#inUse;
  }

  /** Milliseconds since 1970 at which what judges now came into use. */
  get loadedAt(): number {
    return this.#loadedAt;
  }

  get problem(): RolloutProblem | undefined {
    return this.#problem;
  }

  get isOnProbation(): boolean {
    return this.#probation.isOn;
  }

  /** Reads the files and brings what changed into use. Rejects with the reason when the old set stays. */
  async reload(): Promise<RolloutOutcome> {
    return await this.#next(async () => await this.#reload());
  }

  /** Each judged message. */
  observe(report: ScanReport): void {
    const reason = this.#probation.observe(report);
    if (reason !== undefined && this.#options.rollback && !this.#isGoingBack) {
      this.#isGoingBack = true;
      void this.#next(async () => await this.#goBack(reason));
    }
  }

  /** Resolves when nothing is being changed any more. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#running.then(work);
    this.#running = done.catch(() => undefined);
    return await done;
  }

  async #reload(): Promise<RolloutOutcome> {
    try {
      const set = await this.#options.load();
      if (set.generation === this.#inUse.generation) {
        this.#problem = undefined;
        this.#tell('unchanged', set, '');
        return 'unchanged';
      }
      if (set.generation === this.#rejected) {
        throw new GatewayError('RULES_INVALID', 'these rules were rolled back; change them first');
      }
      await this.#options.pool.replaceRules(set);
      this.#applied(set);
      return 'applied';
    } catch (error) {
      const detail = error instanceof GatewayError ? error.message : describeFailure(error);
      this.#problem = { outcome: 'refused', detail };
      this.#tell('refused', undefined, detail);
      throw error;
    }
  }

  #applied(set: RuleSet): void {
    this.#before = this.#inUse;
    this.#inUse = set;
    this.#loadedAt = this.#options.clock.now();
    this.#problem = undefined;
    this.#probation.begin(set.generation);
    this.#tell('applied', set, '');
  }

  async #goBack(reason: string): Promise<void> {
    const before = this.#before;
    try {
      if (before === undefined || !this.#probation.isOn) {
        return; // another change came first
      }
      await this.#options.pool.replaceRules(before);
      this.#rejected = this.#inUse.generation;
      this.#inUse = before;
      this.#before = undefined;
      this.#loadedAt = this.#options.clock.now();
      this.#probation.goBack(before.generation);
      this.#problem = { outcome: 'rolled-back', detail: reason };
      this.#tell('rolled-back', before, reason);
    } catch (error) {
      this.#problem = { outcome: 'refused', detail: `cannot go back: ${describeFailure(error)}` };
      this.#tell('refused', undefined, this.#problem.detail);
    } finally {
      this.#isGoingBack = false;
    }
  }

  #tell(outcome: RolloutOutcome, set: RuleSet | undefined, detail: string): void {
    this.#options.hooks.onOutcome(outcome, set, detail);
  }
}
