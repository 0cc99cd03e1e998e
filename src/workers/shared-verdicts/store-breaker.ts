import type { Clock } from '../../base/clock.ts';
import type { OpenStore, SharedStore } from './shared-store.ts';

/** Failures in a row after which a server is left alone: each costs a scan `timeoutMs`. */
const MAX_FAILURES = 5;
/** Connecting and one question. TLS over a long way takes some round trips. */
const OPEN_TIMEOUT_MS = 2_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** Questions under way; a server that is slower than they come is not asked more. */
const MAX_PENDING = 256;

export interface BreakerParts {
  readonly open: OpenStore;
  /** For one question, milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** `reason`: of the last failure, when it became unusable. */
  readonly onChange: (isUsable: boolean, reason: string) => void;
}

/**
 * A store that may be away, slow or broken, used only while it answers. After some failures in a row nobody
 * waits for it any more; it is tried anew by itself, at first soon, then every half minute.
 */
export class StoreBreaker {
  readonly #parts: BreakerParts;
  #store: SharedStore | undefined;
  #failures = 0;
  #pending = 0;
  #retryMs = FIRST_RETRY_MS;
  #cancelRetry: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: BreakerParts) {
    this.#parts = parts;
  }

  get isUsable(): boolean {
    return this.#store !== undefined;
  }

  /** Connects in the background. */
  start(): void {
    void this.#connect();
  }

  /** Never rejects: `unavailable` is said at once while the store is left alone. */
  async ask<T>(
    question: (store: SharedStore) => Promise<T>,
  ): Promise<{ readonly value: T } | 'failed' | 'unavailable'> {
    const store = this.#store;
    if (store === undefined || this.#pending >= MAX_PENDING) return 'unavailable';
    this.#pending += 1;
    try {
      const value = await this.#inTime(question(store), this.#parts.timeoutMs);
      if (store === this.#store) this.#failures = 0;
      return { value };
    } catch (error) {
      if (store === this.#store) this.#failed(error);
      return 'failed';
    } finally {
      this.#pending -= 1;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#store?.close();
    this.#store = undefined;
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    if (this.#failures >= MAX_FAILURES) this.#giveUp(error);
  }

  #giveUp(error: unknown): void {
    const wasUsable = this.#store !== undefined;
    this.#store?.close();
    this.#store = undefined;
    this.#failures = 0;
    if (this.#isClosed) return;
    if (wasUsable) this.#retryMs = FIRST_RETRY_MS;
    this.#parts.onChange(false, error instanceof Error ? error.message : 'unknown reason');
    this.#cancelRetry = this.#parts.clock.after(this.#retryMs, () => void this.#connect());
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }

  async #connect(): Promise<void> {
    const controller = new AbortController();
    const cancel = this.#parts.clock.after(OPEN_TIMEOUT_MS, () => controller.abort(new Error('no answer')));
    try {
      const store = await this.#parts.open(controller.signal);
      this.#opened(store);
    } catch (error) {
      this.#giveUp(error);
    } finally {
      cancel();
    }
  }

  #opened(store: SharedStore): void {
    if (this.#isClosed) return store.close();
    this.#store = store;
    this.#failures = 0;
    this.#parts.onChange(true, '');
  }

  async #inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const cancel = this.#parts.clock.after(timeoutMs, () =>
      reject(new Error(`no answer within ${timeoutMs} ms`)),
    );
    try {
      return await Promise.race([work, promise]);
    } finally {
      cancel();
    }
  }
}
