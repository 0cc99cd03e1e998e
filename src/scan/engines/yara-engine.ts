import { type Budget, ScanLimitError } from '../budget.ts';
import type { Piece } from '../piece.ts';
import type { Finding, FindingClass, Severity } from '../verdict.ts';
import type { Engine } from './engine.ts';
import { type RulePackage, type RuleWords, unpackRules } from './rule-package.ts';
import { WordSearch } from './word-search.ts';
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
  #found = new WeakMap<Uint8Array, readonly YaraMatch[]>();
  #timeoutMs = 0;

  constructor(rules: YaraRules) {
    this.#rules = rules;
    rules.setMaxMatchesPerPattern(MAX_MATCHES_PER_PATTERN);
  }

  matches(bytes: Uint8Array, budget: Budget): readonly YaraMatch[] {
    budget.checkTime();
    this.#limitTime(budget.remainingMs());
    const found = this.#found.get(bytes);
    this.#found.delete(bytes);
    return found ?? this.#scan(bytes);
  }

  /** As `matches`; the next call for the same bytes gives what this one found. */
  matchesFirst(bytes: Uint8Array, budget: Budget): readonly YaraMatch[] {
    const matches = this.matches(bytes, budget);
    if (matches.length > 0) {
      this.#found.set(bytes, matches);
    }
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

/** Tells quickly that rules find nothing in some bytes; true when they may. */
type Look = (bytes: Uint8Array, budget: Budget) => boolean;

/** A look that is left out for a while when it lets most through. */
class Sieve {
  readonly #look: Look;
  #looks = 0;
  #passed = 0;

  constructor(look: Look) {
    this.#look = look;
  }

  mayMatch(bytes: Uint8Array, budget: Budget): boolean {
    this.#looks += 1;
    if (this.#looks > PAUSE_LOOKS) {
      this.#looks = 1;
      this.#passed = 0;
    }
    const isInTrial = this.#looks <= TRIAL_LOOKS;
    if (!isInTrial && this.#passed * 2 > TRIAL_LOOKS) {
      return true; // to look at each at once is cheaper
    }
    const isPassed = this.#look(bytes, budget);
    this.#passed += isInTrial && isPassed ? 1 : 0;
    return isPassed;
  }
}

/** A look for words, and where there are none at the rules that have none. */
function lookForWords({ words, rest }: RuleWords, binding: YaraBinding): Look {
  const search = new WordSearch(words);
  const others = rest === undefined ? undefined : new RuleScanner(binding.deserialize(rest));
  return (bytes, budget) => {
    budget.checkTime();
    return search.occursIn(bytes) || (others !== undefined && others.matches(bytes, budget).length > 0);
  };
}

/** Weaker rules, and before them what tells most contents apart for less. */
function sievesOf({ sieve, words }: RulePackage, own: RuleScanner, binding: YaraBinding): Sieve[] {
  if (sieve === undefined) {
    return [];
  }
  const weaker = sieve === 'same' ? own : new RuleScanner(binding.deserialize(sieve));
  const first = words === undefined ? [] : [new Sieve(lookForWords(words, binding))];
  return [...first, new Sieve((bytes, budget) => weaker.matchesFirst(bytes, budget).length > 0)];
}

/** Matches every piece against all rules. A rule's `meta` sets `class` and `severity`: malicious and high. */
class YaraEngine implements Engine {
  readonly name = 'yara';
  readonly asksDigest = false;
  readonly mayMatch: Engine['mayMatch'];
  readonly #scanner: RuleScanner;

  /** In each of `sieves` the rules must find something, or they find nothing. */
  constructor(scanner: RuleScanner, sieves: readonly Sieve[]) {
    this.#scanner = scanner;
    this.mayMatch =
      sieves.length === 0
        ? undefined
        : (bytes, budget) => sieves.every((sieve) => sieve.mayMatch(bytes, budget));
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
  const unpacked = unpackRules(serialised);
  const scanner = new RuleScanner(binding.deserialize(unpacked.rules));
  return new YaraEngine(scanner, sievesOf(unpacked, scanner, binding));
}
