import type { Page } from '../base/page.ts';
import type { Finding } from '../scan/verdict.ts';

/** A judged message that was not clean, or that a rule on trial matched. */
export interface Detection {
  readonly id: number;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly scanId: string;
  readonly protocol: string;
  readonly user: string;
  readonly client: string;
  readonly application: string;
  readonly mailbox: string;
  /** Null when unknown, and for POP3. */
  readonly uidValidity: string | null;
  readonly uid: string;
  readonly isUpload: boolean;
  /** `clean` only when it is `observed`. */
  readonly verdict: 'clean' | 'malicious' | 'suspicious' | 'unscannable' | 'skipped';
  /** Why it could not be, or was not, scanned; empty when it was. */
  readonly cause: string;
  readonly action: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly generation: string;
  readonly findings: readonly Finding[];
  /** The findings are those of rules on trial: nothing was done because of them. */
  readonly observed: boolean;
}

/** One time that a content was judged for somebody. */
export interface ContentFetch {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly user: string;
  readonly client: string;
  readonly application: string;
  readonly protocol: string;
  readonly mailbox: string;
  readonly uid: string;
  readonly verdict: string;
  readonly action: string;
  readonly generation: string;
}

export interface DetectionQuery {
  /** What rules on trial matched, instead of what was found. */
  readonly observed?: boolean | undefined;
  readonly verdict?: Detection['verdict'] | undefined;
  readonly cause?: string | undefined;
  /** Part of the name of a rule that matched. */
  readonly rule?: string | undefined;
  readonly user?: string | undefined;
  readonly action?: string | undefined;
  /** Milliseconds since 1970. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** Beginning of the SHA-256, lower-case hex. */
  readonly digest?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Counts of one day (UTC). */
export interface DayCounts {
  /** `2026-11-21`. */
  readonly day: string;
  /** Every judged message. */
  readonly scanned: number;
  /** Verdict malicious. */
  readonly infected: number;
  readonly suspicious: number;
  readonly neutralised: number;
  readonly blocked: number;
  readonly deferred: number;
  readonly bytes: number;
  /** Delivered without a complete scan, by cause. */
  readonly unscanned: Readonly<Record<string, number>>;
}

export interface RuleCount {
  readonly rule: string;
  readonly namespace: string;
  readonly detections: number;
  readonly contents: number;
}

export interface Statistics {
  /** Days in order; a day without mail is absent. */
  readonly days: readonly DayCounts[];
  readonly total: Omit<DayCounts, 'day'>;
  /** What matched most in that time. */
  readonly topRules: readonly RuleCount[];
}

/** What happened, for administrators. Reads throw `STORE_FAILED` when the database cannot be read. */
export interface DetectionHistory {
  /** Newest first. */
  search(query: DetectionQuery): Page<Detection>;
  /** Who got this content and when, newest first. */
  fetchesOf(sha256: string, limit: number): readonly ContentFetch[];
  /** `from` and `to` are days such as 2026-11-21, both included. */
  statistics(from: string, to: string): Statistics;
}
