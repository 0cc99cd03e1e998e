import type { TestContext } from 'node:test';
import { createImapLoginDesk } from '../../src/gateway/imap/login-desk.ts';
import { createImapRelay } from '../../src/gateway/imap/imap-relay.ts';
import { createPop3LoginDesk } from '../../src/gateway/pop3/login-desk.ts';
import { createPop3Relay } from '../../src/gateway/pop3/pop3-relay.ts';
import { type FixtureSettings, GatewayFixture } from './gateway-fixture.ts';
import { PeerServer } from './peer.ts';

const RELAYS = {
  imap: createImapRelay,
  pop3: createPop3Relay,
  desks: { imap: createImapLoginDesk, pop3: createPop3LoginDesk },
};

export interface LoginDomainScene {
  readonly fixture: GatewayFixture;
  /** Takes users of example.org. */
  readonly org: PeerServer;
  /** Takes users below example.net. */
  readonly net: PeerServer;
}

/** A gateway before two servers, chosen by login; a third one takes everybody else unless `isClosed`. */
export async function loginDomainScene(
  t: TestContext,
  protocol: 'imap' | 'pop3',
  settings: Partial<FixtureSettings> & { readonly isClosed?: boolean } = {},
): Promise<LoginDomainScene> {
  const [org, net] = [await PeerServer.listen(), await PeerServer.listen()];
  t.after(() => [org, net].forEach((server) => server.close()));
  const config = {
    upstreams: [named('org', 'example.org', org), named('net', '*.example.net', net)],
    ...(settings.isClosed === true ? { upstream: {} } : {}),
    ...settings.config,
  };
  const listener = { protocol, route: 'login-domain', tls: 'off', ...settings.listener } as const;
  const fixture = await GatewayFixture.start(t, { ...settings, relays: RELAYS, config, listener });
  return { fixture, org, net };
}

function named(name: string, domain: string, { port }: PeerServer) {
  const ports = { imap: port, pop3: port };
  return { name, host: '127.0.0.1', domains: [domain], ports, tls: { mode: 'off' } };
}
