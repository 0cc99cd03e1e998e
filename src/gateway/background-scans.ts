import type { Logger } from '../base/log.ts';
import type { ScanRequest, Scanner } from '../scan/scanner.ts';
import type { MessageSpool } from './message-spool.ts';

/** Scans that nobody waits for; more would take workers from those who wait. */
const MAX_RUNNING = 4;

/**
 * Scans a deferred message again after its session is gone, so that the client's next try finds the verdict
 * in the cache.
 */
export class BackgroundScans {
  readonly #scanner: Scanner;
  readonly #log: Logger;
  #running = 0;

  constructor(scanner: Scanner, log: Logger) {
    this.#scanner = scanner;
    this.#log = log;
  }

  /** Starts at once or, when enough are running, not at all. */
  start(request: ScanRequest, spool: MessageSpool): void {
    if (this.#running >= MAX_RUNNING) return;
    this.#running += 1;
    spool.retain();
    void this.#run({ ...request, lane: 'bulk' }).finally(() => {
      this.#running -= 1;
      spool.release();
    });
  }

  async #run(request: ScanRequest): Promise<void> {
    try {
      await this.#scanner.scan(request);
    } catch (error) {
      this.#log.warn({ err: error, scanId: request.id }, 'a background scan failed');
    }
  }
}
