import type { Clock } from '../base/clock.ts';
import type { Channel } from './channel.ts';

/** A client that does not go cannot stay longer. */
const FAREWELL_MS = 5_000;

/** What is said leaves, our side closes, and `end` is called when the client has gone. */
export function sayLastWords(client: Channel, words: Uint8Array, clock: Clock, end: () => void): void {
  client.write(words);
  const cancel = clock.after(FAREWELL_MS, end);
  client.own({
    received: () => undefined,
    drained: () => undefined,
    ended: () => undefined,
    lost: () => {
      cancel();
      end();
    },
  });
  client.end();
  // Read on, into nothing: unread bytes would turn the close into a reset that can overtake the last words.
  client.resume();
}
