import { type Budget, ScanLimitError } from '../budget.ts';
import type { Piece } from '../piece.ts';
import type { Finding, FindingClass, Severity } from '../verdict.ts';
import type { Engine } from './engine.ts';
import { unpackRules } from './rule-package.ts';
import { loadYara, type YaraBinding, type YaraMatch, type YaraRules } from './yara-binding.ts';

/** Ticks of the engine's clock; a timeout fires up to one tick early. */
const TICK_MS = 1_000;
/** Below two ticks a healthy scan that meets a tick is cancelled. */
const MIN_TIMEOUT_MS = 2_000;
/** `"aa"` on 8 MB of `a` cost 336 MB with the engine's default of a million matches. */
export const MAX_MATCHES_PER_PATTERN = 1_000;

const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

function classOf(meta: YaraMatch['meta']): FindingClass {
  return meta['class'] === 'suspicious' ? 'suspicious' : 'malicious';
}

function severityOf(meta: YaraMatch['meta']): Severity {
  return SEVERITIES.find((severity) => severity === meta['severity']) ?? 'high';
}

/** The engine's timeout for what is left of the budget, in whole ticks so that it seldom changes. */
export function engineTimeoutMs(remainingMs: number): number {
  return Math.max(MIN_TIMEOUT_MS, Math.ceil((remainingMs + TICK_MS) / TICK_MS) * TICK_MS);
}

function scanFailure(reason: unknown): ScanLimitError {
  const isTimeout = reason instanceof Error && 'code' in reason && reason.code === 'Cancelled';
  return isTimeout
    ? new ScanLimitError('timeout', 'the rules took too long on one piece')
    : new ScanLimitError('engine-failed', 'the rule engine failed on one piece');
}

/** Rules as the binding holds them, within the time that a budget leaves. */
class RuleScanner {
  readonly #rules: YaraRules;
  /** Weak: a worker that waits keeps no mail. */
  #found: { readonly bytes: WeakRef<Uint8Array>; readonly matches: readonly YaraMatch[] } | undefined;
  #timeoutMs = 0;

  constructor(rules: YaraRules) {
    this.#rules = rules;
    rules.setMaxMatchesPerPattern(MAX_MATCHES_PER_PATTERN);
  }

  matches(bytes: Uint8Array, budget: Budget): readonly YaraMatch[] {
    budget.checkTime();
    this.#limitTime(budget.remainingMs());
    const [known, found] = [this.#found?.bytes.deref(), this.#found?.matches];
    this.#found = undefined;
    return known === bytes && found !== undefined ? found : this.#scan(bytes);
  }

  /** As `matches`; the next call for the same bytes gives what this one found. */
  matchesFirst(bytes: Uint8Array, budget: Budget): readonly YaraMatch[] {
    const matches = this.matches(bytes, budget);
    this.#found = matches.length > 0 ? { bytes: new WeakRef(bytes), matches } : undefined;
    return matches;
  }

  /** Setting a timeout makes the binding build a new scanner (0.3 ms with 500 rules), so only on change. */
  #limitTime(remainingMs: number): void {
    const timeoutMs = engineTimeoutMs(remainingMs);
    if (timeoutMs !== this.#timeoutMs) {
      this.#rules.setTimeout(timeoutMs);
      this.#timeoutMs = timeoutMs;
    }
  }

  #scan(bytes: Uint8Array): readonly YaraMatch[] {
    try {
      return this.#rules.scan(bytes);
    } catch (reason) {
      throw scanFailure(reason);
    }
  }
}

/** Looks through a sieve after which it is known whether it holds anything back, and before which it is tried again. */
const TRIAL_LOOKS = 64;
const PAUSE_LOOKS = 1_024;

/** Rules that are weaker than others: where these find nothing, those do not either. */
class Sieve {
  readonly #scanner: RuleScanner;
  #looks = 0;
  #passed = 0;

  constructor(scanner: RuleScanner) {
    this.#scanner = scanner;
  }

  mayMatch(bytes: Uint8Array, budget: Budget): boolean {
    this.#looks += 1;
    if (this.#looks > PAUSE_LOOKS) {
      this.#looks = 1;
      this.#passed = 0;
    }
    const isInTrial = this.#looks <= TRIAL_LOOKS;
    if (!isInTrial && this.#passed * 2 > TRIAL_LOOKS) {
      return true; // it lets most through: to look at each at once is cheaper
    }
    const isPassed = this.#scanner.matchesFirst(bytes, budget).length > 0;
    this.#passed += isInTrial && isPassed ? 1 : 0;
    return isPassed;
  }
}

/** Matches every piece against all rules. A rule's `meta` sets `class` and `severity`: malicious and high. */
class YaraEngine implements Engine {
  readonly name = 'yara';
  readonly asksDigest = false;
  readonly mayMatch: Engine['mayMatch'];
  readonly #scanner: RuleScanner;

  constructor(scanner: RuleScanner, sieve: Sieve | undefined) {
    this.#scanner = scanner;
    this.mayMatch = sieve === undefined ? undefined : (bytes, budget) => sieve.mayMatch(bytes, budget);
  }

  inspect(piece: Piece, sha256: string, budget: Budget): readonly Finding[] {
    return this.#scanner.matches(piece.bytes, budget).map((match) => ({
      engine: this.name,
      rule: match.ruleIdentifier,
      namespace: match.namespace,
      class: classOf(match.meta),
      severity: severityOf(match.meta),
      part: piece.path,
      sha256,
    }));
  }
}

/**
 * An engine over rules that `compileRules` wrote. Throws when the bytes are not rules of this version.
 * `binding` is for tests of what the real one does not do on demand.
 */
export function createYaraEngine(serialised: Uint8Array, binding: YaraBinding = loadYara()): Engine {
  const { rules, sieve } = unpackRules(serialised);
  const scanner = new RuleScanner(binding.deserialize(rules));
  const weaker =
    sieve === undefined || sieve === 'same' ? scanner : new RuleScanner(binding.deserialize(sieve));
  return new YaraEngine(scanner, sieve === undefined ? undefined : new Sieve(weaker));
}
