/** Messages that are remembered; at 100 bytes each a few megabytes. */
const MAX_REMEMBERED = 20_000;

/** Which messages have their keywords: a user who takes one away again is not contradicted at the next fetch. */
export class MarkBook {
  readonly #marked = new Set<string>();
  readonly #limit: number;

  constructor(limit = MAX_REMEMBERED) {
    this.#limit = limit;
  }

  has(user: string, identity: string): boolean {
    return this.#marked.has(keyOf(user, identity));
  }

  add(user: string, identity: string): void {
    this.#marked.add(keyOf(user, identity));
    const [oldest] = this.#marked;
    if (this.#marked.size > this.#limit && oldest !== undefined) this.#marked.delete(oldest);
  }
}

const keyOf = (user: string, identity: string): string => `${user}\0${identity}`;
