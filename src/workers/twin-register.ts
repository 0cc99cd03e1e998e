interface Group<T> {
  isRunning: boolean;
  readonly waiting: Set<T>;
}

/** Which scans are about the same content, so that one of them works for all. */
export class TwinRegister<T> {
  readonly #groups = new Map<string, Group<T>>();

  isRunning(digest: string): boolean {
    return this.#groups.get(digest)?.isRunning ?? false;
  }

  wait(digest: string, scan: T): void {
    const group = this.#groups.get(digest) ?? { isRunning: false, waiting: new Set() };
    group.waiting.add(scan);
    this.#groups.set(digest, group);
  }

  /** `scan` does not wait any more. */
  leave(digest: string, scan: T): void {
    const group = this.#groups.get(digest);
    group?.waiting.delete(scan);
    if (group?.isRunning === false && group.waiting.size === 0) {
      this.#groups.delete(digest);
    }
  }

  start(digest: string): void {
    const waiting = this.#groups.get(digest)?.waiting ?? new Set();
    this.#groups.set(digest, { isRunning: true, waiting });
  }

  /** The one that ran is done. Returns those who waited, and forgets them. */
  finish(digest: string): readonly T[] {
    const waiting = [...(this.#groups.get(digest)?.waiting ?? [])];
    this.#groups.delete(digest);
    return waiting;
  }

  /** All who wait, forgotten as well. */
  clear(): readonly T[] {
    const all = [...this.#groups.values()].flatMap(({ waiting }) => [...waiting]);
    this.#groups.clear();
    return all;
  }
}
