import { setPriority } from 'node:os';

/** Enough that a saturated pool does not delay the event loop that serves everybody else. */
const WORKER_NICENESS = 5;

/** Lowers the priority of the calling thread. Elsewhere than on Linux it would be the process, so not there. */
export function lowerPriority(): void {
  if (process.platform !== 'linux') {
    return;
  }
  try {
    setPriority(0, WORKER_NICENESS);
  } catch {
    // A sandbox may forbid it; the pool then competes on equal terms.
  }
}
