import type { Clock } from '../../base/clock.ts';
import type { EventHub, Watcher } from '../event-hub.ts';
import { ApiError } from './api-error.ts';

/** Proxies cut connections that say nothing for 30 to 60 s. */
const SIGN_OF_LIFE_MS = 15_000;

/** Server-sent events until the watcher leaves or the hub closes. JSON has no line ends, so no event can be forged. */
export function eventStream(hub: EventHub, clock: Clock, signal: AbortSignal): Response {
  const watcher = hub.watch();
  if (watcher === undefined) {
    throw new ApiError('unavailable', 'too many watch already', { headers: { 'retry-after': '60' } });
  }
  signal.addEventListener('abort', () => hub.leave(watcher), { once: true });
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(': welcome\n\n')),
    pull: async (controller) => {
      const text = await nextText(watcher, clock);
      if (text === undefined) {
        hub.leave(watcher);
        controller.close();
        return;
      }
      controller.enqueue(encoder.encode(text));
    },
    cancel: () => hub.leave(watcher),
  });
  const headers = { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };
  return new Response(body, { headers });
}

async function nextText(watcher: Watcher, clock: Clock): Promise<string | undefined> {
  const quiet = Promise.withResolvers<'quiet'>();
  const cancel = clock.after(SIGN_OF_LIFE_MS, () => quiet.resolve('quiet'));
  try {
    const event = await watcher.next(quiet.promise);
    if (event === 'quiet') return ': still here\n\n';
    return event && `event: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`;
  } finally {
    cancel();
  }
}
