import type { Clock } from '../../base/clock.ts';
import { GatewayError } from '../../base/errors.ts';
import type { Channel } from '../channel.ts';

/** Of what kind a server is, by what it says first. */
export type GreetingKind = 'imap' | 'pop3' | 'other';

/** Enough to tell `* OK` and `+OK` from `220 `. */
const ENOUGH_BYTES = 2;

/** `undefined`: more bytes are needed. */
export function classifyGreeting(bytes: Uint8Array): GreetingKind | undefined {
  if (bytes.length < ENOUGH_BYTES) return undefined;
  switch (Buffer.from(bytes.subarray(0, ENOUGH_BYTES)).toString('latin1')) {
    case '* ':
      return 'imap';
    case '+O':
    case '-E':
      return 'pop3';
    default:
      return 'other';
  }
}

/**
 * Waits for the first bytes of a server and leaves them to be read again. Rejects with `UPSTREAM_TIMEOUT` or
 * `UPSTREAM_LOST`. The channel is paused again.
 */
export async function awaitGreeting(channel: Channel, clock: Clock, waitMs: number): Promise<GreetingKind> {
  let seen: Buffer = Buffer.alloc(0);
  let cancel: (() => void) | undefined;
  try {
    return await new Promise<GreetingKind>((resolve, reject) => {
      const lost = (): void =>
        reject(new GatewayError('UPSTREAM_LOST', 'the mail server closed without a greeting'));
      cancel = clock.after(waitMs, () =>
        reject(new GatewayError('UPSTREAM_TIMEOUT', 'the mail server does not greet')),
      );
      channel.own({
        received: (bytes) => {
          seen = Buffer.concat([seen, bytes]);
          const kind = classifyGreeting(seen);
          if (kind === undefined) return;
          channel.pause();
          resolve(kind);
        },
        drained: () => undefined,
        ended: lost,
        lost,
      });
      channel.resume();
    });
  } finally {
    cancel?.();
    channel.pause();
    channel.unread(seen);
  }
}

/** A client that asks for one protocol and is led to the other one is being deceived (ALPACA). */
export function isOther(kind: 'imap' | 'pop3', offered: readonly string[]): boolean {
  const other = kind === 'imap' ? 'pop3' : 'imap';
  return offered.includes(other) && !offered.includes(kind);
}
