import type { Clock } from '../base/clock.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Channel } from './channel.ts';
import type { ClientTls } from './tls/tls-options.ts';

/** Whoever needs longer is not a mail client. */
const HANDSHAKE_MS = 30_000;

/** TLS with a client, under a deadline, counted. Rejects with `CLIENT_TLS_FAILED`. */
export async function shakeHands(
  client: Channel,
  clientTls: ClientTls,
  { metrics, clock }: { readonly metrics: Metrics; readonly clock: Clock },
): Promise<void> {
  const cancel = clock.after(HANDSHAKE_MS, () => client.destroy());
  let outcome: 'ok' | 'failed' = 'failed';
  try {
    await client.secureAsServer(await clientTls());
    outcome = 'ok';
  } finally {
    cancel();
    metrics.tlsHandshakes.inc({ side: 'client', outcome });
  }
}
