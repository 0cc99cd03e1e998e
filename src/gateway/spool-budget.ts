import type { Metrics } from '../base/metrics.ts';
import type { SpoolAccount } from './message-spool.ts';

/** Messages of this many times the single limit may be in the memory of one session; the rest goes to files. */
const MESSAGES_IN_MEMORY = 4;

/** Memory for held messages of all sessions together; above it they go to files. */
export class SpoolBudget {
  readonly directory: string;
  readonly #maxMemoryBytes: number;
  readonly #gauge: Metrics['bytesInFlight'];
  #memoryBytes = 0;

  constructor(directory: string, maxMemoryBytes: number, metrics: Metrics) {
    this.directory = directory;
    this.#maxMemoryBytes = maxMemoryBytes;
    this.#gauge = metrics.bytesInFlight;
  }

  reserveMemory(bytes: number): boolean {
    if (this.#memoryBytes + bytes > this.#maxMemoryBytes) return false;
    this.#memoryBytes += bytes;
    this.#gauge.inc({ where: 'memory' }, bytes);
    return true;
  }

  releaseMemory(bytes: number): void {
    this.#memoryBytes -= bytes;
    this.#gauge.dec({ where: 'memory' }, bytes);
  }

  countFile(delta: number): void {
    this.#gauge.inc({ where: 'file' }, delta);
  }
}

/** The share of one session. */
export class SessionSpoolAccount implements SpoolAccount {
  readonly memoryBytesPerMessage: number;
  readonly #budget: SpoolBudget;
  #memoryBytes = 0;
  #fileBytes = 0;

  constructor(budget: SpoolBudget, memoryBytesPerMessage: number) {
    this.#budget = budget;
    this.memoryBytesPerMessage = memoryBytesPerMessage;
  }

  get directory(): string {
    return this.#budget.directory;
  }

  /** Bytes held now, in memory and in files. */
  get bytes(): number {
    return this.#memoryBytes + this.#fileBytes;
  }

  reserveMemory(bytes: number): boolean {
    const isOver = this.#memoryBytes + bytes > this.memoryBytesPerMessage * MESSAGES_IN_MEMORY;
    if (isOver || !this.#budget.reserveMemory(bytes)) return false;
    this.#memoryBytes += bytes;
    return true;
  }

  releaseMemory(bytes: number): void {
    this.#memoryBytes -= bytes;
    this.#budget.releaseMemory(bytes);
  }

  countFile(delta: number): void {
    this.#fileBytes += delta;
    this.#budget.countFile(delta);
  }
}
