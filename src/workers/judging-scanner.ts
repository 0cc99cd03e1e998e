import type { MessageBytes, ScanReport, ScanRequest, Scanner } from '../scan/scanner.ts';

export interface JudgeOptions {
  /** The caller gives up. */
  readonly leave?: AbortSignal | undefined;
  /** SHA-256 of the message in lower-case hex: scans of one content share one job. */
  readonly digest?: string | undefined;
}

/** A scanner that a cache can be put around. */
export interface JudgingScanner extends Scanner {
  /**
   * As `scan`, but when `leave` fires after a worker took the message, the scan is finished and still resolves:
   * for callers who keep the report. Rejects with the signal's reason when it fires before that.
   */
  judge(request: ScanRequest, options?: JudgeOptions): Promise<ScanReport>;
  /** SHA-256 of a message, lower-case hex, computed off this thread; undefined when that failed. */
  digest(message: MessageBytes): Promise<string | undefined>;
}
