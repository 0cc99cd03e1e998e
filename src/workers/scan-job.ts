import type { ScanLimits } from '../scan/budget.ts';
import type { Guilt, Located, MessageBytes, Observations, Patch, ScanSubject } from '../scan/scanner.ts';
import type { RuleProblem, RuleSource } from '../scan/engines/yara-sources.ts';
import type { Verdict } from '../scan/verdict.ts';
import type { RecordAccess } from './unfinished/scan-record.ts';

/*
 * What crosses between threads: plain data, memory that is shared, file descriptors (valid in every thread of
 * the process). A job answers with a value or with one sentence on what went wrong; it never rejects, so that
 * a rejected task always means a lost thread.
 */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly detail: string };

export interface ScanJob {
  readonly message: MessageBytes;
  readonly subject: ScanSubject;
  /** SHA-256 of the message, lower-case hex, when it is known. Of a file it is not believed: it may have changed. */
  readonly sha256?: string;
  /** Our own, before there is mail: no process ends of it again and again because a client asks for it. */
  readonly isOwn?: boolean;
}

/** Scan practice mail for so many milliseconds of the processor; answered with the last outcome. */
export interface Rehearsal {
  readonly rehearsalMs: number;
}

/** What a worker found out about one message. */
export interface ScanOutcome {
  readonly verdict: Verdict;
  readonly guilt: Guilt;
  readonly sha256: string;
  readonly pieces: number;
  readonly decodeMs: number;
  readonly matchMs: number;
  readonly observed?: Observations;
}

/** Where clamd listens: a unix socket, or a host and port. */
export interface ClamdOptions {
  readonly socket?: string;
  readonly host?: string;
  readonly port?: number;
  /** For one piece, connecting included. */
  readonly timeoutMs: number;
  /** What it means when clamd itself cannot judge a piece. Default `unscannable`. */
  readonly failure?: 'unscannable' | 'ignore';
}

/** A rule set as threads use it, in one copy for all of them. */
export interface CompiledRuleSet {
  /** Compiled rules. */
  readonly rules: SharedArrayBuffer;
  /** Compiled rules on trial; undefined: none. */
  readonly shadow: SharedArrayBuffer | undefined;
  /** Digest tables; undefined: none. */
  readonly deny: SharedArrayBuffer | undefined;
  readonly allow: SharedArrayBuffer | undefined;
}

/** What every thread of one rule-set generation is built from. */
export interface ScanWorkerData extends CompiledRuleSet {
  readonly limits: ScanLimits;
  readonly clamd: ClamdOptions | undefined;
  /** Which readers see a message; see the pipeline. */
  readonly readers: 'auto' | 'both';
  /** See the pipeline. */
  readonly verdictsOnly: boolean;
  /** Obey `X-Postern-Fault`; for tests only. */
  readonly faults: boolean;
  /** How many threads share the memory. */
  readonly threads: number;
  /** Where it is written what is being scanned, and the digest of these rules; absent: nowhere. */
  readonly record?: { readonly access: RecordAccess; readonly rules: string };
}

/** What tells the content of a message apart from every other, within this process. */
export interface NamedContent {
  readonly key: string;
  /** Lower-case hex; undefined when nobody has calculated it yet. Of a file it is always known. */
  readonly sha256: string | undefined;
}

/** Small work for which nobody waits behind a scan. */
export type Errand =
  | {
      readonly kind: 'neutralise';
      readonly message: MessageBytes;
      readonly guilt: Guilt;
      readonly notice: string;
    }
  | { readonly kind: 'locate'; readonly message: MessageBytes; readonly needle: MessageBytes }
  | { readonly kind: 'name'; readonly message: MessageBytes }
  | { readonly kind: 'digest'; readonly message: MessageBytes };

export type ErrandResult =
  | { readonly kind: 'neutralise'; readonly patches: readonly Patch[] }
  | { readonly kind: 'locate'; readonly located: Located }
  | { readonly kind: 'name'; readonly content: NamedContent }
  | { readonly kind: 'digest'; readonly sha256: string };

export interface CompileJob {
  readonly sources: readonly RuleSource[];
  readonly shadow: readonly RuleSource[];
  readonly deny: readonly RuleSource[];
  readonly allow: readonly RuleSource[];
}

export type CompileResult =
  | { readonly kind: 'compiled'; readonly set: CompiledRuleSet }
  | { readonly kind: 'refused'; readonly problems: readonly RuleProblem[] };

/** One bounded sentence about anything that was thrown. */
export function describeFailure(reason: unknown): string {
  const text = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
  return text.slice(0, 200);
}
