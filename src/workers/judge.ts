import type { ScanLimits } from '../scan/budget.ts';
import type { Pipeline } from '../scan/pipeline.ts';
import type { Finding, Verdict } from '../scan/verdict.ts';
import { obeyFault } from './faults.ts';
import { digestMessage, readMessage } from './message-source.ts';
import type { Observer } from './observer.ts';
import type { ScanJob, ScanOutcome } from './scan-job.ts';

export interface JudgeSettings {
  readonly limits: ScanLimits;
  readonly faults: boolean;
  /** Collects what has no part in the verdict. */
  readonly observer?: Observer;
}

/** Thousands of parts times hundreds of rules would stall the thread that receives the answer. */
export const MAX_FINDINGS = 1_000;
/** One sentence for the administrator; a decoder may quote the message in it. */
const MAX_DETAIL_CHARACTERS = 200;

function mostImportant(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= MAX_FINDINGS) {
    return findings;
  }
  const malicious = findings.filter((finding) => finding.class === 'malicious');
  const others = findings.filter((finding) => finding.class !== 'malicious');
  return [...malicious, ...others].slice(0, MAX_FINDINGS);
}

/** As much of a verdict as is worth its way to the main thread. Its kind stays what it is. */
function bounded(verdict: Verdict): Verdict {
  if (verdict.kind === 'clean' || verdict.kind === 'skipped') {
    return verdict;
  }
  const findings = mostImportant(verdict.findings);
  return verdict.kind === 'unscannable' && verdict.detail !== undefined
    ? { ...verdict, findings, detail: verdict.detail.slice(0, MAX_DETAIL_CHARACTERS) }
    : { ...verdict, findings };
}

function tooLarge(verdict: Verdict, limit: number): Verdict {
  if (verdict.kind === 'malicious') {
    return verdict;
  }
  const findings = 'findings' in verdict ? verdict.findings : [];
  return { kind: 'unscannable', cause: 'too-large', findings, detail: `larger than ${limit} bytes` };
}

/**
 * Judges jobs in a worker. Of a message over the limit only the beginning is read: what is found there still
 * counts, and because the rest is unknown the whole body is guilty.
 */
export function createJudge(pipeline: Pipeline, { limits, faults, observer }: JudgeSettings) {
  return async ({ message, subject, sha256 }: ScanJob): Promise<ScanOutcome> => {
    const limit = limits.maxMessageBytes;
    const bytes = readMessage(message, limit);
    if (faults) {
      obeyFault(bytes);
    }
    observer?.begin();
    const isWhole = message.kind === 'memory' && message.byteLength <= limit;
    const result = await pipeline.scan(bytes, subject, isWhole ? sha256 : undefined);
    const observed = observer?.observations();
    const seen = observed === undefined ? {} : { observed };
    const outcome = { ...result, ...seen, verdict: bounded(result.verdict) };
    if (message.byteLength <= limit) {
      return outcome;
    }
    const verdict = tooLarge(outcome.verdict, limit);
    return { ...outcome, verdict, guilt: { kind: 'body' }, sha256: digestMessage(message) };
  };
}
