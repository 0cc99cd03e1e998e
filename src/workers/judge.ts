import type { ScanLimits } from '../scan/budget.ts';
import type { Pipeline } from '../scan/pipeline.ts';
import type { Verdict } from '../scan/verdict.ts';
import { obeyFault } from './faults.ts';
import { digestMessage, readMessage } from './message-source.ts';
import type { ScanJob, ScanOutcome } from './scan-job.ts';

export interface JudgeSettings {
  readonly limits: ScanLimits;
  readonly faults: boolean;
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
export function createJudge(pipeline: Pipeline, { limits, faults }: JudgeSettings) {
  return async ({ message, subject }: ScanJob): Promise<ScanOutcome> => {
    const limit = limits.maxMessageBytes;
    const bytes = readMessage(message, limit);
    if (faults) {
      obeyFault(bytes);
    }
    const outcome = await pipeline.scan(bytes, subject);
    if (message.byteLength <= limit) {
      return outcome;
    }
    const verdict = tooLarge(outcome.verdict, limit);
    return { ...outcome, verdict, guilt: { kind: 'body' }, sha256: digestMessage(message) };
  };
}
