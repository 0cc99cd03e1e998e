import type { Clock } from '../base/clock.ts';
import type { Metrics } from '../base/metrics.ts';
import type { FlowStream } from './flow/flow-stream.ts';
import type { SpoolAccount } from './message-spool.ts';
import { type Slab, slabBytes, SlabPool } from './slab-pool.ts';

/** Messages of this many times the single limit may be in the memory of one session; the rest goes to files. */
const MESSAGES_IN_MEMORY = 2;
/** Bytes of one session that may wait for the disk. */
const MAX_SESSION_PENDING_BYTES = 4 * 1024 * 1024;
/** Bytes of all sessions that may wait for the disk; a slow disk must not become memory. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;

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
  #pendingBytes = 0;

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

  countPending(delta: number): void {
    this.#pendingBytes += delta;
  }

  /** Bytes that one session may have on their way to the disk: as many as stay free for the others. */
  get maxPendingBytes(): number {
    return Math.max(0, MAX_PENDING_BYTES - this.#pendingBytes);
  }
}

/** The share of one session. */
export class SessionSpoolAccount implements SpoolAccount {
  readonly memoryBytesPerMessage: number;
  readonly #budget: SpoolBudget;
  readonly #stream: FlowStream;
  #memoryBytes = 0;
  #fileBytes = 0;
  #pendingBytes = 0;

  constructor(budget: SpoolBudget, stream: FlowStream, memoryBytesPerMessage: number) {
    this.#budget = budget;
    this.#stream = stream;
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

  countPending(delta: number): void {
    this.#pendingBytes += delta;
    this.#budget.countPending(delta);
  }

  /** Does more wait for the disk than this session may have there? */
  get isDiskBehind(): boolean {
    return this.#pendingBytes > Math.min(MAX_SESSION_PENDING_BYTES, this.#budget.maxPendingBytes);
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  countExpected(delta: number): void {
    if (delta > 0) this.#stream.want(delta);
    else this.#stream.give(-delta);
  }
}
