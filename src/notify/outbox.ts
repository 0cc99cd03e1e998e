import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { AlertBatch } from './alert.ts';
import { type Channel, DeliveryFailed } from './channel.ts';
import type { DeadLetters } from './dead-letters.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 300_000;
/** Batches that wait for one receiver; more means that it was away for long. */
export const MAX_WAITING = 100;

export interface OutboxParts {
  readonly channel: Channel;
  readonly maxAttempts: number;
  readonly dead: DeadLetters;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What one receiver has still to get, in order. A receiver that is away holds up nobody else. */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #waiting: AlertBatch[] = [];
  #attempts = 0;
  #isSending = false;
  #isClosed = false;
  #cancelRetry: (() => void) | undefined;
  #onIdle: (() => void) | undefined;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  get receiver(): string {
    return this.#parts.channel.name;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  put(batch: AlertBatch): void {
    if (this.#isClosed) return this.#giveUp(batch, 'the gateway stops');
    if (this.#waiting.length >= MAX_WAITING) {
      const newest = this.#waiting.pop();
      if (newest !== undefined) this.#giveUp(newest, 'too many alerts wait for this receiver');
    }
    this.#waiting.push(batch);
    if (this.#cancelRetry === undefined) void this.#sendNext();
  }

  /** Tries once more at once, waits at most `deadlineMs`, and writes off what is left. */
  async close(deadlineMs: number): Promise<void> {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    const idle = new Promise<void>((resolve) => (this.#onIdle = resolve));
    const cancel = this.#parts.clock.after(deadlineMs, () => this.#onIdle?.());
    void this.#sendNext();
    await idle;
    cancel();
    for (const batch of this.#waiting.splice(0)) this.#giveUp(batch, 'the gateway stops');
    await this.#parts.channel.close();
  }

  async #sendNext(): Promise<void> {
    if (this.#isSending) return;
    const [batch] = this.#waiting;
    if (batch === undefined) return this.#onIdle?.();
    this.#isSending = true;
    const failure = await this.#attempt(batch);
    this.#isSending = false;
    this.#settle(batch, failure);
  }

  async #attempt(batch: AlertBatch): Promise<DeliveryFailed | undefined> {
    try {
      await this.#parts.channel.send(batch);
      return undefined;
    } catch (error) {
      return error instanceof DeliveryFailed ? error : new DeliveryFailed('the channel failed', true);
    }
  }

  #settle(batch: AlertBatch, failure: DeliveryFailed | undefined): void {
    const { maxAttempts, channel, log } = this.#parts;
    this.#attempts += 1;
    if (failure !== undefined && failure.retryable && this.#attempts < maxAttempts) {
      log.warn({ receiver: channel.name, attempt: this.#attempts, why: failure.message }, 'an alert waits');
      return this.#isClosed ? this.#onIdle?.() : this.#retryLater();
    }
    // Absent when it was written off meanwhile.
    if (this.#waiting[0] === batch) this.#waiting.shift();
    this.#attempts = 0;
    if (failure !== undefined) this.#giveUp(batch, failure.message);
    void this.#sendNext();
  }

  #retryLater(): void {
    const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#attempts - 1));
    this.#cancelRetry = this.#parts.clock.after(waitMs, () => {
      this.#cancelRetry = undefined;
      void this.#sendNext();
    });
  }

  #giveUp(batch: AlertBatch, why: string): void {
    this.#parts.dead.add({ receiver: this.#parts.channel.name, why, batch });
  }
}
