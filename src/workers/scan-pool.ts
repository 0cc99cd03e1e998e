import { availableParallelism } from 'node:os';
import { type Clock, systemClock } from '../base/clock.ts';
import { GatewayError } from '../base/errors.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { ScanLimits } from '../scan/budget.ts';
import type { Guilt, Located, MessageBytes, Patch, ScanReport, ScanRequest } from '../scan/scanner.ts';
import { Dispatcher } from './dispatcher.ts';
import { ErrandDesk } from './errand-desk.ts';
import { type PoolHooks, type PoolState, shieldedHooks } from './pool-hooks.ts';
import { compileRuleSet } from './rule-compiler.ts';
import { tryRules } from './rule-trial.ts';
import type { ClamdOptions, CompiledRuleSet, NamedContent } from './scan-job.ts';
import { ScanSquad } from './scan-squad.ts';
import type { JudgeOptions, JudgingScanner } from './judging-scanner.ts';
import { createSelfTest, isFound, type SelfTest } from './self-test.ts';
import type { RecordAccess } from './unfinished/scan-record.ts';
import { termsDigest } from './unfinished/suspects.ts';
import { unlessAborted } from './unless-aborted.ts';

export interface ScanPoolOptions {
  readonly rules: RuleSet;
  /** Scanning threads; see `defaultWorkers`. */
  readonly workers: number;
  /** Heap of one thread, MB. */
  readonly workerHeapMb: number;
  /** Scans that may wait; above it they are `overloaded` at once. */
  readonly maxQueue: number;
  /** One scan in a worker, milliseconds; past it the verdict is `timeout` and the thread is given up. */
  readonly timeoutMs: number;
  /** From request to verdict, milliseconds; what waits too long for that is `overloaded`. */
  readonly deadlineMs: number;
  /** `timeMs` is lowered where needed, so that a scan ends by itself before its thread is given up. */
  readonly limits: ScanLimits;
  /** Default `auto`; see the pipeline. */
  readonly readers?: 'auto' | 'both';
  /** Milliseconds of the processor that each thread scans practice mail for before it gets any. Default: not at all. */
  readonly rehearsalMs?: number;
  /**
   * Nobody else is served by the thread that asks, so that it may wait for the others: there is no courier between.
   * Default: no.
   */
  readonly isAlone?: boolean;
  /** Nobody neutralises what was scanned; see the pipeline. Default: no. */
  readonly verdictsOnly?: boolean;
  /** A second engine; absent: none. */
  readonly clamd?: ClamdOptions;
  /** Obey `X-Postern-Fault` in messages. For tests only. */
  readonly faults?: boolean;
  /** Where threads write what they scan, for the time after an end of the process; absent: nowhere. */
  readonly record?: RecordAccess | undefined;
  readonly hooks?: PoolHooks;
  readonly clock?: Clock;
}

/** The scanner whose work is done in threads. */
export interface ScanPool extends JudgingScanner {
  /**
   * Compiles, vets and tests a rule set in threads of its own, then swaps it in; scans that run finish under
   * the set they began with. Rejects with `RULES_INVALID` (or `INTERNAL`) and keeps the set in use: also when the
   * new one calls ordinary mail malicious, or misses the EICAR test file that the one in use finds.
   */
  replaceRules(set: RuleSet): Promise<void>;
  stats(): PoolState;
  /** Do the rules in use find the EICAR test file? */
  readonly findsEicar: boolean;
  /**
   * Does the pool find what it must and nothing else? While scans wait the last outcome stands, because a busy
   * pool is not a broken one.
   */
  selfTest(): Promise<boolean>;
  /** Waiting scans end as `overloaded`, running ones as `engine-failed`; threads end. Idempotent. */
  close(): Promise<void>;
}

/** At least two, so that one slow message never stops everybody; one core is left to the sessions. */
export function defaultWorkers(cores = availableParallelism()): number {
  return Math.max(2, cores - 1);
}

/** The engine stops up to a second after the scan's own limit. */
const ENGINE_LAG_MS = 1_000;

function withInnerTime(limits: ScanLimits, timeoutMs: number): ScanLimits {
  const innerMs = Math.max(timeoutMs - ENGINE_LAG_MS, timeoutMs * 0.8);
  return { ...limits, timeMs: Math.min(limits.timeMs, innerMs) };
}

/** Threads of one rule set that have proved themselves. */
interface RaisedSquad {
  readonly squad: ScanSquad;
  /** Kept to raise the same squad again without compiling. */
  readonly compiled: CompiledRuleSet;
  readonly findsEicar: boolean;
}

interface RaiseOptions {
  readonly test: SelfTest;
  readonly signal: AbortSignal;
  /** What is in use; undefined at the start. */
  readonly inUse: RaisedSquad | undefined;
  /** What `set` was compiled to before. */
  readonly known: CompiledRuleSet | undefined;
}

/** Builds the threads of one rule set and proves that they work. Throws `RULES_INVALID` or `INTERNAL`. */
async function raiseSquad(
  options: ScanPoolOptions,
  set: RuleSet,
  { test, signal, inUse, known }: RaiseOptions,
): Promise<RaisedSquad> {
  const { workers, workerHeapMb, limits, timeoutMs, readers, clamd, faults } = options;
  const { clock = systemClock, rehearsalMs = 0, isAlone = false, record } = options;
  const compiled = known ?? (await compileRuleSet(set, [test.rule], { clock, signal }));
  const squad = new ScanSquad({
    generation: set.generation,
    threads: workers,
    heapMb: workerHeapMb,
    data: {
      ...compiled,
      limits: withInnerTime(limits, timeoutMs),
      clamd,
      readers: readers ?? 'auto',
      verdictsOnly: options.verdictsOnly ?? false,
      faults: faults ?? false,
      threads: workers,
      ...(record && { record: { access: record, rules: termsDigest(set.generation) } }),
    },
    clock,
    isDistant: !isAlone,
  });
  // What judged before need not find more than it did.
  const mustFindEicar = known === undefined && inUse?.findsEicar === true;
  try {
    await squad.warm(test);
    const findsEicar = await tryRules(squad, mustFindEicar);
    if (rehearsalMs > 0) await squad.rehearse(rehearsalMs);
    return { squad, compiled, findsEicar };
  } catch (reason) {
    await squad.destroy();
    throw reason;
  }
}

class ThreadedScanPool implements ScanPool {
  readonly #options: ScanPoolOptions;
  readonly #test: SelfTest;
  readonly #errands: ErrandDesk;
  readonly #dispatcher: Dispatcher;
  /** What judges now, and what judged before: going back compiles nothing. */
  #inUse: RaisedSquad;
  #before: RaisedSquad | undefined;
  /** All squads whose threads live: the active one, and those that finish their last scans. */
  readonly #squads: Set<ScanSquad>;
  /** Replacements happen one after the other. */
  #replacing: Promise<void> = Promise.resolve();
  /** Outcome of the last self-test; a squad is only used after it passed one. */
  #passed = true;
  readonly #closing = new AbortController();

  constructor(options: ScanPoolOptions, raised: RaisedSquad, test: SelfTest) {
    const { squad } = raised;
    this.#inUse = raised;
    const { maxQueue, timeoutMs, deadlineMs, clock = systemClock } = options;
    const hooks = shieldedHooks(options.hooks ?? {});
    this.#options = options;
    this.#test = test;
    this.#squads = new Set([squad]);
    this.#dispatcher = new Dispatcher(squad, { maxQueue, timeoutMs, deadlineMs, clock, hooks });
    this.#errands = new ErrandDesk({
      maxPending: maxQueue,
      timeoutMs,
      clock,
      onFailure: hooks.onTaskFailure,
    });
  }

  get generation(): string {
    return this.#dispatcher.generation;
  }

  scan(request: ScanRequest, signal?: AbortSignal): Promise<ScanReport> {
    return unlessAborted(this.judge(request, { leave: signal }), signal);
  }

  judge(request: ScanRequest, options: JudgeOptions = {}): Promise<ScanReport> {
    return this.#dispatcher.submit(request, options);
  }

  neutralise(message: MessageBytes, guilt: Guilt, notice: string): Promise<readonly Patch[]> {
    return this.#errands.neutralise(message, guilt, notice);
  }

  locate(message: MessageBytes, needle: MessageBytes): Promise<Located> {
    return this.#errands.locate(message, needle);
  }

  name(message: MessageBytes): Promise<NamedContent | undefined> {
    return this.#errands.name(message);
  }

  digest(message: MessageBytes): Promise<string | undefined> {
    return this.#errands.digest(message);
  }

  get findsEicar(): boolean {
    return this.#inUse.findsEicar;
  }

  stats(): PoolState {
    return this.#dispatcher.state();
  }

  async replaceRules(set: RuleSet): Promise<void> {
    const replaced = this.#replacing.then(async () => await this.#replace(set));
    this.#replacing = replaced.catch(() => undefined);
    await replaced;
  }

  async selfTest(): Promise<boolean> {
    if (this.stats().queued === 0) {
      this.#passed = await this.#runSelfTest();
    }
    return this.#passed;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#dispatcher.close();
    await Promise.all([...this.#squads].map(async (squad) => await squad.destroy()));
    await this.#errands.close();
    await this.#replacing;
  }

  async #runSelfTest(): Promise<boolean> {
    const [guilty, innocent] = await Promise.all([
      this.#judgeTest(this.#test.guilty),
      this.#judgeTest(this.#test.innocent),
    ]);
    return isFound(guilty.verdict) && innocent.verdict.kind === 'clean';
  }

  #judgeTest(message: MessageBytes): Promise<ScanReport> {
    const request = { id: 'self-test', subject: 'message', message, lane: 'interactive', user: '' } as const;
    return this.#dispatcher.submit(request, { isTest: true });
  }

  async #replace(set: RuleSet): Promise<void> {
    this.#refuseWhenClosed();
    if (set.generation === this.generation) {
      return;
    }
    const raised = await raiseSquad(this.#options, set, {
      test: this.#test,
      signal: this.#closing.signal,
      inUse: this.#inUse,
      known: set.generation === this.#before?.squad.generation ? this.#before.compiled : undefined,
    });
    const { squad } = raised;
    if (this.#closing.signal.aborted) {
      await squad.destroy();
      this.#refuseWhenClosed();
    }
    this.#before = this.#inUse;
    this.#inUse = raised;
    this.#squads.add(squad);
    void this.#retire(this.#dispatcher.replaceSquad(squad));
  }

  #refuseWhenClosed(): void {
    if (this.#closing.signal.aborted) {
      throw new GatewayError('INTERNAL', 'the scan pool is closed');
    }
  }

  async #retire(squad: ScanSquad): Promise<void> {
    await squad.idle();
    await squad.destroy();
    this.#squads.delete(squad);
  }
}

/**
 * Compiles the rules, starts and tests the threads. Throws `RULES_INVALID` with file, line, column and code, or
 * `INTERNAL` when threads do not start.
 */
export async function createScanPool(options: ScanPoolOptions): Promise<ScanPool> {
  const test = createSelfTest();
  const { signal } = new AbortController();
  const raised = await raiseSquad(options, options.rules, {
    test,
    signal,
    inUse: undefined,
    known: undefined,
  });
  return new ThreadedScanPool(options, raised, test);
}
