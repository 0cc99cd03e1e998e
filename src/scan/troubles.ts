import { ScanLimitError } from './budget.ts';
import type { UnscannableCause } from './verdict.ts';

/** Strictest default action first: a cause that is delivered by default never hides one that is not. */
const BY_WEIGHT: readonly UnscannableCause[] = [
  'bomb',
  'too-deep',
  'malformed',
  'timeout',
  'engine-failed',
  'overloaded',
  'too-large',
  'encrypted',
];

export interface Trouble {
  readonly cause: UnscannableCause;
  readonly detail: string;
  /** See `Yield.cannot`. */
  readonly isCut?: boolean | undefined;
}

/** The heaviest of what went wrong. */
export class Troubles {
  #heaviest: Trouble | undefined;

  add(cause: UnscannableCause, detail: string): void {
    const current = this.#heaviest;
    if (current === undefined || BY_WEIGHT.indexOf(cause) < BY_WEIGHT.indexOf(current.cause)) {
      this.#heaviest = { cause, detail };
    }
  }

  /** Records an exception; `fallback` is the cause when it does not name one itself. */
  addError(error: unknown, fallback: UnscannableCause, where: string): void {
    if (error instanceof ScanLimitError) {
      this.add(error.scanCause, error.message);
      return;
    }
    // The message of a foreign error may quote content: only its class is told.
    this.add(fallback, `${where} failed: ${error instanceof Error ? error.name : typeof error}`);
  }

  get heaviest(): Trouble | undefined {
    return this.#heaviest;
  }
}
