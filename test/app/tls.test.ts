import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, it } from 'node:test';
import tls from 'node:tls';
import { certificateFor, fingerprint, LOCALHOST, writePair } from '../support/certificates.ts';
import { GatewayFixture } from '../support/gateway-fixture.ts';
import { eventually, Peer } from '../support/peer.ts';
import { type Script, ScriptedRelay, send } from '../support/scripted-relay.ts';

function relays(script: () => Script) {
  const make = () => new ScriptedRelay(script());
  return { imap: make, pop3: make };
}

/** Answers `STARTTLS` on the client side. */
function offering(): Script {
  return {
    fromClient: (bytes) =>
      bytes.toString() === 'STARTTLS\r\n'
        ? [send('client', 'go\r\n'), { kind: 'startTls', side: 'client' }]
        : [send('upstream', bytes)],
    secured: (side) => [send('upstream', `secured ${side}\r\n`)],
  };
}

/** Asks the server for TLS as soon as it greets. */
function asking(): Script {
  return {
    fromUpstream: (bytes) => {
      if (bytes.toString() === 'hello\r\n') return [send('upstream', 'STARTTLS\r\n')];
      return bytes.toString() === 'go\r\n'
        ? [{ kind: 'startTls', side: 'upstream' }]
        : [send('client', bytes)];
    },
    secured: (side) => [send('client', `secured ${side}\r\n`)],
  };
}

describe('TLS to the client', () => {
  it('comes first behind an implicit listener', async (t) => {
    const listener = { protocol: 'imaps', tls: 'implicit' } as const;
    const fixture = await GatewayFixture.start(t, { relays: relays(() => ({})), listener });
    const client = await Peer.connect(fixture.port, {});
    const upstream = await fixture.server.accept();
    upstream.send('hello\r\n');
    await client.expect('hello\r\n');
    const big = Buffer.alloc(3_000_000, 'abcdefg');
    upstream.send(big);
    assert.ok((await client.receive(big.length)).equals(big));
    client.send(big);
    assert.ok((await upstream.receive(big.length)).equals(big));
    assert.equal(
      await fixture.metric('postern_gateway_tls_handshakes_total', { side: 'client', outcome: 'ok' }),
      1,
    );
  });

  it('dials no server for a peer that never shakes hands', async (t) => {
    const listener = { protocol: 'imaps', tls: 'implicit' } as const;
    const fixture = await GatewayFixture.start(t, { relays: relays(() => ({})), listener });
    const client = await fixture.connect();
    client.send('GET / HTTP/1.1\r\n\r\n');
    await client.receiveAll();
    assert.equal(fixture.server.connections, 0);
    assert.equal(await fixture.metric('postern_gateway_tls_handshakes_total', { outcome: 'failed' }), 1);
  });

  it('starts in mid-stream', async (t) => {
    const fixture = await GatewayFixture.start(t, { relays: relays(offering) });
    const { client, upstream } = await fixture.pair();
    client.send('STARTTLS\r\n');
    await client.expect('go\r\n');
    await client.secureAsClient();
    await upstream.expect('secured client\r\n');
    client.send('LOGIN\r\n');
    await upstream.expect('LOGIN\r\n');
    upstream.send('OK\r\n');
    await client.expect('OK\r\n');
  });

  it('is refused when clear text arrives after the answer', async (t) => {
    const fixture = await GatewayFixture.start(t, { relays: relays(offering) });
    const { client, upstream } = await fixture.pair();
    client.send('STARTTLS\r\n');
    await client.expect('go\r\n');
    client.send('INJECTED\r\n');
    assert.equal((await client.receiveAll()).includes('INJECTED'), false);
    assert.equal((await upstream.receiveAll()).length, 0);
    await eventually(() => fixture.log.messages().includes('connection ended'), 'the end');
    assert.equal(await fixture.metric('postern_gateway_tls_handshakes_total', { outcome: 'failed' }), 1);
  });

  it('serves the certificate that the client names, and the first one otherwise', async (t) => {
    const folder = fs.mkdtempSync('/tmp/postern-test-');
    t.after(() => fs.rmSync(folder, { recursive: true }));
    const pairs = [LOCALHOST, certificateFor('mail.example'), certificateFor('*.other.example')];
    const certificates = pairs.map((pair, index) => writePair(folder, `${index}`, pair));
    const fixture = await GatewayFixture.start(t, {
      relays: relays(() => ({})),
      listener: { protocol: 'imaps', tls: 'implicit' },
      config: { tls: { certificates } },
    });
    const names = ['mail.example', 'MAIL.example', 'a.other.example', 'b.a.other.example', 'nobody.example'];
    const served = await Promise.all(names.map((name) => certificateSeen(fixture.port, name)));
    const prints = pairs.map((pair) => fingerprint(pair.cert));
    assert.deepEqual(
      served.map((print) => prints.indexOf(print)),
      [1, 1, 2, 0, 0],
    );
  });

  it('changes to a renewed certificate without a restart, and keeps the old one when the new one is broken', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays: relays(() => ({})),
      listener: { protocol: 'imaps', tls: 'implicit' },
    });
    assert.equal(await certificateSeen(fixture.port, 'localhost'), fingerprint(LOCALHOST.cert));
    const renewed = certificateFor('localhost');
    writePair(fixture.folder, 'server', renewed);
    fixture.gateway.reloadCertificates();
    assert.equal(await certificateSeen(fixture.port, 'localhost'), fingerprint(renewed.cert));
    writePair(fixture.folder, 'server', { cert: certificateFor('localhost').cert, key: renewed.key });
    fixture.gateway.reloadCertificates();
    assert.equal(await certificateSeen(fixture.port, 'localhost'), fingerprint(renewed.cert));
    assert.ok(fixture.log.lines.some(({ level, message }) => level === 'error' && message.includes('kept')));
    assert.ok((await fixture.metric('postern_tls_certificate_expiry_timestamp_seconds')) > Date.now() / 1000);
  });

  it('resumes a session of a client that was here before', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays: relays(() => ({})),
      listener: { protocol: 'imaps', tls: 'implicit' },
    });
    const first = tls.connect({ ...VERIFIED, port: fixture.port });
    const session = await new Promise<Buffer>((resolve) => first.once('session', resolve));
    first.destroy();
    const second = tls.connect({ ...VERIFIED, port: fixture.port, session });
    await new Promise((resolve) => second.once('secureConnect', resolve));
    assert.ok(second.isSessionReused());
    second.destroy();
  });
});

describe('TLS to the server', () => {
  it('is verified against the name that is configured', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays: relays(() => ({})),
      secureUpstream: true,
      upstreamTls: { mode: 'implicit', ca: caFile(t), serverName: 'localhost' },
    });
    const { client, upstream } = await fixture.pair();
    upstream.send('hello\r\n');
    await client.expect('hello\r\n');
  });

  it('is refused when the name does not match, and the client is told', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays: relays(() => ({})),
      secureUpstream: true,
      upstreamTls: { mode: 'implicit', ca: caFile(t), serverName: 'other.example' },
    });
    const client = await fixture.connect();
    assert.equal((await client.receiveAll()).toString(), 'UNAVAILABLE\r\n');
    assert.equal(await fixture.metric('postern_upstream_errors_total', { code: 'UPSTREAM_TLS_FAILED' }), 1);
  });

  it('is refused when nobody vouches for the certificate, unless verification is off', async (t) => {
    const settings = { relays: relays(() => ({})), secureUpstream: true };
    const strict = await GatewayFixture.start(t, { ...settings, upstreamTls: { mode: 'implicit' } });
    const refused = await strict.connect();
    assert.equal((await refused.receiveAll()).toString(), 'UNAVAILABLE\r\n');
    const trusting = { mode: 'implicit', verify: false };
    const lenient = await GatewayFixture.start(t, { ...settings, upstreamTls: trusting });
    const { client, upstream } = await lenient.pair();
    upstream.send('hello\r\n');
    await client.expect('hello\r\n');
  });

  it('starts in mid-stream', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays: relays(asking),
      upstreamTls: { ca: caFile(t), serverName: 'localhost' },
    });
    const { client, upstream } = await fixture.pair();
    upstream.send('hello\r\n');
    await upstream.expect('STARTTLS\r\n');
    upstream.send('go\r\n');
    await upstream.secureAsServer();
    await client.expect('secured upstream\r\n');
    const big = Buffer.alloc(2_000_000, 'abcdefg');
    upstream.send(big);
    assert.ok((await client.receive(big.length)).equals(big));
  });

  it('tells the client when the handshake in mid-stream fails', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays: relays(asking),
      upstreamTls: { ca: caFile(t), serverName: 'other.example' },
    });
    const { client, upstream } = await fixture.pair();
    upstream.send('hello\r\n');
    await upstream.expect('STARTTLS\r\n');
    upstream.send('go\r\n');
    upstream.secureAsServer().catch(() => undefined);
    assert.equal((await client.receiveAll()).toString(), 'UNAVAILABLE\r\n');
    assert.equal(await fixture.metric('postern_upstream_errors_total', { code: 'UPSTREAM_TLS_FAILED' }), 1);
  });
});

const VERIFIED = { host: '127.0.0.1', servername: 'localhost', ca: LOCALHOST.cert };

async function certificateSeen(port: number, servername: string): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false });
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  });
  const seen = socket.getPeerCertificate().fingerprint256;
  socket.destroy();
  return seen;
}

function caFile(t: { after(task: () => void): void }): string {
  const folder = fs.mkdtempSync('/tmp/postern-test-');
  t.after(() => fs.rmSync(folder, { recursive: true }));
  return writePair(folder, 'ca', LOCALHOST).cert;
}
