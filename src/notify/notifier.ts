import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { NotificationsConfig } from '../base/config/notifications-schema.ts';
import type { Logger } from '../base/log.ts';
import type { JudgedMessage, JudgementLog } from '../history/judgement-log.ts';
import { AlertBook, type TakenAlerts } from './alert-book.ts';
import type { Channel } from './channel.ts';
import { type DeadLetter, DeadLetters } from './dead-letters.ts';
import { Outbox } from './outbox.ts';

/** `Clock.after` is a timer of Node, which takes 31 bits of milliseconds; nothing here waits that long. */
const LONGEST_TIMER_MS = 3_600_000;

export interface NotifierParts {
  readonly settings: Pick<NotificationsConfig, 'minSeverity' | 'intervalMs' | 'repeatMs' | 'maxAttempts'>;
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tells administrators what was found. It only listens: whatever fails here, mail does not notice. */
export class Notifier implements JudgementLog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #book: AlertBook;
  readonly #dead: DeadLetters;
  readonly #outboxes: readonly Outbox[];
  #timer: { readonly due: number; readonly cancel: () => void } | undefined;

  constructor({ settings, channels, clock, log }: NotifierParts) {
    this.#clock = clock;
    this.#log = log;
    this.#book = new AlertBook(settings);
    this.#dead = new DeadLetters(clock, log);
    const { maxAttempts } = settings;
    this.#outboxes = channels.map(
      (channel) => new Outbox({ channel, maxAttempts, dead: this.#dead, clock, log }),
    );
  }

  /** Alerts that did not arrive, newest first; bounded. */
  get deadLetters(): readonly DeadLetter[] {
    return this.#dead.letters;
  }

  /** Since the start. */
  get deadLetterCount(): number {
    return this.#dead.total;
  }

  /** Tries an alert that did not arrive once more, from the beginning; false when there is none of that id. */
  retry(id: string): boolean {
    const letter = this.#dead.take(id);
    if (letter === undefined) return false;
    this.#outboxes.find(({ receiver }) => receiver === letter.receiver)?.put(letter.batch);
    return true;
  }

  /** Nobody wants it any more. The log keeps it. */
  discard(id: string): boolean {
    return this.#dead.take(id) !== undefined;
  }

  /** Batches that wait for a receiver. */
  get waiting(): number {
    return this.#outboxes.reduce((sum, outbox) => sum + outbox.waiting, 0);
  }

  /** Never throws and never waits. */
  record(judged: JudgedMessage): void {
    if (this.#outboxes.length === 0) return;
    try {
      this.#schedule(this.#book.record(judged, this.#clock.now()));
    } catch (error) {
      this.#log.error({ err: error }, 'an alert could not be made');
    }
  }

  /** Sends what waits and ends within about `deadlineMs`. Never rejects. */
  async close(deadlineMs: number): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#send(this.#book.takeAll(this.#clock.now()));
    await Promise.allSettled(this.#outboxes.map((outbox) => outbox.close(deadlineMs)));
  }

  #schedule(due: number | undefined): void {
    if (due === undefined || (this.#timer !== undefined && this.#timer.due <= due)) return;
    this.#timer?.cancel();
    const waitMs = Math.min(LONGEST_TIMER_MS, Math.max(0, due - this.#clock.now()));
    const cancel = this.#clock.after(waitMs, () => {
      this.#timer = undefined;
      this.#send(this.#book.take(this.#clock.now()));
      this.#schedule(this.#book.nextDue);
    });
    this.#timer = { due, cancel };
  }

  #send({ alerts, unlisted }: TakenAlerts): void {
    if (alerts.length === 0 && unlisted === 0) return;
    const batch = { id: randomUUID(), alerts, unlisted };
    for (const outbox of this.#outboxes) outbox.put(batch);
  }
}
