import type { JudgedMessage } from '../history/judgement-log.ts';
import type { Severity, Verdict } from '../scan/verdict.ts';

/** In rising order. */
export const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

/** Names come from attackers and rule authors; a longer one helps nobody. */
const MAX_NAME_CHARACTERS = 100;
/** Enough to see what was found; the console has all. */
export const MAX_LISTED = 10;

/** One content, however often and by whomever it was fetched. Every text is one line without control characters. */
export interface Alert {
  /** SHA-256 of the raw message, lower-case hex; empty when it could not be read. */
  readonly sha256: string;
  readonly severity: Severity;
  readonly verdict: Verdict['kind'];
  /** Why it could not be scanned; empty when it was. */
  readonly cause: string;
  readonly rules: readonly string[];
  /** ISO 8601 UTC. */
  readonly firstAt: string;
  readonly lastAt: string;
  /** Fetches since the last alert for this content. */
  readonly fetches: number;
  /** How many of those had which end. */
  readonly actions: Readonly<Record<string, number>>;
  readonly users: readonly string[];
  /** True when there are more users than are listed. */
  readonly moreUsers: boolean;
  readonly protocols: readonly string[];
  readonly scanId: string;
  readonly generation: string;
}

/** What is sent together. */
export interface AlertBatch {
  /** The same in every attempt, so that a receiver can tell a repetition. */
  readonly id: string;
  readonly alerts: readonly Alert[];
  /** Contents that were too many to be told one by one. */
  readonly unlisted: number;
}

/** Undefined: nothing to tell anybody. */
export function severityOf({ verdict }: JudgedMessage): Severity | undefined {
  if (verdict.kind === 'clean' || verdict.kind === 'skipped') return undefined;
  const found = verdict.findings.map(({ severity }) => severity);
  if (verdict.kind !== 'unscannable') return worstOf(found);
  // Everyday mail: what is encrypted or very large is in the unscanned ledger.
  const isEveryday = verdict.cause === 'encrypted' || verdict.cause === 'too-large';
  return worstOf([isEveryday ? 'low' : 'medium', ...found]);
}

export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}

function worstOf(all: readonly Severity[]): Severity {
  return SEVERITIES.findLast((severity) => all.includes(severity)) ?? 'low';
}

/** One bounded line: no control characters, no marks that turn the direction of writing. */
export function plainLine(text: string): string {
  const cut = text.slice(0, MAX_NAME_CHARACTERS);
  return cut.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\u{fffd}');
}
