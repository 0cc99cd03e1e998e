import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { type ClientHello, readClientHello } from './client-hello.ts';
import { readAhead } from './read-ahead.ts';

/**
 * Clients of IMAP and POP3 wait for the server, those of TLS speak at once: whoever is silent this long waits.
 * A hello that comes later is taken for bad input, so slow lines set the least (protocol notes 3.7: 0.3 to 1 s).
 */
const SILENCE_MS = 400;
/** A hello that began has to end; several records over a slow line take a round trip each. */
const HELLO_MS = 10_000;

/** How a client begins. */
export type Opening =
  | { readonly kind: 'tls'; readonly hello: ClientHello }
  /** TLS that cannot be read: a handshake will say what is wrong with it. */
  | { readonly kind: 'bad-tls' }
  | { readonly kind: 'clear' }
  | { readonly kind: 'closed' };

type Decision = { readonly value: Opening | 'started'; readonly consumed: 0 };

/** Looks at the first bytes of a client and leaves them where they are. */
export async function readOpening(socket: Socket, clock: Clock): Promise<Opening> {
  const first = await readAhead(socket, { clock, waitMs: SILENCE_MS }, decideOpening);
  if (first.kind === 'closed') return first;
  if (first.kind === 'silent')
    return first.bytes.length === 0 ? { kind: 'clear' } : await readHello(socket, clock);
  return first.value === 'started' ? await readHello(socket, clock) : first.value;
}

/** The hello of a client that is expected to speak TLS. */
export async function readHello(socket: Socket, clock: Clock): Promise<Opening> {
  const hello = await readAhead(socket, { clock, waitMs: HELLO_MS }, (bytes) => {
    const decision = decideOpening(bytes);
    return decision?.value === 'started' ? undefined : decision;
  });
  if (hello.kind === 'closed') return hello;
  return hello.kind === 'silent' || hello.value === 'started' ? { kind: 'bad-tls' } : hello.value;
}

// oxlint-disable-next-line typescript/consistent-return -- the switch is exhaustive, which tsc checks
function decideOpening(bytes: Buffer): Decision | undefined {
  const reading = readClientHello(bytes);
  switch (reading.kind) {
    case 'undecided':
      return bytes.length === 0 ? undefined : { value: 'started', consumed: 0 };
    case 'not-tls':
      return { value: { kind: 'clear' }, consumed: 0 };
    case 'malformed':
      return { value: { kind: 'bad-tls' }, consumed: 0 };
    case 'hello':
      return { value: { kind: 'tls', hello: reading.hello }, consumed: 0 };
  }
}
