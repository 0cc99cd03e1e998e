import type { Clock } from '../base/clock.ts';

/**
 * Named deadlines of one session on a single timer, which is moved only when it fires: a deadline that is pushed
 * back with every packet costs one map write.
 */
export class Deadlines<Name extends string> {
  readonly #clock: Clock;
  readonly #onDue: (name: Name) => void;
  readonly #due = new Map<Name, number>();
  #cancel: (() => void) | undefined;
  #armedFor = Infinity;

  constructor(clock: Clock, onDue: (name: Name) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Starts a deadline or pushes it back. */
  set(name: Name, delayMs: number): void {
    const due = this.#clock.monotonic() + delayMs;
    this.#due.set(name, due);
    if (due < this.#armedFor) this.#arm(due);
  }

  has(name: Name): boolean {
    return this.#due.has(name);
  }

  clear(name: Name): void {
    this.#due.delete(name);
  }

  close(): void {
    this.#due.clear();
    this.#cancel?.();
    this.#armedFor = Infinity;
  }

  #arm(due: number): void {
    this.#cancel?.();
    this.#armedFor = due;
    // A timer may fire a fraction early; a millisecond more avoids a second round.
    const delayMs = Math.max(1, Math.ceil(due - this.#clock.monotonic()));
    this.#cancel = this.#clock.after(delayMs, this.#fire);
  }

  readonly #fire = (): void => {
    this.#armedFor = Infinity;
    const now = this.#clock.monotonic();
    for (const [name, due] of this.#due) {
      if (due > now) continue;
      this.#due.delete(name);
      this.#onDue(name);
    }
    const next = Math.min(...this.#due.values());
    if (next < this.#armedFor) this.#arm(next);
  };
}
