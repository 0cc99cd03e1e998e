import type { ScanReport } from '../../scan/scanner.ts';
import type { Finding } from '../../scan/verdict.ts';
import type { Exclusion, Exclusions } from './exclusions.ts';

/** Who asks for a message, as far as an exclusion may name it. */
export interface ExclusionContext {
  readonly user: string;
  readonly mailbox: string;
  readonly application: { readonly name: string; readonly version: string } | undefined;
}

/** The exclusion that lets a message through before it is scanned. */
export function excludedBeforeScan(exclusions: Exclusions, context: ExclusionContext): Exclusion | undefined {
  const { user, mailbox, application } = context;
  return (
    exclusions.find({ kind: 'user', user }) ??
    exclusions.find({ kind: 'mailbox', user, mailbox }) ??
    (application === undefined ? undefined : exclusions.find({ kind: 'application', ...application }))
  );
}

/** A message that nobody read, because it is excluded. */
export function excludedReport(bytes: number, generation: string): ScanReport {
  return {
    verdict: { kind: 'skipped', reason: 'excluded' },
    guilt: { kind: 'body' },
    sha256: '',
    bytes,
    pieces: 0,
    generation,
    timings: { queueMs: 0, decodeMs: 0, matchMs: 0, totalMs: 0 },
  };
}

export interface ReportAfterExclusions {
  /** What policy decides on. */
  readonly report: ScanReport;
  /** Findings that do not count, to be recorded. */
  readonly ignored: readonly Finding[];
  /** Set when the message is let through because of it. */
  readonly exclusion: Exclusion | undefined;
}

/**
 * Takes out the findings that are excluded by name or digest. When the message itself is excluded, or nothing
 * is left of a verdict that was made of findings only, the message counts as skipped. What could not be scanned
 * stays unscannable: an excluded finding says nothing about the rest of the message.
 */
export function withoutExcluded(exclusions: Exclusions, report: ScanReport): ReportAfterExclusions {
  const { verdict, sha256 } = report;
  const unchanged = { report, ignored: [], exclusion: undefined };
  if (!exclusions.has('detection') && !exclusions.has('digest')) return unchanged;
  const findings = 'findings' in verdict ? verdict.findings : [];
  if (verdict.kind !== 'clean' && verdict.kind !== 'skipped' && sha256 !== '') {
    const exclusion = exclusions.find({ kind: 'digest', sha256 });
    if (exclusion !== undefined) return { report: skipped(report), ignored: findings, exclusion };
  }
  const matches = new Map(findings.flatMap((finding) => excludes(exclusions, finding)));
  if (matches.size === 0) return unchanged;
  const left = findings.filter((finding) => !matches.has(finding));
  const [exclusion] = matches.values();
  const rest = remaining(report, left);
  return {
    report: rest,
    ignored: [...matches.keys()],
    exclusion: rest.verdict.kind === 'skipped' ? exclusion : undefined,
  };
}

function excludes(exclusions: Exclusions, finding: Finding): (readonly [Finding, Exclusion])[] {
  const { namespace, rule, sha256 } = finding;
  const exclusion =
    exclusions.find({ kind: 'detection', namespace, rule }) ?? exclusions.find({ kind: 'digest', sha256 });
  return exclusion === undefined ? [] : [[finding, exclusion]];
}

function remaining(report: ScanReport, findings: readonly Finding[]): ScanReport {
  const { verdict } = report;
  if (verdict.kind === 'unscannable') return { ...report, verdict: { ...verdict, findings } };
  if (findings.length === 0) return skipped(report);
  const isMalicious = findings.some((finding) => finding.class === 'malicious');
  return { ...report, verdict: { kind: isMalicious ? 'malicious' : 'suspicious', findings } };
}

function skipped(report: ScanReport): ScanReport {
  return { ...report, verdict: { kind: 'skipped', reason: 'excluded' } };
}
