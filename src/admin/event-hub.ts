import type { LiveEvent } from './providers.ts';

/** People who watch at the same time; each holds a connection. */
const MAX_WATCHERS = 20;
/** Events that wait for one slow watcher; then the oldest are dropped and he is told how many. */
const MAX_WAITING = 200;

/** What one watcher gets. */
export type WatchedEvent = LiveEvent | { readonly type: 'lost'; readonly data: { readonly events: number } };

/** One who watches. `next` waits; it resolves with undefined when the watching ended. */
export class Watcher {
  readonly #waiting: LiveEvent[] = [];
  #lost = 0;
  #isOver = false;
  #wake: (() => void) | undefined;

  push(event: LiveEvent): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting.shift();
      this.#lost += 1;
    }
    this.#waiting.push(event);
    this.#wake?.();
  }

  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  /** Oldest first. `quiet` resolves when a sign of life is due. */
  async next(quiet: Promise<'quiet'>): Promise<WatchedEvent | 'quiet' | undefined> {
    if (!this.#isOver && this.#waiting.length === 0) {
      const woken = new Promise<'woken'>((resolve) => {
        this.#wake = () => resolve('woken');
      });
      if ((await Promise.race([woken, quiet])) === 'quiet') return 'quiet';
    }
    if (this.#isOver) return undefined;
    return this.#takeLost() ?? this.#waiting.shift();
  }

  #takeLost(): WatchedEvent | undefined {
    if (this.#lost === 0) return undefined;
    const events = this.#lost;
    this.#lost = 0;
    return { type: 'lost', data: { events } };
  }
}

/** Passes events on to everybody who watches. Publishing never waits for a watcher. */
export class EventHub {
  readonly #watchers = new Set<Watcher>();

  get hasWatchers(): boolean {
    return this.#watchers.size > 0;
  }

  publish(event: LiveEvent): void {
    for (const watcher of this.#watchers) watcher.push(event);
  }

  /** Undefined when too many watch already. */
  watch(): Watcher | undefined {
    if (this.#watchers.size >= MAX_WATCHERS) return undefined;
    const watcher = new Watcher();
    this.#watchers.add(watcher);
    return watcher;
  }

  leave(watcher: Watcher): void {
    watcher.end();
    this.#watchers.delete(watcher);
  }

  /** Ends every watch, so that a server can stop. */
  close(): void {
    for (const watcher of this.#watchers) this.leave(watcher);
  }
}
