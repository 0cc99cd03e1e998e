import type { Logger } from './base/log.ts';
import { countRules } from './rules/rule-set.ts';
import type { Scanner } from './scan/scanner.ts';
import type { ScanConfig } from './scan-pool-opening.ts';
import { openScanPool } from './scan-service.ts';

export interface OpenedScanner {
  readonly scanner: Scanner;
  readonly ruleCount: number;
  close(): Promise<void>;
}

/** A scanner without a gateway, for commands. */
export async function openScanner(config: ScanConfig, log: Logger): Promise<OpenedScanner> {
  const { pool, rules } = await openScanPool(config, log);
  return { scanner: pool, ruleCount: countRules(rules), close: () => pool.close() };
}
