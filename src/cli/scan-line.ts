import type { ScanReport } from '../scan/scanner.ts';
import type { Finding, Verdict } from '../scan/verdict.ts';
import { printable } from './terminal-text.ts';

function findingsOf(verdict: Verdict): readonly Finding[] {
  return 'findings' in verdict ? verdict.findings : [];
}

function causeOf(verdict: Verdict): string | null {
  return verdict.kind === 'unscannable' ? verdict.cause : null;
}

/** Of the scan itself: how long it waited for a thread says nothing of the message. */
function milliseconds({ timings: { totalMs, queueMs } }: ScanReport): number {
  return Math.round((totalMs - queueMs) * 1000) / 1000;
}

/** The line of `scan --json`. Its fields are a promise to scripts. */
export function formatJsonLine(file: string, report: ScanReport): string {
  const { verdict, sha256, bytes, pieces } = report;
  const findings = findingsOf(verdict).map((finding) => ({
    engine: finding.engine,
    rule: finding.rule,
    namespace: finding.namespace,
    class: finding.class,
    part: finding.part,
  }));
  const line = {
    file,
    verdict: verdict.kind,
    cause: causeOf(verdict),
    findings,
    sha256,
    bytes,
    pieces,
    ms: milliseconds(report),
  };
  return `${JSON.stringify(line)}\n`;
}

const VERDICT_WIDTH = 'unscannable'.length;
const CAUSE_WIDTH = 'engine-failed'.length;
const BYTES_WIDTH = 11;
const PIECES_WIDTH = 6;
const MS_WIDTH = 10;

function row(verdict: string, cause: string, bytes: string, pieces: string, ms: string): string {
  const left = `${verdict.padEnd(VERDICT_WIDTH)}  ${cause.padEnd(CAUSE_WIDTH)}`;
  return `${left}  ${bytes.padStart(BYTES_WIDTH)}  ${pieces.padStart(PIECES_WIDTH)}  ${ms.padStart(MS_WIDTH)}`;
}

export const TABLE_TITLES = `${row('VERDICT', 'CAUSE', 'BYTES', 'PIECES', 'MS')}  FILE\n`;

/** A line of the table, and an indented one for each finding. Widths are fixed, so lines can be written at once. */
export function formatTableLines(file: string, report: ScanReport): string {
  const { verdict, bytes, pieces } = report;
  const columns = row(
    verdict.kind,
    causeOf(verdict) ?? '',
    String(bytes),
    String(pieces),
    milliseconds(report).toFixed(1),
  );
  const details = findingsOf(verdict).map(
    ({ engine, namespace, rule, class: findingClass, part }) =>
      `${findingClass} ${engine} ${namespace}/${rule} in ${part}`,
  );
  const detail = verdict.kind === 'unscannable' && verdict.detail !== undefined ? [verdict.detail] : [];
  const indented = [...detail, ...details].map((text) => `    ${printable(text)}\n`);
  return [`${columns}  ${printable(file)}\n`, ...indented].join('');
}
