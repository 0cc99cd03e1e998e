import type { ScanReport } from '../../scan/scanner.ts';

/** Rule and piece names come from rule authors and from attackers: bounded so that the notice stays readable. */
const MAX_NAME_CHARACTERS = 80;

/**
 * The ASCII text that is written over guilty bytes: letters, digits, blanks and `,.:/_-` only, one line,
 * never two hyphens in a row (a MIME boundary look-alike). At most about 300 characters.
 */
export function replacementNotice(report: ScanReport, scanId: string): string {
  return `[Postern removed this content. ${reason(report)} The original is kept in quarantine. Scan ${plain(scanId)}.] `;
}

function reason(report: ScanReport): string {
  const { verdict } = report;
  const finding = 'findings' in verdict ? verdict.findings[0] : undefined;
  if (finding !== undefined) return `Rule ${plain(finding.rule)} matched in part ${plain(finding.part)}.`;
  if (verdict.kind === 'unscannable') return `It could not be scanned: ${verdict.cause}.`;
  return 'It is not allowed here.';
}

function plain(name: string): string {
  const cut = name.slice(0, MAX_NAME_CHARACTERS);
  const safe = cut.replace(/[^A-Za-z0-9 ,.:/_-]/g, '_').replace(/-{2,}/g, '-');
  return safe.length < name.length ? `${safe}...` : safe;
}
