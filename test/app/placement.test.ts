import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { createPinoLogger } from '../../src/base/pino-logger.ts';
import { createImapRelay } from '../../src/gateway/imap/imap-relay.ts';
import type { OriginalDestinations } from '../../src/gateway/placement/original-destination.ts';
import { readProxyHeader, writeProxyHeader } from '../../src/gateway/placement/proxy-header.ts';
import { createPop3Relay } from '../../src/gateway/pop3/pop3-relay.ts';
import { LOCALHOST } from '../support/certificates.ts';
import { GatewayFixture, type FixtureSettings } from '../support/gateway-fixture.ts';
import { eventually, Peer, PeerServer } from '../support/peer.ts';

const HEADER = 'From: a@example\r\nSubject: hello\r\n\r\n';
const INFECTED = `${HEADER}INFECTED text in the body\r\n`;
const CLIENT = { address: '192.0.2.7', port: 4711 };

const relays = { imap: createImapRelay, pop3: createPop3Relay };
const AUTO = { protocol: 'auto', tls: 'starttls' } as const;

/** What the kernel would say of a redirected connection. */
function wentTo(port: () => number, address = '127.0.0.1'): OriginalDestinations {
  return { of: () => ({ address, port: port() }) };
}

/** An auto listener in front of the scripted server. */
async function auto(t: TestContext, settings: Partial<FixtureSettings> = {}) {
  const target = { port: 0 };
  const listener = { ...AUTO, transparent: true, ...settings.listener };
  const destinations = wentTo(() => target.port);
  const fixture = await GatewayFixture.start(t, { relays, destinations, ...settings, listener });
  target.port = fixture.server.port;
  return fixture;
}

async function imapIsScanned(client: Peer, upstream: Peer): Promise<void> {
  await client.receiveUntil('\r\n');
  client.send('a LOGIN ann secret\r\n');
  await upstream.receiveUntil('\r\n');
  upstream.send('a OK done\r\n');
  await client.receiveUntil('a OK done\r\n');
  client.send('f FETCH 1 BODY[]\r\n');
  const tag = (await upstream.receiveUntil('\r\n')).toString().split(' ')[0] ?? '';
  upstream.send(`* 1 FETCH (BODY[] {${INFECTED.length}}\r\n${INFECTED})\r\n${tag} OK done\r\n`);
  assert.ok(!(await client.receiveUntil('f OK done\r\n')).includes('INFECTED'));
}

async function pop3IsScanned(client: Peer, upstream: Peer): Promise<void> {
  await client.receiveUntil('\r\n');
  client.send('USER ann\r\n');
  await upstream.receiveUntil('\r\n');
  upstream.send('+OK\r\n');
  await client.receiveUntil('\r\n');
  client.send('PASS secret\r\n');
  await upstream.receiveUntil('\r\n');
  upstream.send('+OK\r\n');
  await client.receiveUntil('\r\n');
  client.send('RETR 1\r\n');
  await upstream.receiveUntil('RETR 1\r\n');
  upstream.send(`+OK ${INFECTED.length} octets\r\n${INFECTED}.\r\n`);
  assert.ok(!(await client.receiveUntil('\r\n.\r\n')).includes('INFECTED'));
}

async function refused(fixture: GatewayFixture, reason: string): Promise<number> {
  return await fixture.metric('postern_gateway_sessions_refused_total', { reason });
}

describe('a listener that finds out what is spoken', () => {
  it('scans IMAP in clear text on any port', async (t) => {
    const fixture = await auto(t);
    const { client, upstream } = await fixture.pair();
    upstream.send('* OK [CAPABILITY IMAP4rev1] ready\r\n');
    await imapIsScanned(client, upstream);
  });

  it('scans POP3 in clear text on any port', async (t) => {
    const fixture = await auto(t);
    const { client, upstream } = await fixture.pair();
    upstream.send('+OK ready\r\n');
    await pop3IsScanned(client, upstream);
  });

  it('knows a greeting that arrives byte by byte', async (t) => {
    const fixture = await auto(t);
    const { client, upstream } = await fixture.pair();
    for (const byte of '+OK ready\r\n') upstream.send(byte);
    assert.match((await client.receiveUntil('\r\n')).toString(), /^\+OK/);
  });

  it('refuses servers of other protocols', async (t) => {
    const fixture = await auto(t);
    const { client, upstream } = await fixture.pair();
    upstream.send('220 smtp.example ESMTP\r\n');
    assert.equal((await client.receiveAll()).length, 0);
    assert.equal(await refused(fixture, 'protocol'), 1);
  });

  it('opens TLS on the ports that are listed', async (t) => {
    const upstreamTls = { mode: 'auto', verify: false };
    const fixture = await auto(t, { secureUpstream: true, upstreamTls, config: { imapsPorts: '1' } });
    const listed = await auto(t, {
      secureUpstream: true,
      upstreamTls,
      config: { pop3sPorts: String(fixture.server.port) },
      destinations: wentTo(() => fixture.server.port),
    });
    const connecting = Peer.connect(listed.port, {});
    const [client, upstream] = [await connecting, await fixture.server.accept()];
    upstream.send('+OK ready\r\n');
    await pop3IsScanned(client, upstream);
  });

  it('forwards TLS on other ports untouched, and counts it', async (t) => {
    const fixture = await auto(t, { secureUpstream: true });
    const client = await Peer.connect(fixture.port, {});
    const upstream = await fixture.server.accept();
    upstream.send('raw\r\n');
    await client.expect('raw\r\n');
    assert.equal(await fixture.metric('postern_unscanned_total', { cause: 'tls-port-not-listed' }), 1);
  });

  it('leaves a protocol alone that is switched off', async (t) => {
    const fixture = await auto(t, { config: { protocols: { pop3: false } } });
    const client = await fixture.connect();
    (await fixture.server.accept()).send('+OK ready\r\n');
    const raw = await fixture.server.accept();
    raw.send('+OK {untouched}\r\n');
    await client.expect('+OK {untouched}\r\n');
    assert.equal(await fixture.metric('postern_unscanned_total', { cause: 'protection-off' }), 1);
  });

  it('without a packet filter goes to the port that is configured', async (t) => {
    const server = await PeerServer.listen();
    t.after(() => server.close());
    const listener = { ...AUTO, upstreamPort: server.port };
    const fixture = await GatewayFixture.start(t, { relays, listener });
    const client = await fixture.connect();
    const upstream = await server.accept();
    upstream.send('* OK [CAPABILITY IMAP4rev1] ready\r\n');
    await imapIsScanned(client, upstream);
  });

  it('refuses a server that speaks another protocol than the client asks for', async (t) => {
    const upstreamTls = { mode: 'auto', verify: false };
    const server = await PeerServer.listen(LOCALHOST);
    t.after(() => server.close());
    const fixture = await auto(t, {
      upstreamTls,
      config: { imapsPorts: String(server.port) },
      destinations: wentTo(() => server.port),
    });
    const client = await Peer.connect(fixture.port, { ALPNProtocols: ['imap'] });
    (await server.accept()).send('+OK pop3 here\r\n');
    assert.equal((await client.receiveAll()).length, 0);
    assert.equal(await refused(fixture, 'protocol'), 1);
  });
});

describe('application protocols that a client offers', () => {
  const imaps = {
    listener: { protocol: 'imaps', tls: 'implicit' },
    secureUpstream: true,
    upstreamTls: { mode: 'implicit', verify: false },
  } as const;

  it('do not matter by default', async (t) => {
    const fixture = await GatewayFixture.start(t, { relays, ...imaps });
    await Peer.connect(fixture.port, { ALPNProtocols: ['http/1.1'] });
    await fixture.server.accept();
  });

  it('have to be those of mail when that is asked for', async (t) => {
    const config = { tls: { certificates: [], strictAlpn: true } };
    const fixture = await GatewayFixture.start(t, { relays, ...imaps, config });
    const rejectUnauthorized = false;
    await assert.rejects(Peer.connect(fixture.port, { ALPNProtocols: ['http/1.1'], rejectUnauthorized }));
    await Peer.connect(fixture.port, { ALPNProtocols: ['imap'], rejectUnauthorized });
    await Peer.connect(fixture.port, { rejectUnauthorized });
    assert.equal(await refused(fixture, 'application-protocol'), 1);
  });
});

describe('redirected connections', () => {
  it('are refused when they were not redirected', async (t) => {
    const fixture = await auto(t, { destinations: { of: () => undefined } });
    assert.equal((await (await fixture.connect()).receiveAll()).length, 0);
    assert.equal(await refused(fixture, 'not-redirected'), 1);
  });

  it('are refused when they would come back to us', async (t) => {
    const target = { port: 0 };
    const fixture = await auto(t, {
      destinations: wentTo(() => target.port, '127.0.0.2'),
      listener: { address: '::' },
    });
    target.port = fixture.port;
    assert.equal((await (await fixture.connect()).receiveAll()).length, 0);
    // Whichever end was seen first: it went round once.
    assert.equal(await fixture.metric('postern_gateway_sessions_total'), 2);
  });
});

describe('the PROXY protocol from a proxy before us', () => {
  const listener = { proxyProtocol: true, tls: 'off' } as const;

  it('names the client, in both versions', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays,
      listener,
      config: { trustedProxies: '127.0.0.0/8' },
      upstreamTls: { mode: 'off' },
    });
    for (const version of ['v1', 'v2'] as const) {
      const client = await fixture.connect();
      const header = writeProxyHeader(version, {
        client: CLIENT,
        destination: { address: '192.0.2.1', port: 143 },
      });
      for (const byte of header) client.send(Buffer.from([byte]));
      const upstream = await fixture.server.accept();
      upstream.send('* OK [CAPABILITY IMAP4rev1] ready\r\n');
      await imapIsScanned(client, upstream);
    }
    assert.deepEqual(
      fixture.quarantine.stored.map(({ record }) => record.client),
      [CLIENT.address, CLIENT.address],
    );
  });

  it('names the client once in every line of the log', async (t) => {
    const lines: string[] = [];
    const fixture = await GatewayFixture.start(t, {
      relays,
      listener,
      logger: createPinoLogger({ level: 'debug', write: (line) => lines.push(line) }),
      config: { trustedProxies: '127.0.0.0/8' },
    });
    const client = await fixture.connect();
    client.send(writeProxyHeader('v1', { client: CLIENT, destination: { ...CLIENT, port: 143 } }));
    const upstream = await fixture.server.accept();
    upstream.send('* OK [CAPABILITY IMAP4rev1] ready\r\n');
    await imapIsScanned(client, upstream);
    const ofSession = lines.filter((line) => line.includes('"session"'));
    assert.ok(ofSession.length > 1);
    for (const line of ofSession) {
      assert.equal([...line.matchAll(/[{,]"client":/g)].length, 1, line);
      assert.ok(line.includes(`"client":"${CLIENT.address}"`), line);
    }
  });

  it('is refused from others, spoofed, missing or cut short', async (t) => {
    const untrusted = await GatewayFixture.start(t, {
      relays,
      listener,
      config: { trustedProxies: '10.0.0.0/8' },
    });
    const header = writeProxyHeader('v1', { client: CLIENT, destination: CLIENT });
    const spoofing = await untrusted.connect();
    spoofing.send(header);
    assert.equal((await spoofing.receiveAll()).length, 0);
    assert.equal(await refused(untrusted, 'proxy-untrusted'), 1);
    const trusting = await GatewayFixture.start(t, {
      relays,
      listener,
      config: { trustedProxies: '127.0.0.1' },
    });
    const silent = await trusting.connect();
    silent.send('a LOGIN ann secret\r\n');
    assert.equal((await silent.receiveAll()).length, 0);
    assert.equal(await refused(trusting, 'proxy-header'), 1);
    const cut = await trusting.connect();
    cut.send(header.subarray(0, 20));
    cut.end();
    await cut.receiveAll();
    assert.equal(trusting.server.connections, 0);
  });
});

describe('what the server is told of the client', () => {
  for (const version of ['v1', 'v2'] as const) {
    it(`is a PROXY header ${version} before anything else`, async (t) => {
      const { port } = await GatewayFixture.start(t, { relays });
      const server = await PeerServer.listen();
      t.after(() => server.close());
      const upstream = {
        host: '127.0.0.1',
        ports: { imap: server.port },
        tls: { mode: 'off' },
        proxyProtocol: version,
      };
      const fixture = await GatewayFixture.start(t, { relays, config: { upstream } });
      const client = await fixture.connect();
      const peer = await server.accept();
      await eventually(() => peer.waiting >= 16, 'the header');
      const reading = readProxyHeader(await peer.receive(peer.waiting));
      assert.ok(reading.kind === 'header' && port > 0);
      assert.equal(reading.ends?.client.port, client.socket.localPort);
      assert.equal(reading.ends?.destination.port, server.port);
    });
  }

  it('is said with IMAP ID, and no client may say it', async (t) => {
    const { client, upstream } = await forwarding(t, 'imap');
    upstream.send('* OK [CAPABILITY IMAP4rev1 ID] ready\r\n');
    const said = (await upstream.receiveUntil('\r\n')).toString();
    assert.match(said, /^GWOPEN ID \("x-originating-ip" "127\.0\.0\.1" "x-originating-port" "\d+"\)\r\n$/);
    upstream.send('* ID NIL\r\nGWOPEN OK done\r\n');
    await client.receiveUntil('ready\r\n');
    client.send('a ID ("x-originating-ip" "10.0.0.1")\r\n');
    assert.match((await client.receiveUntil('\r\n')).toString(), /^a BAD/);
  });

  it('is not said to a server without ID', async (t) => {
    const { client, upstream } = await forwarding(t, 'imap');
    upstream.send('* OK [CAPABILITY IMAP4rev1] ready\r\n');
    await client.receiveUntil('ready\r\n');
    assert.equal(upstream.waiting, 0);
  });

  it('is said with POP3 XCLIENT, whatever the server thinks of it', async (t) => {
    for (const answer of ['+OK Updated', '-ERR Unknown command']) {
      const { client, upstream } = await forwarding(t, 'pop3');
      upstream.send('+OK ready\r\n');
      assert.match(
        (await upstream.receiveUntil('\r\n')).toString(),
        /^XCLIENT ADDR=127\.0\.0\.1 PORT=\d+\r\n$/,
      );
      assert.equal(client.waiting, 0);
      upstream.send(`${answer}\r\n`);
      await pop3IsScanned(client, upstream);
    }
  });
});

async function forwarding(t: TestContext, protocol: 'imap' | 'pop3') {
  const server = await PeerServer.listen();
  t.after(() => server.close());
  const upstream = {
    host: '127.0.0.1',
    ports: { [protocol]: server.port },
    tls: { mode: 'off' },
    forwardClient: true,
  };
  const fixture = await GatewayFixture.start(t, { relays, listener: { protocol }, config: { upstream } });
  return { client: await fixture.connect(), upstream: await server.accept() };
}

async function isDelivered(fixture: GatewayFixture, user: string): Promise<boolean> {
  const { client, upstream } = await fixture.pair();
  upstream.send('* OK [CAPABILITY IMAP4rev1] ready\r\n');
  await client.receiveUntil('\r\n');
  client.send(`a LOGIN ${user} secret\r\n`);
  await upstream.receiveUntil('\r\n');
  upstream.send('a OK done\r\n');
  await client.receiveUntil('a OK done\r\n');
  client.send('f FETCH 1 BODY[]\r\n');
  const tag = (await upstream.receiveUntil('\r\n')).toString().split(' ')[0] ?? '';
  upstream.send(`* 1 FETCH (BODY[] {${INFECTED.length}}\r\n${INFECTED})\r\n${tag} OK done\r\n`);
  return (await client.receiveUntil('f OK done\r\n')).includes('INFECTED');
}

describe('policies by place', () => {
  const POLICIES = { policies: [{ name: 'lax', malicious: 'deliver', domains: ['lax.example'] }] };

  it('are those of the domain of the user, of the listener, or the default', async (t) => {
    const plain = await GatewayFixture.start(t, { relays, config: POLICIES });
    assert.equal(await isDelivered(plain, 'ann@example'), false);
    assert.equal(await isDelivered(plain, 'ann@LAX.example'), true);
    const placed = await GatewayFixture.start(t, { relays, config: POLICIES, listener: { policy: 'lax' } });
    assert.equal(await isDelivered(placed, 'ann@example'), true);
  });
});
