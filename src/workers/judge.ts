import { hash } from 'node:crypto';
import type { ScanLimits } from '../scan/budget.ts';
import type { Pipeline } from '../scan/pipeline.ts';
import type { Finding, Verdict } from '../scan/verdict.ts';
import { obeyFault } from './faults.ts';
import { digestMessage, readMessage } from './message-source.ts';
import type { Observer } from './observer.ts';
import type { ScanJob, ScanOutcome } from './scan-job.ts';
import type { ScanRecord } from './unfinished/scan-record.ts';

export interface JudgeSettings {
  readonly limits: ScanLimits;
  readonly faults: boolean;
  /** Collects what has no part in the verdict. */
  readonly observer?: Observer;
  /** Remembers what is being scanned, should the process end meanwhile. */
  readonly record?: Pick<ScanRecord, 'refuses' | 'begin' | 'end'>;
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

/** A scan that has ended the process is not begun again: others would lose their sessions for it. */
function refused(sha256: string): ScanOutcome {
  const detail = 'the process has ended more than once while this message was scanned';
  const verdict: Verdict = { kind: 'unscannable', cause: 'engine-failed', findings: [], detail };
  return { verdict, guilt: { kind: 'body' }, sha256, pieces: 0, decodeMs: 0, matchMs: 0 };
}

/** Of what lies in memory a digest that is known holds; a file may have changed. */
function digestOf({ message, sha256 }: ScanJob, bytes: Uint8Array): string {
  if (bytes.byteLength < message.byteLength) return digestMessage(message);
  return message.kind === 'memory' && sha256 !== undefined ? sha256 : hash('sha256', bytes);
}

/**
 * Judges jobs in a worker. Of a message over the limit only the beginning is read: what is found there still
 * counts, and because the rest is unknown the whole body is guilty.
 */
export function createJudge(pipeline: Pipeline, { limits, faults, observer, record }: JudgeSettings) {
  const limit = limits.maxMessageBytes;
  const scan = async (bytes: Uint8Array, { message, subject }: ScanJob, sha256: string) => {
    if (faults) {
      obeyFault(bytes);
    }
    observer?.begin();
    const isWhole = message.byteLength <= limit;
    const result = await pipeline.scan(bytes, subject, isWhole ? sha256 : undefined);
    const observed = observer?.observations();
    const seen = observed === undefined ? {} : { observed };
    const outcome: ScanOutcome = { ...result, ...seen, verdict: bounded(result.verdict) };
    if (isWhole) {
      return outcome;
    }
    return {
      ...outcome,
      verdict: tooLarge(outcome.verdict, limit),
      guilt: { kind: 'body' } as const,
      sha256,
    };
  };
  return async (job: ScanJob): Promise<ScanOutcome> => {
    const bytes = readMessage(job.message, limit);
    const sha256 = digestOf(job, bytes);
    if (job.isOwn === true) {
      return await scan(bytes, job, sha256);
    }
    if (record?.refuses(sha256) === true) {
      return refused(sha256);
    }
    record?.begin(sha256);
    try {
      return await scan(bytes, job, sha256);
    } finally {
      record?.end(sha256);
    }
  };
}
