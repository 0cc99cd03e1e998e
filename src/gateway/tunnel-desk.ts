import type { Metrics } from '../base/metrics.ts';
import type { Channel } from './channel.ts';
import type { TunnelCause } from './placement/treatment.ts';
import { Tunnel, TUNNEL_BUFFER_BYTES } from './tunnel.ts';
import type { DialRequest, Upstream } from './upstream.ts';
import type { ListenerProtocol } from './upstream-route.ts';

export interface TunnelOpening {
  readonly protocol: ListenerProtocol;
  readonly cause: TunnelCause;
  readonly client: Channel;
  readonly upstream: Upstream;
  readonly request: DialRequest;
  readonly signal: AbortSignal;
  readonly onEnd: () => void;
}

/** Dials the server and makes a tunnel that counts itself in the unscanned ledger. `undefined`: no server. */
export async function openTunnel(opening: TunnelOpening, metrics: Metrics): Promise<Tunnel | undefined> {
  const { protocol, cause, client, upstream, request, signal, onEnd } = opening;
  const buffer = Buffer.allocUnsafeSlow(TUNNEL_BUFFER_BYTES);
  const channel = await upstream.dialTunnel(request, buffer, signal).catch(() => undefined);
  if (channel === undefined) return undefined;
  const ledger = { protocol, cause };
  metrics.unscanned.inc(ledger);
  const bytes = metrics.unscannedBytes.labels(ledger);
  const sides = {
    client: metrics.bytes.labels({ protocol, side: 'client' }),
    upstream: metrics.bytes.labels({ protocol, side: 'upstream' }),
  };
  return new Tunnel({
    client,
    upstream: channel,
    count: (side, count) => {
      bytes.inc(count);
      sides[side].inc(count);
    },
    onEnd,
  });
}
