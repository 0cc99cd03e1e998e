import type { MessageBytes, ScanReport, ScanTimings } from '../scan/scanner.ts';
import type { UnscannableCause } from '../scan/verdict.ts';
import type { ScanOutcome } from './scan-job.ts';

/** The report on what a worker answered. */
export function reportOf(
  outcome: ScanOutcome,
  message: MessageBytes,
  generation: string,
  times: Pick<ScanTimings, 'queueMs' | 'totalMs'>,
): ScanReport {
  const { verdict, guilt, sha256, pieces, decodeMs, matchMs, observed } = outcome;
  const timings = { ...times, decodeMs, matchMs };
  const report = { verdict, guilt, sha256, bytes: message.byteLength, pieces, generation, timings };
  return observed === undefined ? report : { ...report, observed };
}

export interface Failure {
  readonly cause: UnscannableCause;
  /** One sentence for the administrator. */
  readonly detail: string;
}

/** The report when no worker answered: nothing is known, so the whole body is guilty. */
export function failureReport(
  { cause, detail }: Failure,
  message: MessageBytes,
  generation: string,
  times: Pick<ScanTimings, 'queueMs' | 'totalMs'>,
): ScanReport {
  return {
    verdict: { kind: 'unscannable', cause, findings: [], detail },
    guilt: { kind: 'body' },
    sha256: '',
    bytes: message.byteLength,
    pieces: 0,
    generation,
    timings: { ...times, decodeMs: 0, matchMs: 0 },
  };
}
