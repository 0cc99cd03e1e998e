import type { ScanLimits } from '../scan/budget.ts';
import type { Guilt, MessageBytes, Patch, Located, ScanSubject } from '../scan/scanner.ts';
import type { RuleProblem, RuleSource } from '../scan/engines/yara-sources.ts';
import type { Verdict } from '../scan/verdict.ts';

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
}

/** What a worker found out about one message. */
export interface ScanOutcome {
  readonly verdict: Verdict;
  readonly guilt: Guilt;
  readonly sha256: string;
  readonly pieces: number;
  readonly decodeMs: number;
  readonly matchMs: number;
}

/** Where clamd listens: a unix socket, or a host and port. */
export interface ClamdOptions {
  readonly socket?: string;
  readonly host?: string;
  readonly port?: number;
  /** For one piece, connecting included. */
  readonly timeoutMs: number;
}

/** What every thread of one rule-set generation is built from. */
export interface ScanWorkerData {
  /** Compiled rules, one copy for all threads. */
  readonly rules: SharedArrayBuffer;
  readonly limits: ScanLimits;
  readonly clamd: ClamdOptions | undefined;
  /** Which readers see a message; see the pipeline. */
  readonly readers: 'auto' | 'both';
  /** Obey `X-Postern-Fault`; for tests only. */
  readonly faults: boolean;
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
  | { readonly kind: 'digest'; readonly message: MessageBytes };

export type ErrandResult =
  | { readonly kind: 'neutralise'; readonly patches: readonly Patch[] }
  | { readonly kind: 'locate'; readonly located: Located }
  | { readonly kind: 'digest'; readonly sha256: string };

export interface CompileJob {
  readonly sources: readonly RuleSource[];
}

export type CompileResult =
  | { readonly kind: 'compiled'; readonly rules: SharedArrayBuffer }
  | { readonly kind: 'refused'; readonly problems: readonly RuleProblem[] };

/** One bounded sentence about anything that was thrown. */
export function describeFailure(reason: unknown): string {
  const text = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
  return text.slice(0, 200);
}
