import type { ScanReport } from '../../scan/scanner.ts';
import type { Action } from './action.ts';

/** Names come from rule authors and file names from attackers; a subject has room for one short name. */
const MAX_NAME_CHARACTERS = 60;

/** What the places of a subject template stand for. */
export interface TagValues {
  readonly DETECTIONNAME: string;
  readonly ACTION: string;
  readonly VERDICT: string;
  readonly SCANID: string;
}

/** Visible ASCII that no header reader gives a meaning: no line end, no encoded word, no list or route syntax. */
function headerSafe(text: string): string {
  const cut = text.slice(0, MAX_NAME_CHARACTERS);
  return cut.replace(/[^A-Za-z0-9 ./_+@-]/gu, '_').trim();
}

export function tagValues(report: ScanReport, action: Action, scanId: string): TagValues {
  const { verdict } = report;
  const [finding] = 'findings' in verdict ? verdict.findings : [];
  const cause = verdict.kind === 'unscannable' ? verdict.cause : verdict.kind;
  return {
    DETECTIONNAME: headerSafe(finding?.rule ?? cause),
    ACTION: action,
    VERDICT: verdict.kind,
    SCANID: headerSafe(scanId),
  };
}

/** The template with its places filled; bounded by the schema, one line of ASCII, no blank at either end. */
export function subjectTag(template: string, values: TagValues): string {
  const filled = template.replaceAll(
    /%(DETECTIONNAME|ACTION|VERDICT|SCANID)%/gu,
    (_, name: keyof TagValues) => values[name],
  );
  return filled.trim();
}

/** Header lines that say what was done, for filters of the client. Each ends in CRLF and is below 200 characters. */
export function resultHeaders(report: ScanReport, values: TagValues): string {
  const { verdict } = report;
  const [finding] = 'findings' in verdict ? verdict.findings : [];
  const rule =
    finding === undefined
      ? ''
      : `X-Postern-Rule: ${headerSafe(finding.namespace)}/${values.DETECTIONNAME}\r\n`;
  return `X-Postern-Result: ${values.VERDICT}; action=${values.ACTION}; scan=${values.SCANID}\r\n${rule}`;
}
