import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Admitted } from './admission.ts';
import type { GatewayListener } from './listener.ts';
import { awaitGreeting, isOther } from './placement/greeting.ts';
import type { DialledUpstream } from './upstream.ts';
import type { MailProtocol } from './upstream-route.ts';

export interface Spoken {
  readonly listener: GatewayListener;
  readonly served: Admitted;
  readonly dialled: DialledUpstream;
  /** Is the client behind TLS? */
  readonly isSecure: boolean;
}

/**
 * What the server speaks; where the listener does not say, its greeting does. `silent`: it does not greet. `other`: it
 * is no mail protocol, or not the one that the client asked for.
 */
export async function spokenProtocol(
  { listener, served, dialled, isSecure }: Spoken,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<MailProtocol | 'silent' | 'other'> {
  if (listener.protocol !== 'auto') return listener.protocol;
  const { opening, upstream } = served;
  const { greetingTimeoutMs } = upstream.settings;
  const kind = await awaitGreeting(dialled.channel, clock, greetingTimeoutMs).catch((error: unknown) => {
    log.error({ err: error }, 'the mail server does not greet');
    return undefined;
  });
  if (kind === undefined) return 'silent';
  const offered = opening.kind === 'tls' ? opening.hello.protocols : [];
  if (kind === 'other' || isOther(kind, offered)) return 'other';
  return isSecure ? `${kind}s` : kind;
}
