import type { Config } from '../base/config/schema.ts';
import type { Logger } from '../base/log.ts';
import type { Admitted } from './admission.ts';
import type { Channel } from './channel.ts';
import type { GatewayListener } from './listener.ts';
import { attemptLogin, type LoginAttemptParts } from './login-attempt.ts';
import { LoginReception, type ReceptionParts } from './login-reception.ts';
import type { SessionFactory } from './session-factory.ts';
import type { ClientTls } from './tls/tls-options.ts';
import { type MailProtocol, upstreamRoute } from './upstream-route.ts';
import type { Upstreams } from './upstreams.ts';

export interface Receiving {
  readonly listener: GatewayListener;
  readonly protocol: MailProtocol;
  readonly served: Admitted;
  readonly client: Channel;
  readonly isSecure: boolean;
  readonly clientTls: ClientTls;
  readonly log: Logger;
}

/** What all connections of a gateway share. */
interface Shared extends Pick<ReceptionParts, 'metrics' | 'clock'> {
  readonly config: Config;
  readonly upstreams: Upstreams;
  readonly sessions: SessionFactory;
}

/** A reception for a client whose server its login decides. */
export function receiveLogin(
  { listener, protocol, served, client, isSecure, clientTls, log }: Receiving,
  { config, upstreams, sessions, metrics, clock }: Shared,
  ends: Pick<ReceptionParts, 'onLogin' | 'onEnd'>,
): LoginReception {
  const clientEnd = served.place.client;
  const attemptParts = (clientSecure: boolean): LoginAttemptParts => ({
    serverFor: (user) => upstreams.chooseFor(user, listener),
    dial: (upstream, signal) =>
      upstream.dial({ route: upstreamRoute(protocol, upstream.settings), client: clientEnd }, signal),
    relayFor: (upstream, dialled) =>
      sessions.relay({ listener, protocol, clientSecure, clientEnd, upstream, dialled }),
    log,
    clock,
  });
  return new LoginReception({
    listener: protocol,
    client,
    clientSecure: isSecure,
    clientTls,
    desk: sessions.desk(listener, protocol, isSecure),
    loginTimeoutMs: config.limits.loginTimeoutMs,
    attempt: (request, clientSecure, signal) => attemptLogin(request, attemptParts(clientSecure), signal),
    metrics,
    log,
    clock,
    ...ends,
  });
}
