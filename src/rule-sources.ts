import { RuleSource } from './rules/rule-source.ts';
import type { ScanConfig } from './scan-pool-opening.ts';

/** The sources of rules that the configuration names. Loads an HTTP client with it. */
export function sourcesOf({ ruleSources, ruleUpdates }: ScanConfig): Map<string, RuleSource> {
  return new Map(
    ruleSources.map((options) => [options.name, new RuleSource({ ...options, folder: ruleUpdates.path })]),
  );
}
