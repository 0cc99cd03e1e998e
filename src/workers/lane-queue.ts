import type { ScanRequest } from '../scan/scanner.ts';

export type Lane = ScanRequest['lane'];

/** What waits: anything that says where it belongs. Identity is the object itself. */
export interface Waiter {
  readonly lane: Lane;
  /** Fair-share key. */
  readonly user: string;
}

/** While bulk work waits, one of this many goes to it, so that it is slow but never starves. */
export const BULK_SHARE = 5;

/** Waiters of one lane: one first-in-first-out line for each user, and the users take turns. */
class FairLines<T extends Waiter> {
  /** Insertion order is the order of turns: who was served moves to the end. */
  readonly #lines = new Map<string, Set<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(waiter: T): void {
    const line = this.#lines.get(waiter.user) ?? new Set();
    line.add(waiter);
    this.#lines.set(waiter.user, line);
    this.#size += 1;
  }

  shift(): T | undefined {
    for (const [user, line] of this.#lines) {
      for (const waiter of line) {
        this.#lines.delete(user);
        this.#lines.set(user, line);
        this.remove(waiter);
        return waiter;
      }
    }
    return undefined;
  }

  remove(waiter: T): boolean {
    const line = this.#lines.get(waiter.user);
    if (line?.delete(waiter) !== true) {
      return false;
    }
    if (line.size === 0) {
      this.#lines.delete(waiter.user);
    }
    this.#size -= 1;
    return true;
  }

  waitingOf(user: string): number {
    return this.#lines.get(user)?.size ?? 0;
  }

  /** The newest waiter of the user with the longest line. */
  newestOfLongest(): T | undefined {
    let longest: ReadonlySet<T> = new Set();
    for (const line of this.#lines.values()) {
      longest = line.size > longest.size ? line : longest;
    }
    return [...longest].at(-1);
  }
}

/**
 * The bounded waiting room before the pool. Interactive work goes first, bulk gets one turn in `BULK_SHARE`;
 * inside a lane users take turns, so that one user's sync delays nobody else.
 */
export class LaneQueue<T extends Waiter> {
  readonly #limit: number;
  readonly #lanes = { interactive: new FairLines<T>(), bulk: new FairLines<T>() };
  #sinceBulk = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#lanes.interactive.size + this.#lanes.bulk.size;
  }

  /**
   * Lets `waiter` in. Returns who has to leave because the room is full: nobody, the newest of the user who
   * holds most places when that is more than this user would hold, else `waiter` itself.
   */
  push(waiter: T): T | undefined {
    const leaving = this.size < this.#limit ? undefined : this.#leaving(waiter);
    if (leaving === waiter) {
      return waiter;
    }
    if (leaving !== undefined) {
      this.remove(leaving);
    }
    this.#lanes[waiter.lane].push(waiter);
    return leaving;
  }

  /** Bulk gives way to interactive work; in one lane the longest line gives way to shorter ones. */
  #leaving(waiter: T): T {
    const { interactive, bulk } = this.#lanes;
    const candidate = bulk.newestOfLongest();
    if (waiter.lane === 'interactive' && candidate !== undefined) {
      return candidate;
    }
    const lines = waiter.lane === 'bulk' ? bulk : interactive;
    const newest = lines.newestOfLongest();
    const isFairer = newest !== undefined && lines.waitingOf(newest.user) > lines.waitingOf(waiter.user) + 1;
    return isFairer ? newest : waiter;
  }

  shift(): T | undefined {
    const { interactive, bulk } = this.#lanes;
    const isBulkTurn = interactive.size === 0 || this.#sinceBulk + 1 >= BULK_SHARE;
    if (bulk.size > 0 && isBulkTurn) {
      this.#sinceBulk = 0;
      return bulk.shift();
    }
    this.#sinceBulk = bulk.size > 0 ? this.#sinceBulk + 1 : 0;
    return interactive.shift();
  }

  remove(waiter: T): boolean {
    return this.#lanes[waiter.lane].remove(waiter);
  }
}
