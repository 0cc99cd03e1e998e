import { threadCpuUsage } from 'node:process';
import { announcedAmong, passwordsInName } from './password-candidates.ts';
import type { Yield } from './unpacker.ts';

/** Tries per archive. A mail names few passwords; evasion notes section 3 asks for a bound of about this size. */
export const MAX_PASSWORD_TRIES = 200;
/** Time per archive for all tries, milliseconds of the processor: a tenth of the default scan time. */
export const MAX_PASSWORD_MS = 1000;
/** The same by the clock, for a machine that is busy with other work: twice as much, so that the scan still ends in time. */
export const MAX_PASSWORD_WAIT_MS = 2000;

/** The likeliest candidates are tried however slow the machine is: the verdict must not hang on its load. */
export const MIN_PASSWORD_TRIES = 6;

/** Words of the archive's own name that take turns with what the mail tells. */
const MAX_OWN_NAME = 3;

function threadMs(): number {
  const { user, system } = threadCpuUsage();
  return (user + system) / 1000;
}

/** The bounded walk over candidate passwords of one archive. The one that worked last is tried first. */
export class PasswordTries {
  readonly #out: Yield;
  readonly #startedMs: number;
  readonly #usedMs: () => number;
  readonly #usedBefore: number;
  readonly #extra: readonly string[];
  readonly #own: readonly string[];
  #tries = 0;
  #known: string | undefined;

  /**
   * `extra`: passwords that the format itself suggests, tried before those of the mail. `name`: the archive's own.
   * `usedMs`: what this thread has had of the processor, milliseconds.
   */
  constructor(out: Yield, extra: readonly string[] = [], name = '', usedMs = threadMs) {
    this.#out = out;
    this.#own = passwordsInName(name).slice(0, MAX_OWN_NAME);
    this.#extra = extra;
    this.#startedMs = out.budget.remainingMs();
    this.#usedMs = usedMs;
    this.#usedBefore = usedMs();
  }

  /** Gives candidates until the bounds are reached; call `worked` to remember the right one. */
  *candidates(): Generator<string, void, void> {
    const known = this.#known === undefined ? [] : [this.#known];
    const all = new Set([...known, ...this.#extra, ...this.#told()]);
    for (const candidate of all) {
      if (!this.#maySpend() && candidate !== this.#known) {
        return;
      }
      this.#tries += 1;
      yield candidate;
    }
  }

  /** What the mail and the names of files tell as a password, for a second try that costs much. */
  *announced(): Generator<string, void, void> {
    for (const candidate of announcedAmong(this.#out.passwords())) {
      if (!this.#maySpend()) {
        return;
      }
      this.#tries += 1;
      yield candidate;
    }
  }

  /** By turns, the mail first: where only a few tries are affordable, both the text and the name get some. */
  #told(): string[] {
    const mail = this.#out.passwords();
    const turns = this.#own.flatMap((word, turn) => [...mail.slice(turn, turn + 1), word]);
    return [...turns, ...mail];
  }

  #maySpend(): boolean {
    this.#out.budget.checkTime();
    return this.#tries < MIN_PASSWORD_TRIES || (this.#tries < MAX_PASSWORD_TRIES && this.#hasTime());
  }

  #hasTime(): boolean {
    const waitedMs = this.#startedMs - this.#out.budget.remainingMs();
    return this.#usedMs() - this.#usedBefore < MAX_PASSWORD_MS && waitedMs < MAX_PASSWORD_WAIT_MS;
  }

  worked(password: string): void {
    this.#known = password;
  }
}
