import type { MessageBytes, ScanReport, ScanRequest, Scanner } from '../scan/scanner.ts';

/** What tells the content of a message apart from every other, within this process. */
export interface NamedContent {
  readonly key: string;
  /** Lower-case hex; undefined when nobody has calculated it yet. Of a file it is always known. */
  readonly sha256: string | undefined;
}

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
  /** SHA-256 of a message, lower-case hex, computed off this thread; undefined when that failed. */
  digest(message: MessageBytes): Promise<string | undefined>;
}
