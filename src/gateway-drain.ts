import type { DrainState, DrainSwitch } from './admin/providers.ts';
import type { Clock } from './base/clock.ts';
import type { Logger } from './base/log.ts';

const NOT_YET: DrainState = { draining: false, since: null, reason: '', deadline: null };

export interface DrainParts {
  /** Stops what is drained; resolves when nothing is left. */
  readonly stop: (deadlineMs: number) => Promise<void>;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Sessions that finish what they do, asked for by an administrator; the process goes on until it is stopped. */
export class GatewayDrain implements DrainSwitch {
  readonly #parts: DrainParts;
  #state = NOT_YET;

  constructor(parts: DrainParts) {
    this.#parts = parts;
  }

  get state(): DrainState {
    return this.#state;
  }

  drain(reason: string): void {
    if (this.#state.draining) return;
    const { stop, deadlineMs, clock, log } = this.#parts;
    const now = clock.now();
    const deadline = new Date(now + deadlineMs).toISOString();
    this.#state = { draining: true, since: new Date(now).toISOString(), reason, deadline };
    log.warn({ reason }, 'draining, as an administrator asked');
    stop(deadlineMs).catch((error: unknown) => {
      log.error({ error }, 'the gateway did not drain');
    });
  }
}
