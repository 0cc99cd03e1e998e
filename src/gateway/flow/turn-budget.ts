/**
 * About half a millisecond of reading, encrypting and sending on one core. Sockets give and take whole messages without ever
 * returning to the event loop, megabytes in a row, and everybody else's commands wait for as long.
 */
const TURN_BYTES = 256 * 1024;

/** Schedules for the end of the present turn of the event loop, after the sockets that are ready now. */
export type EndOfTurn = (task: () => void) => void;

/**
 * Bytes of content that all sessions together move in one turn of the event loop. Who finds it spent goes on in a
 * later turn, in the order of asking; commands and their answers do not ask.
 */
export class TurnBudget {
  readonly #endOfTurn: EndOfTurn;
  readonly #waiting: (() => void)[] = [];
  #number = 0;
  #spent = 0;
  #isScheduled = false;

  constructor(endOfTurn: EndOfTurn = setImmediate) {
    this.#endOfTurn = endOfTurn;
  }

  /** Counts turns in which something was moved. */
  get number(): number {
    return this.#number;
  }

  get isSpent(): boolean {
    return this.#spent >= TURN_BYTES;
  }

  spend(bytes: number): void {
    this.#spent += bytes;
    this.#schedule();
  }

  /** Calls `resume` in a later turn; it has to look at the budget again. */
  later(resume: () => void): void {
    this.#waiting.push(resume);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#endOfTurn(() => this.#next());
  }

  #next(): void {
    this.#isScheduled = false;
    this.#number += 1;
    this.#spent = 0;
    // Who asks again while they are served comes after them.
    for (let left = this.#waiting.length; left > 0 && !this.isSpent; left -= 1) this.#waiting.shift()?.();
    if (this.#waiting.length > 0) this.#schedule();
  }
}
