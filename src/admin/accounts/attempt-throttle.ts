import type { Clock } from '../../base/clock.ts';

/** Keys that are remembered; the oldest are forgotten. */
export const MAX_KEYS = 10_000;
/** A person mistypes now and then; from here on each failure doubles the wait. */
const FREE_ATTEMPTS = 3;
const FIRST_WAIT_MS = 1_000;
/** Long enough that guessing is hopeless, short enough that nobody is locked out for ever. */
const LONGEST_WAIT_MS = 60_000;
/** Without a failure for this long the count begins anew. */
const FORGET_MS = 15 * 60_000;

interface Failures {
  readonly count: number;
  readonly until: number;
  readonly at: number;
}

/** Makes guessing slow. A key is who tries, or what is tried. */
export class AttemptThrottle {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failures>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until any of these keys may try again; 0: now. */
  waitMs(keys: readonly string[]): number {
    const now = this.#clock.monotonic();
    return Math.max(0, ...keys.map((key) => (this.#failures.get(key)?.until ?? 0) - now));
  }

  failed(keys: readonly string[]): void {
    for (const key of keys) {
      this.#count(key);
    }
  }

  succeeded(keys: readonly string[]): void {
    for (const key of keys) {
      this.#failures.delete(key);
    }
  }

  #count(key: string): void {
    const now = this.#clock.monotonic();
    const known = this.#failures.get(key);
    const count = known === undefined || now - known.at > FORGET_MS ? 1 : known.count + 1;
    const doublings = count - FREE_ATTEMPTS - 1;
    const wait = doublings < 0 ? 0 : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** doublings);
    this.#failures.delete(key);
    this.#failures.set(key, { count, until: now + wait, at: now });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= MAX_KEYS) break;
      this.#failures.delete(oldest);
    }
  }
}
