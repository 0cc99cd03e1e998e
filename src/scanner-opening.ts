import { systemClock } from './base/clock.ts';
import type { Logger } from './base/log.ts';
import { pathsOf, type StagedRules } from './rule-paths.ts';
import { loadRuleSet } from './rules/rule-loader.ts';
import { countRules, type RuleSet } from './rules/rule-set.ts';
import { openPool, type ScanConfig } from './scan-pool-opening.ts';
import type { Scanner } from './scan/scanner.ts';
import type { ScanPool } from './workers/scan-pool.ts';

export interface OpenedScanner {
  readonly scanner: Scanner;
  readonly ruleCount: number;
  close(): Promise<void>;
}

/** The HTTP client of the sources takes a tenth of a second to load; where there is no source, it is not. */
async function stagedRules(config: ScanConfig): Promise<StagedRules> {
  return config.ruleSources.length === 0 ? new Map() : (await import('./rule-sources.ts')).sourcesOf(config);
}

/** What a command wants of its scanner. */
export interface ScannerUse {
  /** Nobody neutralises what was scanned. Default: no. */
  readonly verdictsOnly?: boolean;
}

/** The scanning threads without a gateway, for commands. Nothing is fetched: what was staged counts. */
export async function openScanPool(
  config: ScanConfig,
  log: Logger,
  use: ScannerUse = {},
): Promise<{ pool: ScanPool; rules: RuleSet }> {
  const rules = await loadRuleSet(pathsOf(config, await stagedRules(config)));
  const pool = await openPool(config, { rules, hooks: {}, clock: systemClock, log, isAlone: true, ...use });
  return { pool, rules };
}

/** A scanner without a gateway, for commands. */
export async function openScanner(config: ScanConfig, log: Logger, use?: ScannerUse): Promise<OpenedScanner> {
  const { pool, rules } = await openScanPool(config, log, use);
  return { scanner: pool, ruleCount: countRules(rules), close: () => pool.close() };
}
