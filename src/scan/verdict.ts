/** How bad a match is; a rule's `meta.class` sets it. */
export type FindingClass = 'malicious' | 'suspicious';

/** Closed set, so that it can be a metric label. A rule's `meta.severity` sets it. */
export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** One match of one rule in one piece of a message. Plain data: it crosses threads and goes into logs. */
export interface Finding {
  /** Name of the engine that reported it, e.g. `yara`. */
  readonly engine: string;
  readonly rule: string;
  readonly namespace: string;
  readonly class: FindingClass;
  readonly severity: Severity;
  /** Path of the piece inside the message, e.g. `2/invoice.zip/a.js`; `raw` is the message as it came. */
  readonly part: string;
  /** SHA-256 of the piece, lower-case hex. */
  readonly sha256: string;
}

/** Why a message could not be judged. Each cause has a row in the policy table. */
export const UNSCANNABLE_CAUSES = [
  'timeout',
  'engine-failed',
  'overloaded',
  'too-deep',
  'too-large',
  'bomb',
  'malformed',
  'encrypted',
] as const;
export type UnscannableCause = (typeof UNSCANNABLE_CAUSES)[number];

/** Why a message was deliberately not scanned. */
export const SKIP_REASONS = ['excluded', 'protection-off'] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/**
 * The outcome of a scan. Total: every failure is a member, so that nothing is ever delivered from a `catch`.
 * `unscannable` keeps what was found before the scan ended; a malicious finding wins over `unscannable`.
 */
export type Verdict =
  | { readonly kind: 'clean' }
  | { readonly kind: 'malicious' | 'suspicious'; readonly findings: readonly Finding[] }
  | {
      readonly kind: 'unscannable';
      readonly cause: UnscannableCause;
      readonly findings: readonly Finding[];
      /** One short English sentence for the administrator; never content of the message. */
      readonly detail?: string;
    }
  | { readonly kind: 'skipped'; readonly reason: SkipReason };

export type VerdictKind = Verdict['kind'];
