import type { MessageBytes, ScanReport, ScanRequest, Scanner } from '../scan/scanner.ts';
import type { NamedContent } from './scan-job.ts';

export interface JudgeOptions {
  /** The caller gives up. */
  readonly leave?: AbortSignal | undefined;
  /** Scans of one content share one job. */
  readonly content?: NamedContent | undefined;
}

/** A scanner that a cache can be put around. */
export interface JudgingScanner extends Scanner {
  /**
   * As `scan`, but when `leave` fires after a worker took the message, the scan is finished and still resolves:
   * for callers who keep the report. Rejects with the signal's reason when it fires before that.
   */
  judge(request: ScanRequest, options?: JudgeOptions): Promise<ScanReport>;
  /** Which content a message is, found out off this thread; undefined when that failed. */
  name(message: MessageBytes): Promise<NamedContent | undefined>;
  /** SHA-256 of a message, lower-case hex, computed off this thread; undefined when that failed. */
  digest(message: MessageBytes): Promise<string | undefined>;
}
