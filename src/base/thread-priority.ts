import { setPriority } from 'node:os';

/**
 * Enough that a saturated pool does not delay the event loop that serves everybody else, also when they share one
 * core: with 5 a NOOP beside eight readers waited 2.3 ms in the median and 48 in the worst hundredth, with 15 it is
 * 0.9 and 23, with 19 no better. In a container or a service it only counts among the gateway's own threads.
 */
const NICENESS = 15;

/** Lowers the priority of the calling thread. Elsewhere than on Linux it would be the process, so not there. */
export function lowerPriority(): void {
  if (process.platform !== 'linux') {
    return;
  }
  try {
    setPriority(0, NICENESS);
  } catch {
    // A sandbox may forbid it; the pool then competes on equal terms.
  }
}
