import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/**
 * Enough that a saturated pool does not delay the event loop that serves everybody else, also when they share one
 * core: with 5 a NOOP beside eight readers waited 2.5 times as long in the median as with 15; with 19 it is no better.
 * `SCHED_IDLE` takes another half a millisecond from one NOOP in ten and leaves two scans 0.7 % of a core that is busy
 * with other mail, where this leaves them 6.6 %; a shorter time slice of the event loop changes nothing (Linux 6.18). In
 * a container or a service it only counts among the gateway's own threads.
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

/**
 * So much lower than that of the event loop is the priority of the threads with which V8 compiles and collects for all:
 * NOOP p99 beside saturated scans on the same core was 12 to 15 ms instead of 12 to 17 (three rounds in turns, medians
 * 12.9 and 16.1), and 10 to 12.5 instead of 15 to 19.5 while much is compiled. With 12 it is a millisecond less, but
 * garbage is marked late: 56 to 59 KiB for each of 5,000 idle connections instead of 54.
 */
const ENGINE_STEP = 5;
const LEAST_PRIORITY = 19;
/** As Node names them. */
const ENGINE_THREAD = 'V8Worker';
const OWN_THREADS = '/proc/self/task';

/** Lowers the priority of V8's own threads, which are there from the start. Elsewhere than on Linux nothing is changed. */
export function lowerEnginePriority(): void {
  if (process.platform !== 'linux') {
    return;
  }
  try {
    const niceness = Math.min(LEAST_PRIORITY, getPriority() + ENGINE_STEP);
    for (const thread of readdirSync(OWN_THREADS)) {
      if (readFileSync(`${OWN_THREADS}/${thread}/comm`, 'latin1').startsWith(ENGINE_THREAD)) {
        setPriority(Number(thread), niceness);
      }
    }
  } catch {
    // No /proc, or a sandbox that forbids it: they compete on equal terms.
  }
}
