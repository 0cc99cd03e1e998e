import type { Clock } from './base/clock.ts';
import type { Logger } from './base/log.ts';
import type { Metrics } from './base/metrics.ts';
import { countRules, type RuleSet } from './rules/rule-set.ts';
import type { ScanReport } from './scan/scanner.ts';
import type { PoolHooks } from './workers/dispatcher.ts';
import type { RuleRollout } from './workers/rule-rollout.ts';
import type { ScanPool } from './workers/scan-pool.ts';

/* What scanning tells: metrics and log lines, on the main thread. */

export interface Recording {
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
}

/** Workers only report; what is measured of them is recorded here, on the main thread. */
export function poolHooks(metrics: Metrics, log: Logger, onReport: (report: ScanReport) => void): PoolHooks {
  return {
    onReport: (report) => {
      metrics.scanQueue.observe(report.timings.queueMs / 1_000);
      metrics.scanDecode.observe(report.timings.decodeMs / 1_000);
      metrics.scanMatch.observe(report.timings.matchMs / 1_000);
      metrics.scanTotal.observe(report.timings.totalMs / 1_000);
      metrics.scanBytes.inc(report.bytes);
      metrics.scanPieces.inc(report.pieces);
      findingsOf(report).forEach((finding) =>
        metrics.findings.inc({ engine: finding.engine, class: finding.class }),
      );
      recordObservations(report, metrics, log);
      onReport(report);
    },
    onTaskFailure: (cause) => {
      metrics.poolRestarts.inc({ cause });
      log.warn({ cause }, 'a scan task ended without an answer');
    },
    onState: (state) => {
      metrics.poolQueue.set(state.queued);
      metrics.poolUtilisation.set(state.utilisation);
      metrics.poolWorkers.set(state.workers);
    },
  };
}

export function findingsOf({ verdict }: ScanReport) {
  return 'findings' in verdict ? verdict.findings : [];
}

function recordObservations({ observed, sha256 }: ScanReport, metrics: Metrics, log: Logger): void {
  for (const finding of observed?.shadow ?? []) {
    metrics.shadowFindings.inc({ class: finding.class });
    const { namespace, rule, part } = finding;
    log.info({ namespace, rule, part, class: finding.class, sha256 }, 'a rule on trial matched');
  }
  for (const { engine, cause } of observed?.ignored ?? []) {
    metrics.enginesIgnored.inc({ engine, cause });
  }
}

export function recordRules(metrics: Metrics, rules: RuleSet, clock: Clock): void {
  metrics.ruleGeneration.reset();
  metrics.ruleGeneration.set({ generation: rules.generation }, 1);
  metrics.rules.set(countRules(rules));
  metrics.rulesLoadedAt.set(clock.now() / 1_000);
}

type OutcomeHook = ConstructorParameters<typeof RuleRollout>[0]['hooks']['onOutcome'];

export function recordOutcome(
  [outcome, set, detail]: Parameters<OutcomeHook>,
  { metrics, log, clock }: Recording,
): void {
  metrics.ruleReloads.inc({ outcome });
  metrics.ruleProblem.set(outcome === 'refused' || outcome === 'rolled-back' ? 1 : 0);
  if (outcome === 'applied' && set !== undefined) {
    recordRules(metrics, set, clock);
    log.info({ generation: set.generation, rules: countRules(set) }, 'new rules are in use');
  } else if (outcome === 'rolled-back' && set !== undefined) {
    recordRules(metrics, set, clock);
    log.error({ generation: set.generation, reason: detail }, 'went back to the rules before');
  } else if (outcome === 'refused') {
    log.error({ problem: detail }, 'new rules are refused; the rules in use stay');
  }
}

export function warnWithoutEicar(pool: ScanPool, log: Logger): void {
  if (!pool.findsEicar) {
    log.warn({}, 'the rules do not find the EICAR test file, so nobody can test this gateway with it');
  }
}
