import type { ReadinessCheck } from './admin/admin-server.ts';
import type {
  RuleTiming as ShownTiming,
  RulesProvider,
  RuleSetStatus,
  StatusReason,
} from './admin/providers.ts';
import type { Clock } from './base/clock.ts';
import type { Config } from './base/config/schema.ts';
import { loadRuleSet, type RulePaths } from './rules/rule-loader.ts';
import { countRules, type RuleFile } from './rules/rule-set.ts';
import type { RuleSource } from './rules/rule-source.ts';
import { RuleTally } from './rules/rule-tally.ts';
import { RuleWatcher } from './rules/rule-watcher.ts';
import { SourceSchedule } from './rules/source-schedule.ts';
import { pathsOf } from './rule-paths.ts';
import { sourcesOf } from './rule-sources.ts';
import { openPool, type PoolParts, type ScanConfig } from './scan-pool-opening.ts';
import {
  findingsOf,
  poolHooks,
  type Recording,
  recordOutcome,
  recordRules,
  warnWithoutEicar,
} from './scan-recording.ts';
import { type OpenedSharedVerdicts, openSharedVerdicts } from './shared-verdicts-opening.ts';
import type { SharedVerdicts } from './workers/shared-verdicts/shared-verdicts.ts';
import { openUnfinishedScans, type UnfinishedScans } from './unfinished-scans.ts';
import { RuleRollout } from './workers/rule-rollout.ts';
import { RuleTiming } from './workers/rule-timing.ts';
import type { ScanPool } from './workers/scan-pool.ts';

export type { ScanConfig } from './scan-pool-opening.ts';

/* The part of the composition root that builds the scanner and keeps its rules fresh. */

/** A source that has never been fetched may hold the start up for this time, milliseconds. */
const FIRST_FETCH_MS = 20_000;
type RecordedConfig = ScanConfig & Pick<Config, 'quarantine'>;

/** Practice of a scan thread before it gets mail, milliseconds of the processor: what more gains, few would wait for. */
const REHEARSAL_MS = 1_000;

export interface ScanServiceParts extends Recording {
  /** Obey `X-Postern-Fault`; default: whether POSTERN_SCAN_FAULTS is 1. */
  readonly faults?: boolean | undefined;
}

function fileOf({ namespace, path, sha256 }: RuleFile): RuleSetStatus['files'][number] {
  return { namespace, path, sha256 };
}

/** The scanning threads and everything that changes their rules. */
export class ScanService implements RulesProvider {
  readonly pool: ScanPool;
  readonly #rollout: RuleRollout;
  readonly #watcher: RuleWatcher | undefined;
  readonly #schedule: SourceSchedule;
  readonly #tally: RuleTally;
  readonly #timing: RuleTiming;
  readonly #shared: OpenedSharedVerdicts;
  readonly #unfinished: UnfinishedScans;
  #isScheduled: boolean;
  #onRules: (generation: string) => void = () => undefined;

  private constructor(parts: {
    readonly pool: ScanPool;
    readonly rollout: RuleRollout;
    readonly watcher: RuleWatcher | undefined;
    readonly schedule: SourceSchedule;
    readonly tally: RuleTally;
    readonly timing: RuleTiming;
    readonly shared: OpenedSharedVerdicts;
    readonly unfinished: UnfinishedScans;
    readonly isScheduled: boolean;
  }) {
    this.pool = parts.pool;
    this.#rollout = parts.rollout;
    this.#watcher = parts.watcher;
    this.#schedule = parts.schedule;
    this.#tally = parts.tally;
    this.#timing = parts.timing;
    this.#shared = parts.shared;
    this.#unfinished = parts.unfinished;
    this.#isScheduled = parts.isScheduled;
  }

  /** Loads, compiles and proves the rules and starts the threads. Rejects with a `GatewayError`. */
  static async open(config: RecordedConfig, parts: ScanServiceParts): Promise<ScanService> {
    const { metrics, log, clock, faults } = parts;
    const tally = new RuleTally();
    const sources = sourcesOf(config);
    const paths = (): Required<RulePaths> => pathsOf(config, sources);
    let rollout: RuleRollout | undefined;
    let service: ScanService | undefined;
    const reload = async (): Promise<void> => {
      await rollout?.reload().catch(() => undefined); // it was told to hooks
    };
    const schedule = scheduleOf(config, sources, parts, reload);
    const isScheduled = [...sources.values()].some(({ staged }) => staged === undefined);
    if (isScheduled) {
      await atMost(FIRST_FETCH_MS, schedule.start(), clock);
    }
    const rules = await loadRuleSet(paths());
    const hooks = poolHooks(metrics, log, (report) => {
      tally.add([...findingsOf(report), ...(report.observed?.shadow ?? [])], clock.now());
      rollout?.observe(report);
    });
    const unfinished = openUnfinishedScans(config, parts);
    const pool = await poolWith(unfinished, config, { rules, hooks, clock, log, faults });
    warnWithoutEicar(pool, log);
    recordRules(metrics, rules, clock);
    rollout = new RuleRollout({
      pool,
      inUse: rules,
      load: () => loadRuleSet(paths()),
      rollback: config.ruleUpdates.rollback,
      clock,
      hooks: {
        onOutcome: (...outcome) => {
          recordOutcome(outcome, parts);
          const [what, set] = outcome;
          if ((what === 'applied' || what === 'rolled-back') && set !== undefined) {
            if (service !== undefined) service.#onRules(set.generation);
          }
        },
      },
    });
    const watcher = watcherOf(config, paths, clock, reload);
    service = new ScanService({
      pool,
      rollout,
      watcher,
      schedule,
      tally,
      timing: new RuleTiming(clock, log),
      shared: openSharedVerdicts(config, parts),
      unfinished,
      isScheduled,
    });
    return service;
  }

  /** `listener` is called when other rules have come into use. */
  whenRulesChange(listener: (generation: string) => void): void {
    this.#onRules = listener;
  }

  /** Verdicts of other gateways; undefined when none are configured. */
  get shared(): SharedVerdicts | undefined {
    return this.#shared.verdicts;
  }

  /** From now on files and sources are looked at. */
  async start(): Promise<void> {
    this.#shared.start();
    await this.#watcher?.start();
    // What changed between loading and now: the watcher takes it for known.
    await this.#rollout.reload().catch(() => undefined);
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      void this.#schedule.start();
    }
  }

  /** The process was asked to stop. Who asked may lose patience, and then nobody is to be suspected of its end. */
  stopping(): void {
    this.#unfinished.clear();
  }

  async stop(): Promise<void> {
    this.#shared.stop();
    this.#watcher?.stop();
    await this.#schedule.stop();
    await this.#timing.close();
    await this.pool.close();
    this.#unfinished.clear();
    this.#unfinished.close();
  }

  /** Reads all rules and lists anew. Rejects when what is in use stays. */
  async reload(): Promise<void> {
    await this.#rollout.reload();
  }

  get timing(): ShownTiming {
    return this.#timing.timing;
  }

  measure(): boolean {
    return this.#timing.start(this.#rollout.inUse);
  }

  rules(): RuleSetStatus {
    const { inUse, loadedAt } = this.#rollout;
    return {
      generation: inUse.generation,
      rules: countRules(inUse),
      loadedAt: new Date(loadedAt).toISOString(),
      files: inUse.files.map(fileOf),
      shadowFiles: inUse.shadow.map(fileOf),
      digestFiles: [...inUse.deny, ...inUse.allow].map(fileOf),
      isOnProbation: this.#rollout.isOnProbation,
      problem: this.#rollout.problem?.detail ?? null,
      sources: this.#schedule.states.map(({ name, checkedAt, problem }) => ({
        name,
        checkedAt: checkedAt === undefined ? null : new Date(checkedAt).toISOString(),
        problem: problem ?? null,
      })),
      hits: this.#tally
        .list()
        .map(({ lastAt, ...hit }) => ({ ...hit, lastAt: new Date(lastAt).toISOString() })),
    };
  }

  /** What an administrator has to look at. */
  reasons(): readonly StatusReason[] {
    const { problem } = this.#rollout;
    const stale: StatusReason[] =
      problem === undefined
        ? []
        : [
            {
              level: 'yellow',
              code: `rules-${problem.outcome}`,
              text: `The newest rules do not judge: ${problem.detail}`,
              remedy: 'Correct the rules; "postern check" names file, line and column.',
            },
          ];
    const sources = this.#schedule.states.flatMap(({ name, problem: what }): StatusReason[] =>
      what === undefined
        ? []
        : [
            {
              level: 'yellow',
              code: 'rule-source',
              text: `The rule source ${name} cannot be used: ${what}`,
              remedy: 'Look at the address, the key and the network; what was fetched before stays in use.',
            },
          ],
    );
    return [...stale, ...sources, ...this.#shared.reasons()];
  }

  /** Old rules are better than none, so a problem is said and the gateway stays ready. */
  readiness(): ReadinessCheck {
    const { problem } = this.#rollout;
    const more = problem === undefined ? '' : `; newer rules ${problem.outcome}: ${problem.detail}`;
    return { name: 'rules', ok: true, detail: `generation ${this.pool.generation}${more}` };
  }
}

/** Threads that have practised and that write down what they scan. */
async function poolWith(
  unfinished: UnfinishedScans,
  config: ScanConfig,
  parts: PoolParts,
): Promise<ScanPool> {
  try {
    return await openPool(config, { ...parts, rehearsalMs: REHEARSAL_MS, record: unfinished.access });
  } catch (error) {
    unfinished.close();
    throw error;
  }
}

function scheduleOf(
  config: ScanConfig,
  sources: ReadonlyMap<string, RuleSource>,
  { metrics, log, clock }: ScanServiceParts,
  onStaged: () => Promise<void>,
): SourceSchedule {
  const scheduled = config.ruleSources.flatMap(({ name, everyMs }) => {
    const source = sources.get(name);
    return source === undefined ? [] : [{ source, everyMs }];
  });
  return new SourceSchedule(scheduled, clock, {
    onStaged,
    onChecked: ({ name, problem, checkedAt }) => {
      metrics.ruleSourceOk.set({ source: name }, problem === undefined ? 1 : 0);
      if (checkedAt !== undefined) {
        metrics.ruleSourceCheckedAt.set({ source: name }, checkedAt / 1_000);
      }
      if (problem !== undefined) {
        log.error({ source: name, problem }, 'a rule source cannot be used; what was fetched before stays');
      }
    },
  });
}

function watcherOf(
  { ruleUpdates }: ScanConfig,
  paths: () => Required<RulePaths>,
  clock: Clock,
  onChange: () => Promise<void>,
): RuleWatcher | undefined {
  const all = (): readonly string[] => {
    const { rules, shadowRules, digests } = paths();
    return [...rules, ...shadowRules, ...digests.deny, ...digests.allow];
  };
  return ruleUpdates.checkMs === 0
    ? undefined
    : new RuleWatcher({ paths: all, everyMs: ruleUpdates.checkMs, clock, onChange });
}

async function atMost(ms: number, work: Promise<void>, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const cancel = clock.after(ms, () => resolve(undefined));
  await Promise.race([work, promise]);
  cancel();
}
