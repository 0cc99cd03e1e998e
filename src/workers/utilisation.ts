/** Long enough to be steady between two scrapes, short enough to show a burst. */
const WINDOW_MS = 5_000;

/** Share of worker time in use over the last full window, between 0 and 1. */
export class Utilisation {
  readonly #now: () => number;
  #running = 0;
  #workers = 1;
  #since: number;
  #busyMs = 0;
  #windowStart: number;
  #last: number | undefined;

  /** `now` is a monotonic clock in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
    this.#windowStart = this.#since;
  }

  /** Notes how many of how many workers are in use from now on. */
  note(running: number, workers: number): void {
    this.#advance();
    this.#running = running;
    this.#workers = Math.max(1, workers);
  }

  /** Before the first window has passed, what it was until now. */
  ratio(): number {
    this.#advance();
    return this.#last ?? this.#share();
  }

  #advance(): void {
    const now = this.#now();
    this.#busyMs += (now - this.#since) * Math.min(1, this.#running / this.#workers);
    this.#since = now;
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#last = this.#share();
      this.#windowStart = now;
      this.#busyMs = 0;
    }
  }

  #share(): number {
    const elapsed = this.#since - this.#windowStart;
    return elapsed > 0 ? this.#busyMs / elapsed : 0;
  }
}
