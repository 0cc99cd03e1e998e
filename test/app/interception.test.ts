import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import tls from 'node:tls';
import { createImapRelay } from '../../src/gateway/imap/imap-relay.ts';
import { createPop3Relay } from '../../src/gateway/pop3/pop3-relay.ts';
import { Authority, createRoot } from '../../src/gateway/tls/authority.ts';
import type { KeyPair } from '../../src/gateway/tls/certificate-writer.ts';
import { certificateFor } from '../support/certificates.ts';
import { GatewayFixture } from '../support/gateway-fixture.ts';
import { Peer } from '../support/peer.ts';

const relays = { imap: createImapRelay, pop3: createPop3Relay };
const NAME = 'imap.example.org';
const SERVER = certificateFor(NAME, 'pop.example.org');
const AUTHORITY = new Authority(createRoot('Test authority'));

interface Settings {
  readonly pair?: KeyPair;
  readonly tlsFilter?: object;
  /** The gateway trusts the server's certificate; default: yes. */
  readonly isTrusted?: boolean;
}

/** A transparent gateway with an authority, before a TLS server. */
async function intercepting(
  t: TestContext,
  { pair = SERVER, tlsFilter = {}, isTrusted = true }: Settings = {},
) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'postern-ca-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const ca = path.join(folder, 'server.pem');
  fs.writeFileSync(ca, isTrusted ? pair.cert : certificateFor('other.example').cert);
  const target = { port: 0 };
  const fixture = await GatewayFixture.start(t, {
    relays,
    authority: AUTHORITY,
    destinations: { of: () => ({ address: '127.0.0.1', port: target.port }) },
    listener: { protocol: 'imaps', tls: 'implicit', transparent: true },
    secureUpstream: true,
    serverPair: pair,
    upstreamTls: { mode: 'auto', ca },
    config: { tlsFilter, tls: { certificates: [] } },
  });
  target.port = fixture.server.port;
  return fixture;
}

/** As a client that trusts our authority and nobody else. */
async function trusting(fixture: GatewayFixture, servername = NAME): Promise<Peer> {
  return await Peer.connect(fixture.port, { ca: AUTHORITY.pem, servername });
}

function shown(peer: Peer): X509Certificate {
  assert.ok(peer.socket instanceof tls.TLSSocket);
  const certificate = peer.socket.getPeerX509Certificate();
  assert.ok(certificate !== undefined);
  return certificate;
}

async function isServed(fixture: GatewayFixture, client: Peer): Promise<void> {
  (await fixture.server.accept()).send('* OK [CAPABILITY IMAP4rev1] ready\r\n');
  assert.match((await client.receiveUntil('\r\n')).toString(), /ready/);
}

async function problems(fixture: GatewayFixture, problem: string, action: string): Promise<number> {
  return await fixture.metric('postern_upstream_certificate_problems_total', { problem, action });
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('a connection that is opened with the own authority', () => {
  it('shows the client the names of the server, signed by the authority', async (t) => {
    const fixture = await intercepting(t);
    const client = await trusting(fixture);
    await isServed(fixture, client);
    const leaf = shown(client);
    assert.ok(leaf.verify(AUTHORITY.certificate.publicKey));
    assert.equal(leaf.checkHost('pop.example.org'), 'pop.example.org');
    assert.ok(leaf.validToDate.getTime() <= new X509Certificate(SERVER.cert).validToDate.getTime());
  });

  it('mints once for a server', async (t) => {
    const fixture = await intercepting(t);
    const serials = [shown(await trusting(fixture)), shown(await trusting(fixture))].map(
      (one) => one.serialNumber,
    );
    assert.equal(serials[0], serials[1]);
    assert.equal(await fixture.metric('postern_tls_leaves_minted_total', { trust: 'trusted' }), 1);
  });

  it('leaves the comparison of names to a client that asks for none', async (t) => {
    const fixture = await intercepting(t);
    const client = await Peer.connect(fixture.port, {
      ca: AUTHORITY.pem,
      servername: '',
      checkServerIdentity: () => undefined,
    });
    assert.equal(shown(client).checkHost(NAME), NAME);
  });
});

describe('a server whose certificate cannot be trusted', () => {
  for (const [problem, settings, name] of [
    ['untrusted', { isTrusted: false }, NAME],
    ['wrongHost', {}, 'other.example.org'],
  ] as const) {
    it(`is refused by default: ${problem}`, async (t) => {
      const fixture = await intercepting(t, settings);
      await assert.rejects(trusting(fixture, name));
      assert.equal(await problems(fixture, problem, 'block'), 1);
    });

    it(`is shown with a certificate that nobody trusts, when that is asked for: ${problem}`, async (t) => {
      const fixture = await intercepting(t, {
        ...settings,
        tlsFilter: { problems: { [problem]: 'untrusted-leaf' } },
      });
      await assert.rejects(trusting(fixture, name), /certificate/);
      const client = await Peer.connect(fixture.port, { servername: name, rejectUnauthorized: false });
      assert.ok(!shown(client).verify(AUTHORITY.certificate.publicKey));
      await fixture.server.accept();
      await isServed(fixture, client);
    });

    it(`is forwarded untouched and counted, when that is asked for: ${problem}`, async (t) => {
      const fixture = await intercepting(t, {
        ...settings,
        tlsFilter: { problems: { [problem]: 'tunnel' } },
      });
      const client = await Peer.connect(fixture.port, { servername: name, rejectUnauthorized: false });
      assert.equal(shown(client).fingerprint256, new X509Certificate(SERVER.cert).fingerprint256);
      assert.equal(await fixture.metric('postern_unscanned_total', { cause: 'certificate' }), 1);
    });
  }

  it('is refused when it is in the list of revoked certificates', async (t) => {
    const file = path.join(os.tmpdir(), `postern-revoked-${process.pid}`);
    t.after(() => fs.rmSync(file, { force: true }));
    fs.writeFileSync(file, `# the old one\n${new X509Certificate(SERVER.cert).fingerprint256}\n`);
    const fixture = await intercepting(t, { tlsFilter: { revoked: file } });
    await assert.rejects(trusting(fixture));
    assert.equal(await problems(fixture, 'revoked', 'block'), 1);
  });

  it('is refused once its key is in the list, and the list stays when it is broken', async (t) => {
    const file = path.join(os.tmpdir(), `postern-revoked-later-${process.pid}`);
    t.after(() => fs.rmSync(file, { force: true }));
    fs.writeFileSync(file, `${'0'.repeat(64)}\n`);
    const fixture = await intercepting(t, { tlsFilter: { revoked: file } });
    await isServed(fixture, await trusting(fixture));
    const { publicKey } = new X509Certificate(SERVER.cert);
    fs.writeFileSync(file, `${sha256(publicKey.export({ type: 'spki', format: 'der' }))}\n`);
    fixture.gateway.reloadCertificates();
    await assert.rejects(trusting(fixture));
    fs.writeFileSync(file, 'serial 17\n');
    assert.throws(() => fixture.gateway.reloadCertificates(), /line 1 is no SHA-256 fingerprint/);
    await assert.rejects(trusting(fixture));
    assert.equal(await problems(fixture, 'revoked', 'block'), 2);
  });
});

/** A transparent gateway before a server with STARTTLS, that client and server have in common. */
async function startTls(t: TestContext, { tlsFilter = {}, isTrusted = true }: Settings = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'postern-ca-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const ca = path.join(folder, 'server.pem');
  fs.writeFileSync(ca, isTrusted ? SERVER.cert : certificateFor('other.example').cert);
  const target = { port: 0 };
  const fixture = await GatewayFixture.start(t, {
    relays,
    authority: AUTHORITY,
    destinations: { of: () => ({ address: '127.0.0.1', port: target.port }) },
    listener: { protocol: 'imap', tls: 'starttls', transparent: true },
    upstreamTls: { mode: 'starttls', ca },
    config: { tlsFilter, tls: { certificates: [] } },
  });
  target.port = fixture.server.port;
  const client = await fixture.connect();
  const upstream = await fixture.server.accept();
  upstream.send('* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n');
  await upstream.expect('GWOPEN STARTTLS\r\n');
  upstream.send('GWOPEN OK go\r\n');
  const secured = upstream.secureAsServer(SERVER).then(async () => {
    await upstream.expect('GWOPEN CAPABILITY\r\n');
    upstream.send('* CAPABILITY IMAP4rev1\r\nGWOPEN OK done\r\n');
  });
  return { fixture, client, secured };
}

async function secureByStartTls(client: Peer, options: tls.ConnectionOptions): Promise<void> {
  await client.receiveUntil('\r\n');
  client.send('s STARTTLS\r\n');
  await client.expect('s OK Begin TLS negotiation now\r\n');
  await client.secureAsClient({ servername: NAME, ...options });
}

describe('a server that becomes secure with STARTTLS', () => {
  it('is shown under its own names when its certificate is good', async (t) => {
    const { client, secured } = await startTls(t);
    await secured;
    await secureByStartTls(client, { ca: AUTHORITY.pem });
    assert.ok(shown(client).verify(AUTHORITY.certificate.publicKey));
  });

  for (const [what, tlsFilter] of [
    ['by default', {}],
    ['also where a tunnel is asked for, which is too late', { problems: { untrusted: 'tunnel' } }],
  ] as const) {
    it(`is refused when its certificate cannot be trusted, ${what}`, async (t) => {
      const { fixture, client, secured } = await startTls(t, { isTrusted: false, tlsFilter });
      await secured.catch(() => undefined);
      assert.match((await client.receiveAll()).toString(), /^\* BYE \[UNAVAILABLE\]/);
      assert.equal(await problems(fixture, 'untrusted', tlsFilter.problems?.untrusted ?? 'block'), 1);
    });
  }

  it('is shown with a certificate that nobody trusts, when that is asked for', async (t) => {
    const tlsFilter = { problems: { untrusted: 'untrusted-leaf' } };
    const { fixture, client, secured } = await startTls(t, { isTrusted: false, tlsFilter });
    await secured;
    await secureByStartTls(client, { rejectUnauthorized: false });
    const leaf = shown(client);
    assert.ok(!leaf.verify(AUTHORITY.certificate.publicKey));
    assert.equal(leaf.checkHost(NAME), NAME);
    assert.equal(await problems(fixture, 'untrusted', 'untrusted-leaf'), 1);
  });

  it('is used when it is known and allowed, and refused when it is revoked', async (t) => {
    const sha256 = new X509Certificate(SERVER.cert).fingerprint256;
    const known = { knownCertificates: [{ sha256, access: 'allow' }] };
    const allowed = await startTls(t, { isTrusted: false, tlsFilter: known });
    await allowed.secured;
    await secureByStartTls(allowed.client, { ca: AUTHORITY.pem });
    const file = path.join(allowed.fixture.folder, 'revoked');
    fs.writeFileSync(file, `${sha256}\n`);
    const revoked = await startTls(t, { tlsFilter: { revoked: file } });
    await revoked.secured.catch(() => undefined);
    assert.match((await revoked.client.receiveAll()).toString(), /^\* BYE/);
    assert.equal(await problems(revoked.fixture, 'revoked', 'block'), 1);
  });
});

describe('another root of the authority', () => {
  it('signs what is minted from then on', async (t) => {
    const fixture = await intercepting(t);
    const first = shown(await trusting(fixture));
    const next = new Authority(createRoot('Next authority'));
    fixture.gateway.replaceAuthority(next);
    const client = await Peer.connect(fixture.port, { ca: next.pem, servername: NAME });
    const leaf = shown(client);
    assert.ok(leaf.verify(next.certificate.publicKey));
    assert.notEqual(leaf.serialNumber, first.serialNumber);
    await assert.rejects(trusting(fixture), /certificate/);
  });
});

describe('certificates that are decided on', () => {
  const certificate = new X509Certificate(SERVER.cert);
  const spki = sha256(certificate.publicKey.export({ type: 'spki', format: 'der' }));

  it('are allowed whatever is wrong with them', async (t) => {
    const knownCertificates = [{ sha256: certificate.fingerprint256, access: 'allow' }];
    const fixture = await intercepting(t, { isTrusted: false, tlsFilter: { knownCertificates } });
    await isServed(fixture, await trusting(fixture));
  });

  it('are refused whatever is right with them', async (t) => {
    const fixture = await intercepting(t, {
      tlsFilter: { knownCertificates: [{ sha256: spki, access: 'block' }] },
    });
    await assert.rejects(trusting(fixture));
    assert.equal(await problems(fixture, 'listed', 'block'), 1);
  });

  it('are forwarded untouched', async (t) => {
    const fixture = await intercepting(t, {
      tlsFilter: { knownCertificates: [{ sha256: spki, scan: 'ignore' }] },
    });
    const client = await Peer.connect(fixture.port, { servername: NAME, rejectUnauthorized: false });
    assert.equal(shown(client).fingerprint256, certificate.fingerprint256);
    assert.equal(await fixture.metric('postern_unscanned_total', { cause: 'certificate' }), 1);
  });
});

describe('obsolete versions of TLS', () => {
  it('are refused from clients and from servers', async (t) => {
    const fixture = await intercepting(t);
    const old = { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await assert.rejects(Peer.connect(fixture.port, { ...old, ca: AUTHORITY.pem, servername: NAME }));
    assert.equal(
      await fixture.metric('postern_gateway_tls_handshakes_total', { side: 'client', outcome: 'failed' }),
      1,
    );
  });
});

describe('a gateway before one server, with an authority and no certificate', () => {
  it('shows a certificate under the name that the client asks for', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays,
      authority: AUTHORITY,
      listener: { protocol: 'imaps', tls: 'implicit' },
      config: { tls: { certificates: [] } },
    });
    const client = await Peer.connect(fixture.port, {
      ca: AUTHORITY.pem,
      servername: 'mail.anywhere.example',
    });
    assert.equal(shown(client).subject, 'CN=mail.anywhere.example');
  });
});
