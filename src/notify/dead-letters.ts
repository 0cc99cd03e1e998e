import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { AlertBatch } from './alert.ts';

/** The log has all; these are for somebody who looks. */
const MAX_KEPT = 100;

export interface DeadLetter {
  readonly id: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly receiver: string;
  readonly why: string;
  readonly batch: AlertBatch;
}

/** Alerts that did not arrive: the newest in memory, every one in the log. */
export class DeadLetters {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #kept: DeadLetter[] = [];
  #total = 0;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Newest first. */
  get letters(): readonly DeadLetter[] {
    return this.#kept.toReversed();
  }

  /** Since the start. */
  get total(): number {
    return this.#total;
  }

  add(letter: Omit<DeadLetter, 'at' | 'id'>): void {
    this.#total += 1;
    this.#kept.push({ id: randomUUID(), at: new Date(this.#clock.now()).toISOString(), ...letter });
    if (this.#kept.length > MAX_KEPT) this.#kept.shift();
    const contents = letter.batch.alerts.map(({ sha256 }) => sha256);
    const { receiver, why, batch } = letter;
    this.#log.error({ receiver, why, delivery: batch.id, contents }, 'an alert did not arrive');
  }

  /** Removes one and returns it; undefined when there is none of that id. */
  take(id: string): DeadLetter | undefined {
    const index = this.#kept.findIndex((letter) => letter.id === id);
    return index < 0 ? undefined : this.#kept.splice(index, 1)[0];
  }
}
