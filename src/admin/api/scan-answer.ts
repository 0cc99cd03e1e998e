import type { z } from 'zod';
import type { ScanReport } from '../../scan/scanner.ts';
import type { scanSchema } from './schemas.ts';

/** The same object as a line of `postern scan --json`. */
export function scanAnswer(file: string, report: ScanReport): z.input<typeof scanSchema> {
  const { verdict, sha256, bytes, pieces, timings } = report;
  const findings = 'findings' in verdict ? verdict.findings : [];
  return {
    file,
    verdict: verdict.kind,
    cause: verdict.kind === 'unscannable' ? verdict.cause : null,
    findings: findings.map(({ engine, rule, namespace, class: findingClass, part }) => ({
      engine,
      rule,
      namespace,
      class: findingClass,
      part,
    })),
    sha256,
    bytes,
    pieces,
    ms: Math.round(timings.totalMs * 1_000) / 1_000,
  };
}
