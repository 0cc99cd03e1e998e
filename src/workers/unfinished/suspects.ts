import { hash } from 'node:crypto';

/*
 * Who is suspected of having ended the process. Whatever was being scanned when it ended without stopping has a
 * strike: one of them may have done it, the others stood beside it, and often nobody did (power, kill -9).
 */

/** One may be an innocent neighbour on another thread, two in a row hardly. */
export const STRIKES = 2;
/** After so long one try more: what ended the process may have been the machine. Each try may be an interruption for all. */
export const FORGIVEN_MS = 7 * 24 * 3_600_000;
/** The same under other rules. They may change every hour, and rarely are what ends a process. */
export const FORGIVEN_BY_RULES_MS = 24 * 3_600_000;
/**
 * A scan that began so long before the last one was lost with its thread and is none of those that may have ended the
 * process: ten times as long as a request may take, and native code ends by its own time limit.
 */
export const LOST_MS = 10 * 60_000;
/** As many ends of the process as nobody lives through in a week; above it the oldest are forgotten. */
export const MAX_SUSPECTS = 500;

/** Under what a message is scanned, as digests: code with settings, and rules. */
export interface ScanTerms {
  readonly settings: string;
  readonly rules: string;
}

/** 64 bits: nobody gains anything by two that are alike. */
export function termsDigest(text: string): string {
  return hash('sha256', text).slice(0, 16);
}

/** A message, under the terms that it was scanned under last. */
interface ScannedMessage extends ScanTerms {
  /** SHA-256, lower-case hex. */
  readonly sha256: string;
}

/** A scan that had begun and had no end. */
export interface UnfinishedScan extends ScannedMessage {
  /** When it began, milliseconds since 1970. */
  readonly begunAt: number;
}

export interface Suspect extends ScannedMessage {
  readonly strikes: number;
  /** When the last strike was noticed, milliseconds since 1970. */
  readonly at: number;
}

/** What a process leaves behind. */
export interface RecordContent {
  /** What threads were scanning. */
  readonly left: readonly UnfinishedScan[];
  readonly suspects: readonly Suspect[];
}

/** Where time and terms have changed, one strike is forgiven, once: then one more end of the process is enough again. */
export function strikesLeft(suspect: Suspect, terms: ScanTerms, now: number): number {
  const ageMs = now - suspect.at;
  const isForgiven =
    suspect.settings !== terms.settings ||
    ageMs >= FORGIVEN_MS ||
    (suspect.rules !== terms.rules && ageMs >= FORGIVEN_BY_RULES_MS);
  return isForgiven ? suspect.strikes - 1 : suspect.strikes;
}

/** Is it not to be scanned? */
export function isRefused(suspect: Suspect, terms: ScanTerms, now: number): boolean {
  return strikesLeft(suspect, terms, now) >= STRIKES;
}

/**
 * Who is suspected once the process has ended during the scans in `left`; newest first. `settings`: those of now. Who
 * has no strike left is forgotten.
 */
export function suspectsAfter(
  { left, suspects: known }: RecordContent,
  settings: string,
  now: number,
): readonly Suspect[] {
  const before = new Map(known.map((suspect) => [suspect.sha256, suspect]));
  const struck = new Map<string, Suspect>();
  for (const { sha256, settings: code, rules } of atTheEnd(left)) {
    const under = { settings: code, rules };
    const suspect = before.get(sha256);
    const strikes = suspect === undefined ? 0 : strikesLeft(suspect, under, now);
    struck.set(sha256, { sha256, ...under, strikes: strikes + 1, at: now });
  }
  const others = known.filter(
    (one) => !struck.has(one.sha256) && strikesLeft(one, { settings, rules: one.rules }, now) > 0,
  );
  return [...struck.values(), ...others.toSorted((one, other) => other.at - one.at)].slice(0, MAX_SUSPECTS);
}

/** The scans that ran when the process ended. The one that ended it is among the last that began, or runs long. */
export function atTheEnd(left: readonly UnfinishedScan[]): readonly UnfinishedScan[] {
  const last = left.reduce((latest, { begunAt }) => Math.max(latest, begunAt), 0);
  return left.filter(({ begunAt }) => last - begunAt < LOST_MS);
}
