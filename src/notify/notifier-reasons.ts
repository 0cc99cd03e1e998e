import type { DeadLetter } from './dead-letters.ts';

/** How long an alert that did not arrive is a reason to look. */
const RECENT_MS = 24 * 3_600_000;

/** For the status: alerts of the last day that did not arrive. */
export function notifierReasons(letters: readonly DeadLetter[], now: number) {
  const recent = letters.filter(({ at }) => now - Date.parse(at) < RECENT_MS);
  const [newest] = recent;
  if (newest === undefined) return [];
  const text = `${recent.length} alerts did not arrive; the newest at ${newest.receiver}: ${newest.why}`;
  const remedy =
    'Correct notifications in the configuration, or the receiver. The page Alerts of the console tries them again.';
  return [{ level: 'yellow', code: 'alerts-lost', text, remedy } as const];
}
