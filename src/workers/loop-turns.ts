import { setImmediate } from 'node:timers/promises';

/** Bytes judged between two turns: a turn costs some microseconds, so that small messages share one. */
const BYTES_PER_TURN = 4 * 1024 * 1024;

/**
 * Turns of the event loop between jobs. Native code gives the buffers that it was shown back in such turns only, and
 * a thread makes none by itself while it goes from job to job or waits for one: every message would stay in memory.
 */
export class LoopTurns {
  #bytes = 0;

  /** To be called after a job that was about so many bytes. */
  async after(bytes: number): Promise<void> {
    this.#bytes += bytes;
    if (this.#bytes < BYTES_PER_TURN) return;
    this.#bytes = 0;
    await setImmediate();
  }
}
