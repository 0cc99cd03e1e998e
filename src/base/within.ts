import type { Clock } from './clock.ts';

/** Resolves with what `work` resolves with, or rejects after `timeoutMs`. The work itself goes on unseen. */
export async function within<T>(work: Promise<T>, timeoutMs: number, clock: Clock): Promise<T> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(timeoutMs, () => late.reject(new Error(`not done within ${timeoutMs} ms`)));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    cancel();
  }
}
