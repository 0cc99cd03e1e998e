import type { RulePaths } from './rules/rule-loader.ts';
import type { ScanConfig } from './scan-pool-opening.ts';

/** What a source of rules has fetched, by its name. */
export type StagedRules = ReadonlyMap<string, { readonly staged: string | undefined }>;

/** The paths that count now: what is configured, and what was fetched. */
export function pathsOf(config: ScanConfig, sources: StagedRules): Required<RulePaths> {
  const staged = (isShadow: boolean): string[] =>
    config.ruleSources
      .filter(({ shadow }) => shadow === isShadow)
      .flatMap(({ name }) => sources.get(name)?.staged ?? []);
  return {
    rules: [...config.rules, ...staged(false)],
    shadowRules: [...config.shadowRules, ...staged(true)],
    digests: config.scan.digests,
  };
}
