import type { ScanReport } from '../scan/scanner.ts';

/** Contents of one session; the oldest are forgotten, which matters only when the rules change meanwhile. */
const MAX_PINNED = 1_000;

/**
 * What was neutralised in this session stays so, also when the rules change: a message is immutable for its client
 * (RFC 9051 section 2.3.1.1), and half of a substitute with half of an original would be neither.
 */
export class PinnedVerdicts {
  readonly #reports = new Map<string, ScanReport>();

  /** The report that led to the substitute of this content. */
  find(sha256: string): ScanReport | undefined {
    return this.#reports.get(sha256);
  }

  pin(report: ScanReport): void {
    if (report.sha256 === '' || this.#reports.has(report.sha256)) return;
    this.#reports.set(report.sha256, report);
    for (const oldest of this.#reports.keys()) {
      if (this.#reports.size <= MAX_PINNED) break;
      this.#reports.delete(oldest);
    }
  }

  forget(sha256: string): void {
    this.#reports.delete(sha256);
  }
}
