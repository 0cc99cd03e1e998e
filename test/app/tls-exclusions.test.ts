import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import tls from 'node:tls';
import { readClientHello } from '../../src/gateway/placement/client-hello.ts';
import { ja4 } from '../../src/gateway/placement/ja4.ts';
import { gatewayWith, relays, unscanned } from '../support/exclusion-scene.ts';
import { GatewayFixture } from '../support/gateway-fixture.ts';
import { eventually, Peer } from '../support/peer.ts';

/** The certificate that a client sees: that of the server only when nobody opened the connection. */
async function connectSecurely(fixture: GatewayFixture, servername: string) {
  const client = await Peer.connect(fixture.port, { servername, rejectUnauthorized: false });
  return { client, upstream: await fixture.server.accept() };
}

/** What this Node says of itself, seen by a server of our own. */
async function fingerprintsOfNode(): Promise<string[]> {
  const prints: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      const reading = readClientHello(bytes);
      if (reading.kind === 'hello') prints.push(ja4(reading.hello));
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  tls.connect({ host: '127.0.0.1', port, servername: 'x.example' }).on('error', () => undefined);
  await eventually(() => prints.length > 0, 'a hello');
  server.close();
  return prints;
}

describe('connections that begin with TLS', () => {
  const imaps = {
    listener: { protocol: 'imaps', tls: 'implicit' },
    secureUpstream: true,
    upstreamTls: { mode: 'implicit', verify: false },
  } as const;

  it('are forwarded untouched by the name that is asked for, and only by that', async (t) => {
    const fixture = await gatewayWith(t, { serverNames: [{ name: '*.bank.example' }] }, imaps);
    const { client, upstream } = await connectSecurely(fixture, 'imap.bank.example');
    upstream.send('raw\r\n');
    await client.expect('raw\r\n');
    assert.equal(await unscanned(fixture, 'excluded-server-name'), 1);
    await Peer.connect(fixture.port, { servername: 'imap.example', rejectUnauthorized: false });
    await fixture.server.accept();
    assert.equal(await fixture.metric('postern_gateway_tls_handshakes_total', { side: 'client' }), 1);
    assert.equal(await unscanned(fixture, 'excluded-server-name'), 1);
  });

  it('are forwarded untouched by the fingerprint of the client', async (t) => {
    const [ours] = await fingerprintsOfNode();
    assert.match(ours ?? '', /^t1[23]d\d{4}\w\w_[0-9a-f]{12}_[0-9a-f]{12}$/);
    const fixture = await gatewayWith(t, { fingerprints: [{ ja4: ours ?? '' }] }, imaps);
    const { client, upstream } = await connectSecurely(fixture, 'imap.example');
    upstream.send('raw\r\n');
    await client.expect('raw\r\n');
    assert.equal(await unscanned(fixture, 'excluded-fingerprint'), 1);
    const narrower = {
      servername: 'imap.example',
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.2',
    } as const;
    await Peer.connect(fixture.port, narrower);
    await fixture.server.accept();
    assert.equal(await fixture.metric('postern_gateway_tls_handshakes_total', { side: 'client' }), 1);
    assert.equal(await unscanned(fixture, 'excluded-fingerprint'), 1);
  });

  it('are all forwarded untouched with the TLS filter off', async (t) => {
    const config = { tlsFilter: { enabled: false } };
    const fixture = await GatewayFixture.start(t, { relays, ...imaps, config });
    const { client, upstream } = await connectSecurely(fixture, 'imap.example');
    upstream.send('raw\r\n');
    await client.expect('raw\r\n');
    assert.equal(await unscanned(fixture, 'tls-filter-off'), 1);
  });
});
