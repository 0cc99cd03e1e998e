import type { Channel } from './channel.ts';
import type { TurnBudget } from './flow/turn-budget.ts';

/** Why reading of one side is paused. */
export type GateReason = 'handshake' | 'pressure' | 'turn';

/** A side that brought no more than this in one turn brings commands and answers, not content, and is read on. */
const LIGHT_BYTES = 64 * 1024;

/** Reads one side only while nothing speaks against it. */
export class ReadGate {
  readonly #channel: Pick<Channel, 'pause' | 'resume'>;
  readonly #turns: TurnBudget;
  readonly #reasons = new Set<GateReason>();
  #turn = 0;
  #bytes = 0;
  /** Spent for what is read next. */
  #ahead = 0;

  constructor(channel: Pick<Channel, 'pause' | 'resume'>, turns: TurnBudget) {
    this.#channel = channel;
    this.#turns = turns;
  }

  /** Counts what was read; a heavy side goes on in a later turn when the present one is spent. */
  count(bytes: number): void {
    const turns = this.#turns;
    this.#bytes = turns.number === this.#turn ? this.#bytes + bytes : bytes;
    this.#turn = turns.number;
    turns.spend(Math.max(0, bytes - this.#ahead));
    this.#ahead = 0;
    if (!turns.isSpent || this.#bytes <= LIGHT_BYTES || this.#reasons.has('turn')) return;
    this.close('turn');
    turns.later(() => this.#reopen(bytes));
  }

  /** What one read brings is known too late: without paying ahead all who wait would read in the same turn. */
  #reopen(bytes: number): void {
    this.#ahead = bytes;
    this.#turns.spend(bytes);
    this.open('turn');
  }

  /** Takes effect at once: no byte is read after it. */
  close(reason: GateReason): void {
    this.#reasons.add(reason);
    this.#channel.pause();
  }

  open(reason: GateReason): void {
    this.#reasons.delete(reason);
    if (this.#reasons.size === 0) this.#channel.resume();
  }

  isClosedFor(reason: GateReason): boolean {
    return this.#reasons.has(reason);
  }
}
