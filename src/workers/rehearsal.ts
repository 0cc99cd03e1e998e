import type { Pipeline } from '../scan/pipeline.ts';
import { practiceMail } from './practice-mail.ts';

type Outcome = Awaited<ReturnType<Pipeline['scan']>>;

/** A start shall not take long because others keep the processor. */
const WALL_SHARE = 1 / 3;

/** Milliseconds of practice of this thread: of the processor, or a third of those that have passed. */
export function practiceClock(): () => number {
  const [start, before] = [performance.now(), process.threadCpuUsage()];
  return () => {
    const { user, system } = process.threadCpuUsage(before);
    return Math.max((user + system) / 1_000, (performance.now() - start) * WALL_SHARE);
  };
}

/**
 * Judges practice mail until `forMs` milliseconds of practice have passed. The first hundreds of messages of a fresh thread cost
 * twice to three times as much as later ones, because nothing is compiled yet; they had better not be somebody's.
 * Resolves with the last outcome.
 */
export async function rehearse(
  pipeline: Pick<Pipeline, 'scan'>,
  forMs: number,
  now: () => number,
): Promise<Outcome> {
  const end = now() + forMs;
  for (;;) {
    for (const message of practiceMail()) {
      const outcome = await pipeline.scan(message, 'message');
      if (now() >= end) return outcome;
    }
  }
}
