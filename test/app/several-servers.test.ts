import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createImapRelay } from '../../src/gateway/imap/imap-relay.ts';
import { createPop3Relay } from '../../src/gateway/pop3/pop3-relay.ts';
import { GatewayFixture } from '../support/gateway-fixture.ts';
import { Peer, PeerServer } from '../support/peer.ts';

const relays = { imap: createImapRelay, pop3: createPop3Relay };

async function servers(t: TestContext, count: number): Promise<PeerServer[]> {
  const all = await Promise.all(Array.from({ length: count }, () => PeerServer.listen()));
  t.after(() => all.forEach((server) => server.close()));
  return all;
}

function settingsOf({ port }: PeerServer) {
  return {
    host: '127.0.0.1',
    ports: { imap: port, imaps: port },
    tls: { mode: 'off' },
  };
}

describe('several mail servers', () => {
  it('are chosen by listener', async (t) => {
    const [one, other] = await servers(t, 2);
    assert.ok(one !== undefined && other !== undefined);
    const fixture = await GatewayFixture.start(t, {
      relays,
      listener: { upstream: 'branch' },
      config: { upstream: settingsOf(one), upstreams: [{ name: 'branch', ...settingsOf(other) }] },
    });
    await fixture.connect();
    await other.accept();
    assert.equal(one.connections, 0);
  });

  it('are chosen by the name a client asks for', async (t) => {
    const [one, other] = await servers(t, 2);
    assert.ok(one !== undefined && other !== undefined);
    const branch = { name: 'branch', serverNames: ['*.branch.example'], ...settingsOf(other) };
    const fixture = await GatewayFixture.start(t, {
      relays,
      listener: { protocol: 'imaps', tls: 'implicit' },
      config: { upstream: settingsOf(one), upstreams: [branch] },
    });
    await Peer.connect(fixture.port, { servername: 'imap.branch.example', rejectUnauthorized: false });
    await other.accept();
    await Peer.connect(fixture.port, { servername: 'imap.example', rejectUnauthorized: false });
    await one.accept();
  });

  it('have hosts that stand in for each other', async (t) => {
    const [server] = await servers(t, 1);
    assert.ok(server !== undefined);
    // Nothing listens on 127.0.0.3.
    const upstream = { ...settingsOf(server), host: '127.0.0.3', fallbackHosts: ['127.0.0.1'] };
    const fixture = await GatewayFixture.start(t, { relays, config: { upstream } });
    for (let round = 0; round < 2; round += 1) {
      await fixture.connect();
      await server.accept();
    }
    assert.deepEqual(fixture.gateway.upstreams, [{ name: 'upstream', hosts: 2, up: 1 }]);
    // The second connection did not try what had failed.
    assert.equal(await fixture.metric('postern_upstream_errors_total'), 1);
  });

  it('tell the client when none of the hosts answers', async (t) => {
    const [server] = await servers(t, 1);
    assert.ok(server !== undefined);
    const upstream = { ...settingsOf(server), host: '127.0.0.3', fallbackHosts: ['127.0.0.4'] };
    const fixture = await GatewayFixture.start(t, { relays, config: { upstream } });
    const client = await fixture.connect();
    assert.match((await client.receiveAll()).toString(), /^\* BYE \[UNAVAILABLE\]/);
  });
});
