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

/** Matches every piece against all rules. A rule's `meta` sets `class` and `severity`: malicious and high. */
class YaraEngine implements Engine {
  readonly name = 'yara';
  readonly asksDigest = false;
  readonly mayMatch: Engine['mayMatch'];
  readonly #rules: YaraRules;
  #timeoutMs = 0;

  constructor(rules: YaraRules, isJoinable: boolean) {
    this.#rules = rules;
    this.mayMatch = isJoinable ? (bytes, budget) => this.#matches(bytes, budget).length > 0 : undefined;
    rules.setMaxMatchesPerPattern(MAX_MATCHES_PER_PATTERN);
  }

  inspect(piece: Piece, sha256: string, budget: Budget): readonly Finding[] {
    return this.#matches(piece.bytes, budget).map((match) => ({
      engine: this.name,
      rule: match.ruleIdentifier,
      namespace: match.namespace,
      class: classOf(match.meta),
      severity: severityOf(match.meta),
      part: piece.path,
      sha256,
    }));
  }

  #matches(bytes: Uint8Array, budget: Budget): readonly YaraMatch[] {
    budget.checkTime();
    this.#limitTime(budget.remainingMs());
    return this.#scan(bytes);
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

/**
 * An engine over rules that `compileRules` wrote. Throws when the bytes are not rules of this version.
 * `binding` is for tests of what the real one does not do on demand.
 */
export function createYaraEngine(serialised: Uint8Array, binding: YaraBinding = loadYara()): Engine {
  const { rules, isJoinable } = unpackRules(serialised);
  return new YaraEngine(binding.deserialize(rules), isJoinable);
}
