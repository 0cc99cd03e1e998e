import type { Clock } from '../base/clock.ts';
import type { Metrics } from '../base/metrics.ts';
import type { SpoolAccount } from './message-spool.ts';
import { type Slab, slabBytes, SlabPool } from './slab-pool.ts';

/** Messages of this many times the single limit may be in the memory of one session; the rest goes to files. */
const MESSAGES_IN_MEMORY = 2;

export interface BudgetParts {
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** Memory for held messages of all sessions, with what waits to be used again; above it they go to files. */
export class SpoolBudget {
  readonly directory: string;
  readonly #maxMemoryBytes: number;
  readonly #gauge: Metrics['bytesInFlight'];
  readonly #slabs: SlabPool;
  #memoryBytes = 0;

  constructor(directory: string, maxMemoryBytes: number, { metrics, clock }: BudgetParts) {
    this.directory = directory;
    this.#maxMemoryBytes = maxMemoryBytes;
    this.#gauge = metrics.bytesInFlight;
    this.#slabs = new SlabPool(() => clock.monotonic());
  }

  /** Exactly `size` bytes, or nothing when there is no room. */
  takeMemory(size: number): Slab | undefined {
    if (this.#memoryBytes + size > this.#maxMemoryBytes) return undefined;
    const slab = this.#slabs.take(size);
    this.#memoryBytes += size;
    this.#slabs.shrink(this.#maxMemoryBytes - this.#memoryBytes);
    this.#gauge.inc({ where: 'memory' }, size);
    return slab;
  }

  giveMemory(slab: Slab, mayServeAgain: boolean): void {
    this.#memoryBytes -= slab.bytes.length;
    if (mayServeAgain) this.#slabs.give(slab);
    this.#gauge.dec({ where: 'memory' }, slab.bytes.length);
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

  takeMemory(bytes: number): Slab | undefined {
    const size = Math.min(slabBytes(bytes), this.memoryBytesPerMessage);
    const isOver = this.#memoryBytes + size > this.memoryBytesPerMessage * MESSAGES_IN_MEMORY;
    const slab = isOver ? undefined : this.#budget.takeMemory(size);
    this.#memoryBytes += slab?.bytes.length ?? 0;
    return slab;
  }

  giveMemory(slab: Slab, mayServeAgain: boolean): void {
    this.#memoryBytes -= slab.bytes.length;
    this.#budget.giveMemory(slab, mayServeAgain);
  }

  countFile(delta: number): void {
    this.#fileBytes += delta;
    this.#budget.countFile(delta);
  }
}
