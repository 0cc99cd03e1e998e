import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/**
 * Enough that a saturated pool does not delay the event loop that serves everybody else, also when they share one
 * core: with 5 a NOOP beside eight readers waited 2.5 times as long in the median as with 15; with 19 it is no better.
 * `SCHED_IDLE` takes another half a millisecond from one NOOP in ten and leaves two scans 0.7 % of a core that is busy
 * with other mail, where this leaves them 6.6 %; a shorter time slice of the event loop changes nothing (Linux 6.18). In a
 * container or a service it only counts among the gateway's own threads.
 */
const NICENESS = 15;

/** Where Linux lists the threads of this process, and what those are called that compile and collect for all of V8. */
const THREADS = '/proc/self/task';
const RUNTIME_THREAD = 'V8Worker';

/**
 * With these flags of the command line no thread that collects garbage waits for V8's own: one of low priority would
 * hold it up. While V8 runs they cannot be set: it ends the process (`--no-parallel-marking`, Node 24).
 */
export const LONE_COLLECTION = [
  '--no-parallel-scavenge',
  '--no-parallel-marking',
  '--no-parallel-compaction',
  '--no-parallel-pointer-update',
  '--no-parallel-weak-ref-clearing',
] as const;

/** Lowers the priority of the calling thread. Elsewhere than on Linux it would be the process, so not there. */
export function lowerPriority(): void {
  if (process.platform === 'linux') {
    lower(0);
  }
}

/**
 * Lowers the priority of V8's own threads, which compile and collect mostly for those that scan and displaced the
 * event loop for slices of 4 ms. NOOP p99 beside saturated scans on one core: 9.3 ms without, 7.2 with; scans take
 * some 3 % more of the processor. Only with all of `LONE_COLLECTION`: without, it makes things worse. To be called
 * once, before other threads start.
 */
export function lowerPriorityOfRuntime(flags: readonly string[]): void {
  if (process.platform === 'linux' && LONE_COLLECTION.every((flag) => flags.includes(flag))) {
    runtimeThreads().forEach(lower);
  }
}

function runtimeThreads(): readonly number[] {
  try {
    const isRuntime = (thread: string): boolean =>
      readFileSync(`${THREADS}/${thread}/comm`, 'latin1').trim() === RUNTIME_THREAD;
    return readdirSync(THREADS).filter(isRuntime).map(Number);
  } catch {
    return []; // a sandbox without /proc
  }
}

/** `thread` as Linux counts them; 0: the calling one. */
function lower(thread: number): void {
  try {
    setPriority(thread, NICENESS);
  } catch {
    // A sandbox may forbid it; the pool then competes on equal terms.
  }
}
