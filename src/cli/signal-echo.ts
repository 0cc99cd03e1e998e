import type { Clock } from '../base/clock.ts';

/**
 * Ctrl-C reaches a program under npm twice: from the terminal, and passed on by npm. What follows a signal within
 * this time is its echo; a person needs longer to press a key again.
 */
const ECHO_MS = 500;

/** Calls `handler` for every signal that is not the echo of the one before. */
export function withoutEcho<S>(
  handler: (signal: S) => void,
  clock: Pick<Clock, 'monotonic'>,
): (signal: S) => void {
  let last = -Infinity;
  return (signal) => {
    const now = clock.monotonic();
    const isEcho = now - last < ECHO_MS;
    last = now;
    if (!isEcho) {
      handler(signal);
    }
  };
}
