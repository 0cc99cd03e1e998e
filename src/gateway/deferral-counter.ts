/** Messages that are remembered; the oldest are forgotten, which at worst defers them again. */
const MAX_KEYS = 10_000;

/** How often each message was deferred, so that no message blocks its mailbox for ever. Bounded. */
export class DeferralCounter {
  readonly #counts = new Map<string, number>();
  readonly #maxKeys: number;

  constructor(maxKeys: number = MAX_KEYS) {
    this.#maxKeys = maxKeys;
  }

  count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string): void {
    const count = this.count(key) + 1;
    this.#counts.delete(key);
    this.#counts.set(key, count);
    for (const oldest of this.#counts.keys()) {
      if (this.#counts.size <= this.#maxKeys) break;
      this.#counts.delete(oldest);
    }
  }

  forget(key: string): void {
    this.#counts.delete(key);
  }
}

/** Names one message of one user: by where it is, or by its content where the protocol gives no identity. */
export function deferralKey(user: string, identity: string, content: string): string {
  return identity === '' ? `${user}\0content\0${content}` : `${user}\0${identity}`;
}
