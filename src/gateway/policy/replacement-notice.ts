import type { ScanReport } from '../../scan/scanner.ts';
import { DEFAULT_WORDING, type NoticeWording, WORDS, type Words } from './notice-wording.ts';

/** Rule and piece names come from rule authors and from attackers: bounded so that the notice stays readable. */
const MAX_NAME_CHARACTERS = 80;
/** Enough of the SHA-256 to find the original by; people read it over the telephone. */
const DIGEST_CHARACTERS = 16;

/**
 * The ASCII text that is written over guilty bytes: letters, digits, blanks and `,.:/_@+()-` only, one line, in
 * brackets, never two hyphens in a row (a MIME boundary look-alike). At most about 1,000 characters.
 */
export function replacementNotice(
  report: ScanReport,
  scanId: string,
  wording: NoticeWording = DEFAULT_WORDING,
): string {
  const words = WORDS[wording.language];
  const [finding] = findingsOf(report);
  const filled: Readonly<Record<string, string>> = {
    reason: reason(report, words),
    rule: finding === undefined ? '' : plain(finding.rule),
    piece: finding === undefined ? '' : plain(finding.part),
    digest: report.sha256.slice(0, DIGEST_CHARACTERS),
    scan: plain(scanId),
    contact: wording.contact,
  };
  const text = fill(wording.text ?? words.notice, filled);
  return `[${text.replace(/-{2,}/g, '-').trim()}] `;
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{(?<place>[a-z]+)\}/g, (_, place: string) => values[place] ?? '');
}

const findingsOf = ({ verdict }: ScanReport) => ('findings' in verdict ? verdict.findings : []);

function reason(report: ScanReport, words: Words): string {
  const { verdict } = report;
  const [finding] = findingsOf(report);
  if (finding !== undefined) {
    return fill(words.matched, { rule: plain(finding.rule), piece: plain(finding.part) });
  }
  if (verdict.kind === 'unscannable') return fill(words.unscannable, { cause: verdict.cause });
  return words.refused;
}

function plain(name: string): string {
  const cut = name.slice(0, MAX_NAME_CHARACTERS);
  const safe = cut.replace(/[^A-Za-z0-9 ,.:/_-]/g, '_').replace(/-{2,}/g, '-');
  return safe.length < name.length ? `${safe}...` : safe;
}
