import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import tls from 'node:tls';
import { createImapRelay } from '../../src/gateway/imap/imap-relay.ts';
import { writeProxyHeader } from '../../src/gateway/placement/proxy-header.ts';
import { createPop3Relay } from '../../src/gateway/pop3/pop3-relay.ts';
import type { Finding, Verdict } from '../../src/scan/verdict.ts';
import { finding } from '../support/fake-scanner.ts';
import { GatewayFixture, type FixtureSettings } from '../support/gateway-fixture.ts';
import { eventually, Peer } from '../support/peer.ts';

const HEADER = 'From: a@example\r\nSubject: hello\r\n\r\n';
const INFECTED = `${HEADER}INFECTED text in the body\r\n`;
const OTHER = `${HEADER}INFECTED otherwise, same size\r\n`;
const ACCOUNT = { owner: 'ann', reason: 'a test' };

const relays = { imap: createImapRelay, pop3: createPop3Relay };

type Lists = Record<string, readonly Record<string, string>[]>;

async function gatewayWith(t: TestContext, lists: Lists, settings: Partial<FixtureSettings> = {}) {
  const exclusions = Object.fromEntries(
    Object.entries(lists).map(([kind, entries]) => [
      kind,
      entries.map((entry) => ({ ...entry, ...ACCOUNT })),
    ]),
  );
  return await GatewayFixture.start(t, { relays, ...settings, config: { exclusions, ...settings.config } });
}

async function loggedIn(fixture: GatewayFixture, user = 'ann', id = '') {
  const { client, upstream } = await fixture.pair();
  upstream.send('* OK [CAPABILITY IMAP4rev1 ID] ready\r\n');
  await client.receiveUntil('\r\n');
  if (id !== '') {
    client.send(`i ID (${id})\r\n`);
    await upstream.receiveUntil('\r\n');
    upstream.send('i OK done\r\n');
    await client.receiveUntil('i OK done\r\n');
  }
  client.send(`a LOGIN ${user} secret\r\n`);
  await upstream.receiveUntil('\r\n');
  upstream.send('a OK done\r\n');
  await client.receiveUntil('a OK done\r\n');
  return { client, upstream };
}

type Pair = Awaited<ReturnType<typeof loggedIn>>;

async function select({ client, upstream }: Pair, mailbox: string): Promise<void> {
  client.send(`s SELECT ${mailbox}\r\n`);
  await upstream.receiveUntil('\r\n');
  upstream.send('* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\ns OK [READ-WRITE] done\r\n');
  await client.receiveUntil('s OK');
  await client.receiveUntil('\r\n');
}

/** What the client gets of a message. */
async function fetched({ client, upstream }: Pair, content = INFECTED): Promise<string> {
  client.send('f FETCH 1 BODY[]\r\n');
  const tag = (await upstream.receiveUntil('\r\n')).toString().split(' ')[0] ?? '';
  upstream.send(`* 1 FETCH (BODY[] {${content.length}}\r\n${content})\r\n${tag} OK done\r\n`);
  return (await client.receiveUntil('f OK done\r\n')).toString();
}

/** A tunnel: what the client says first arrives as it is, with no greeting in between. */
async function isTunnelled(fixture: GatewayFixture): Promise<boolean> {
  const { client, upstream } = await fixture.pair();
  upstream.send('220 not a mail server\r\n');
  const heard = (await client.receiveUntil('\r\n').catch(() => Buffer.alloc(0))).toString();
  if (heard !== '220 not a mail server\r\n') return false;
  client.send('raw\r\n');
  await upstream.expect('raw\r\n');
  return true;
}

async function unscanned(fixture: GatewayFixture, cause: string): Promise<number> {
  return await fixture.metric('postern_unscanned_total', { cause });
}

function hits(fixture: GatewayFixture): number[] {
  return fixture.exclusions.list().map((one) => one.hits);
}

function found(...findings: Finding[]): Verdict {
  return { kind: 'malicious', findings };
}

/** The certificate that a client sees: that of the server only when nobody opened the connection. */
async function connectSecurely(fixture: GatewayFixture, servername: string) {
  const client = await Peer.connect(fixture.port, { servername, rejectUnauthorized: false });
  return { client, upstream: await fixture.server.accept() };
}

describe('excluded addresses', () => {
  for (const [what, addresses] of [
    ['a single address', '127.0.0.1'],
    ['a range', '127.0.0.0-127.0.0.2'],
    ['a network among others', '10.0.0.0/8; ::1,\n127.0.0.0/30'],
  ] as const) {
    it(`forward clients of ${what} untouched, and count them`, async (t) => {
      const fixture = await gatewayWith(t, { clients: [{ addresses }] });
      assert.ok(await isTunnelled(fixture));
      assert.equal(await unscanned(fixture, 'excluded-client'), 1);
      assert.deepEqual(hits(fixture), [1]);
    });
  }

  it('are of both families, and those of the client behind a proxy', async (t) => {
    const clients = [{ addresses: '2001:db8:7::/48; 2001:db8:9::1-2001:db8:9::3' }];
    const listener = { proxyProtocol: true };
    const config = { trustedProxies: '127.0.0.1' };
    const fixture = await gatewayWith(t, { clients }, { listener, config });
    const destination = { address: '2001:db8::25', port: 143 };
    for (const [address, isExcluded] of [
      ['2001:db8:7:1::5', true],
      ['2001:db8:9::3', true],
      ['2001:db8:9::4', false],
      ['2001:db8:8::5', false],
    ] as const) {
      const client = await fixture.connect();
      client.send(writeProxyHeader('v2', { client: { address, port: 4711 }, destination }));
      const upstream = await fixture.server.accept();
      upstream.send('* OK [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] ready\r\n');
      const greeting = (await client.receiveUntil('\r\n')).toString();
      assert.equal(greeting.includes('COMPRESS'), isExcluded, address);
    }
    assert.equal(await unscanned(fixture, 'excluded-client'), 2);
    assert.deepEqual(hits(fixture), [2]);
  });

  it('forward connections to a server untouched, and count them', async (t) => {
    const fixture = await gatewayWith(t, { servers: [{ addresses: '127.0.0.1/32' }] });
    assert.ok(await isTunnelled(fixture));
    assert.equal(await unscanned(fixture, 'excluded-server'), 1);
  });

  it('resolve the name of a server', async (t) => {
    const fixture = await GatewayFixture.start(t, { relays });
    const upstream = { host: 'localhost', ports: { imap: fixture.server.port }, tls: { mode: 'off' } };
    const named = await gatewayWith(
      t,
      { servers: [{ addresses: '127.0.0.1, ::1' }] },
      { config: { upstream } },
    );
    const client = await named.connect();
    const server = await fixture.server.accept();
    server.send('220 raw\r\n');
    await client.expect('220 raw\r\n');
  });

  it('leave everybody else scanned', async (t) => {
    const fixture = await gatewayWith(t, {
      clients: [{ addresses: '127.0.0.2, 10.0.0.0/8' }],
      servers: [{ addresses: '127.0.0.2' }],
    });
    assert.ok(!(await fetched(await loggedIn(fixture))).includes('INFECTED'));
    assert.deepEqual(hits(fixture), [0, 0]);
    assert.equal(await fixture.metric('postern_unscanned_total'), 0);
  });

  it('have no effect once they expired', async (t) => {
    const clients = [{ addresses: '127.0.0.1', expires: '2020-01-01' }];
    const fixture = await gatewayWith(t, { clients });
    assert.ok(!(await fetched(await loggedIn(fixture))).includes('INFECTED'));
    assert.equal(fixture.exclusions.list()[0]?.isExpired, true);
  });
});

describe('excluded applications', () => {
  it('get their mail unscanned once they named themselves, and are counted', async (t) => {
    const fixture = await gatewayWith(t, { applications: [{ name: 'OldMail', version: '2.*' }] });
    const got = await fetched(await loggedIn(fixture, 'ann', '"name" "oldmail" "version" "2.1"'));
    assert.ok(got.includes('INFECTED'));
    assert.equal(fixture.scanner.requests.length, 0);
    assert.equal(await unscanned(fixture, 'excluded-application'), 1);
  });

  it('are not another version, another program, or one without a name', async (t) => {
    const fixture = await gatewayWith(t, { applications: [{ name: 'OldMail', version: '2.*' }] });
    for (const id of [
      '"name" "oldmail" "version" "3.0"',
      '"name" "oldmail2" "version" "2.0"',
      '"os" "oldmail"',
      '',
    ]) {
      assert.ok(!(await fetched(await loggedIn(fixture, 'ann', id))).includes('INFECTED'), id);
    }
    assert.equal(await unscanned(fixture, 'excluded-application'), 0);
  });
});

describe('an application that names itself late', () => {
  const late = { applications: [{ name: 'OldMail' }] };

  it('does not get unscanned what it asked for before', async (t) => {
    const fixture = await gatewayWith(t, late);
    const { client, upstream } = await loggedIn(fixture);
    client.send('f FETCH 1 BODY[]\r\ni ID ("name" "OldMail")\r\ng FETCH 1 BODY[]\r\n');
    const answer = async (): Promise<void> => {
      const tag = (await upstream.receiveUntil('FETCH 1 BODY[]\r\n')).toString().split(' ')[0] ?? '';
      upstream.send(`* 1 FETCH (BODY[] {${INFECTED.length}}\r\n${INFECTED})\r\n${tag} OK done\r\n`);
    };
    await answer();
    await upstream.receiveUntil('ID ("name" "OldMail")\r\n');
    upstream.send('i OK done\r\n');
    await answer();
    assert.ok(!(await client.receiveUntil('f OK done\r\n')).includes('INFECTED'));
    assert.ok((await client.receiveUntil('g OK done\r\n')).includes('INFECTED'));
    assert.equal(await unscanned(fixture, 'excluded-application'), 1);
  });

  it('does not get it while the verdict is still awaited', async (t) => {
    const fixture = await gatewayWith(t, late);
    const { scanner } = fixture;
    scanner.isHeld = true;
    const { client, upstream } = await loggedIn(fixture);
    client.send('f FETCH 1:12 BODY[]\r\n');
    const tag = (await upstream.receiveUntil('\r\n')).toString().split(' ')[0] ?? '';
    const message = `BODY[] {${INFECTED.length}}\r\n${INFECTED}`;
    const fetches = Array.from({ length: 12 }, (_, index) => `* ${index + 1} FETCH (${message})\r\n`);
    upstream.send(`${fetches.join('')}${tag} OK done\r\n`);
    client.send('i ID ("name" "OldMail")\r\n');
    await upstream.receiveUntil('ID ("name" "OldMail")\r\n');
    upstream.send('i OK done\r\n');
    await eventually(() => scanner.pending.length === 8, 'as many scans as run at a time');
    await eventually(() => fixture.log.messages().includes('client names itself'), 'the name of the program');
    scanner.isHeld = false;
    while (scanner.pending.length > 0) scanner.answer(found(finding()));
    assert.ok(!(await client.receiveUntil('i OK done\r\n')).includes('INFECTED'));
    assert.equal(await unscanned(fixture, 'excluded-application'), 0);
  });
});

describe('excluded programs on this machine', () => {
  it('are known by the owner of the socket', async (t) => {
    const fixture = await gatewayWith(t, { executables: [{ path: realpathSync(process.execPath) }] });
    assert.ok(await isTunnelled(fixture));
    assert.equal(await unscanned(fixture, 'excluded-executable'), 1);
  });

  it('are not other programs', async (t) => {
    const fixture = await gatewayWith(t, { executables: [{ path: '/usr/bin/oldmail' }] });
    assert.ok(!(await fetched(await loggedIn(fixture))).includes('INFECTED'));
    assert.equal(await unscanned(fixture, 'excluded-executable'), 0);
  });
});

describe('excluded users and mailboxes', () => {
  it('let the mail of a user through, and of no other one', async (t) => {
    const fixture = await gatewayWith(t, { users: [{ user: '*@lab.example' }] });
    assert.ok((await fetched(await loggedIn(fixture, 'bob@lab.example'))).includes('INFECTED'));
    assert.ok(!(await fetched(await loggedIn(fixture, 'bob@example'))).includes('INFECTED'));
    assert.equal(await unscanned(fixture, 'excluded-user'), 1);
    assert.deepEqual(hits(fixture), [1]);
  });

  it('let the mail of a user through over POP3 as well', async (t) => {
    const fixture = await gatewayWith(
      t,
      { users: [{ user: 'ann' }], mailboxes: [{ mailbox: 'INBOX', user: 'bob' }] },
      { listener: { protocol: 'pop3' } },
    );
    for (const [user, isThrough] of [
      ['ann', true],
      ['bob', true],
      ['eve', false],
    ] as const) {
      const { client, upstream } = await fixture.pair();
      upstream.send('+OK ready\r\n');
      for (const line of [`USER ${user}`, 'PASS x']) {
        await client.receiveUntil('\r\n');
        client.send(`${line}\r\n`);
        await upstream.expect(`${line}\r\n`);
        upstream.send('+OK\r\n');
      }
      await client.receiveUntil('\r\n');
      client.send('RETR 1\r\n');
      await upstream.receiveUntil('RETR 1\r\n');
      upstream.send(`+OK ${INFECTED.length} octets\r\n${INFECTED}.\r\n`);
      assert.equal((await client.receiveUntil('\r\n.\r\n')).includes('INFECTED'), isThrough, user);
    }
    assert.equal(await unscanned(fixture, 'excluded-user'), 1);
    assert.deepEqual(hits(fixture), [1, 1]);
  });

  it('let the mail of a mailbox through, for the user that is named', async (t) => {
    const fixture = await gatewayWith(t, { mailboxes: [{ mailbox: 'Samples', user: 'lab' }] });
    for (const [user, mailbox, isThrough] of [
      ['lab', 'Samples', true],
      ['lab', 'INBOX', false],
      ['ann', 'Samples', false],
    ] as const) {
      const pair = await loggedIn(fixture, user);
      await select(pair, mailbox);
      assert.equal((await fetched(pair)).includes('INFECTED'), isThrough, `${user} ${mailbox}`);
    }
    assert.equal(await unscanned(fixture, 'excluded-mailbox'), 1);
  });
});

describe('excluded findings', () => {
  it('do not count, but are recorded', async (t) => {
    const fixture = await gatewayWith(t, { detections: [{ detection: 'test/Noisy' }] });
    fixture.scanner.judge = () => found(finding('Noisy'));
    assert.ok((await fetched(await loggedIn(fixture))).includes('INFECTED'));
    assert.ok(fixture.log.messages().includes('excluded findings'));
    assert.equal(await unscanned(fixture, 'excluded-detection'), 1);
  });

  it('do not hide other findings', async (t) => {
    const fixture = await gatewayWith(t, { detections: [{ detection: 'test/Noisy' }] });
    fixture.scanner.judge = () => found(finding('Noisy'), finding('Other'));
    assert.ok(!(await fetched(await loggedIn(fixture))).includes('INFECTED'));
    assert.equal(await unscanned(fixture, 'excluded-detection'), 0);
  });

  it('do not make a message scannable that was not', async (t) => {
    const fixture = await gatewayWith(t, { detections: [{ detection: '*' }] });
    fixture.scanner.judge = () => ({ kind: 'unscannable', cause: 'bomb', findings: [finding('Noisy')] });
    assert.ok(!(await fetched(await loggedIn(fixture))).includes('INFECTED'));
  });

  it('let one content through by its digest, and no other one', async (t) => {
    const sha256 = createHash('sha256').update(INFECTED).digest('hex').toUpperCase();
    const fixture = await gatewayWith(t, { digests: [{ sha256 }] });
    const pair = await loggedIn(fixture);
    assert.ok((await fetched(pair)).includes('INFECTED'));
    assert.ok(!(await fetched(await loggedIn(fixture), OTHER)).includes('INFECTED'));
    assert.equal(await unscanned(fixture, 'excluded-digest'), 1);
  });

  it('let one attachment through by its digest', async (t) => {
    const fixture = await gatewayWith(t, { digests: [{ sha256: '0'.repeat(64) }] });
    assert.ok((await fetched(await loggedIn(fixture))).includes('INFECTED'));
    assert.equal(await unscanned(fixture, 'excluded-digest'), 1);
  });
});

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

/** What this Node says of itself, seen by a server of our own. */
async function fingerprintsOfNode(): Promise<string[]> {
  const { createServer } = await import('node:net');
  const { readClientHello } = await import('../../src/gateway/placement/client-hello.ts');
  const { ja4 } = await import('../../src/gateway/placement/ja4.ts');
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

describe('exclusions that are replaced while the gateway runs', () => {
  it('take effect at once and keep the counters of what stays', async (t) => {
    const fixture = await gatewayWith(t, { users: [{ user: 'ann' }] });
    assert.ok((await fetched(await loggedIn(fixture))).includes('INFECTED'));
    const { configSchema } = await import('../../src/base/config/schema.ts');
    const users = [
      { user: 'ann', ...ACCOUNT },
      { user: 'bob', ...ACCOUNT },
    ];
    const next = configSchema.parse({ upstream: { host: 'x' }, exclusions: { users } });
    fixture.exclusions.replace(next.exclusions);
    assert.deepEqual(hits(fixture), [1, 0]);
    fixture.exclusions.replace(configSchema.parse({ upstream: { host: 'x' } }).exclusions);
    assert.ok(!(await fetched(await loggedIn(fixture))).includes('INFECTED'));
  });
});
