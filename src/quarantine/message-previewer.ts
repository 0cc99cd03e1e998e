import { Worker } from 'node:worker_threads';
import { type Clock, systemClock } from '../base/clock.ts';
import type { MessagePreview, MessagePreviewer } from './message-preview.ts';
import { previewSchema } from './preview-schema.ts';

/** A person waits; hostile mail can keep the reader busy for longer. */
const TIMEOUT_MS = 10_000;
/** Bytes of a message that are read for a preview. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Previews at a time; each is a thread. */
const MAX_RUNNING = 2;
const LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

const UNREADABLE: MessagePreview = { headers: [], text: '', truncated: true, parts: [] };

/** Reads a message with mailparser in a thread of its own that is ended when it takes too long or too much. */
export function createMessagePreviewer(clock: Clock = systemClock): MessagePreviewer {
  let running = 0;
  return {
    preview: async (message) => {
      if (running >= MAX_RUNNING) return UNREADABLE;
      running += 1;
      try {
        const seen = await inThread(message.slice(0, MAX_BYTES), clock);
        return message.byteLength > MAX_BYTES ? { ...seen, truncated: true } : seen;
      } finally {
        running -= 1;
      }
    },
  };
}

async function inThread(message: Uint8Array, clock: Clock): Promise<MessagePreview> {
  const worker = new Worker(new URL('./preview-worker.ts', import.meta.url), {
    workerData: message,
    resourceLimits: LIMITS,
    stdout: true,
    stderr: true,
  });
  const answer = Promise.withResolvers<unknown>();
  worker.once('message', answer.resolve);
  worker.once('error', () => answer.resolve(undefined));
  worker.once('exit', () => answer.resolve(undefined));
  const cancel = clock.after(TIMEOUT_MS, () => answer.resolve(undefined));
  try {
    return previewSchema.safeParse(await answer.promise).data ?? UNREADABLE;
  } finally {
    cancel();
    await worker.terminate();
  }
}
