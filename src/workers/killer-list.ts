/** Whoever sends more different killers than this in an hour only makes us forget the oldest. */
const MAX_KILLERS = 1_000;
/** A thread may die from a shortage of memory that passes, so nobody is banned for good. */
export const BAN_MS = 3_600_000;

/** Messages, by digest, that have cost a thread on both tries: they do not get a third for a while. */
export class KillerList {
  readonly #now: () => number;
  readonly #bannedAt = new Map<string, number>();

  /** `now` is a monotonic clock in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  has(digest: string): boolean {
    const since = this.#bannedAt.get(digest);
    if (since !== undefined && this.#now() - since >= BAN_MS) {
      this.#bannedAt.delete(digest);
    }
    return this.#bannedAt.has(digest);
  }

  add(digest: string): void {
    this.#bannedAt.set(digest, this.#now());
    const [oldest] = this.#bannedAt.keys();
    if (this.#bannedAt.size > MAX_KILLERS && oldest !== undefined) {
      this.#bannedAt.delete(oldest);
    }
  }

  clear(): void {
    this.#bannedAt.clear();
  }
}
