import type { Logger } from './log.ts';

/** What became of one part that was asked to read its files again. */
export interface ReloadOutcome {
  readonly name: string;
  readonly ok: boolean;
  /** Why it keeps what it had; undefined when it does not. */
  readonly problem?: string;
}

/**
 * What can be read again while the gateway runs: rules, certificates, exclusions. Each part changes as a whole or
 * keeps what it had.
 */
export class ReloadRegistry {
  readonly #parts = new Map<string, () => void | Promise<void>>();
  readonly #log: Logger;
  #running: Promise<unknown> = Promise.resolve();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `reload` throws or rejects when the part keeps what it had. */
  add(name: string, reload: () => void | Promise<void>): void {
    this.#parts.set(name, reload);
  }

  /** Reloads every part, one after the other; a part that fails holds nobody else up. Never rejects. */
  async run(reason: string): Promise<readonly ReloadOutcome[]> {
    const outcome = this.#running.then(async () => await this.#all(reason));
    this.#running = outcome;
    return await outcome;
  }

  async #all(reason: string): Promise<readonly ReloadOutcome[]> {
    const outcomes: ReloadOutcome[] = [];
    for (const [name, reload] of this.#parts) {
      outcomes.push(await this.#one(name, reload));
    }
    this.#log.info({ reason, parts: outcomes }, 'reloaded');
    return outcomes;
  }

  async #one(name: string, reload: () => void | Promise<void>): Promise<ReloadOutcome> {
    try {
      await reload();
      return { name, ok: true };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#log.error({ part: name, error }, 'not reloaded: what was there stays in use');
      return { name, ok: false, problem };
    }
  }
}
