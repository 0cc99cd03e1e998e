import { systemClock, type Clock } from './clock.ts';
import { silentLogger, type Logger } from './log.ts';
import { within } from './within.ts';

/** Something that runs between start and stop. */
export interface Part {
  readonly name: string;
  start?(): Promise<void>;
  /** Has `remainingMs` until nobody waits for it any more. */
  stop?(remainingMs: number): Promise<void>;
}

export interface LifecycleOptions {
  /** Milliseconds for stopping everything together. */
  readonly stopDeadlineMs: number;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/** Starts parts in order and stops them in reverse under one deadline. */
export class Lifecycle {
  readonly #parts: readonly Part[];
  readonly #options: Required<LifecycleOptions>;
  readonly #running: Part[] = [];
  #stopping: Promise<boolean> | undefined;

  constructor(parts: readonly Part[], options: LifecycleOptions) {
    this.#parts = parts;
    this.#options = { clock: systemClock, log: silentLogger, ...options };
  }

  /** Rejects with the error of the part that did not start; what had started is stopped again. */
  async start(): Promise<void> {
    for (const part of this.#parts) {
      try {
        await part.start?.();
      } catch (error) {
        await this.stop();
        throw error;
      }
      this.#running.push(part);
    }
  }

  /**
   * Never rejects; asking again waits for the same stop. Resolves with false when a part failed or the deadline
   * passed: the parts below it are told nevertheless, but no longer waited for.
   */
  stop(): Promise<boolean> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<boolean> {
    const { clock, stopDeadlineMs } = this.#options;
    const end = clock.monotonic() + stopDeadlineMs;
    let clean = true;
    for (const part of this.#running.toReversed()) {
      const stopped = await this.#stopOne(part, Math.max(0, end - clock.monotonic()));
      clean &&= stopped;
    }
    return clean;
  }

  async #stopOne(part: Part, remainingMs: number): Promise<boolean> {
    const { clock, log } = this.#options;
    try {
      await within(Promise.resolve(part.stop?.(remainingMs)), remainingMs, clock);
      return true;
    } catch (error) {
      log.error({ part: part.name, error }, 'a part did not stop');
      return false;
    }
  }
}
