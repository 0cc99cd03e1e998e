import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { describe, it } from 'node:test';
import { configSchema } from '../../src/base/config/schema.ts';
import { writeProxyHeader } from '../../src/gateway/placement/proxy-header.ts';
import { finding } from '../support/fake-scanner.ts';
import {
  ACCOUNT,
  fetched,
  found,
  gatewayWith,
  hits,
  INFECTED,
  isTunnelled,
  loggedIn,
  OTHER,
  relays,
  select,
  unscanned,
} from '../support/exclusion-scene.ts';
import { GatewayFixture } from '../support/gateway-fixture.ts';
import { eventually } from '../support/peer.ts';

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

describe('exclusions that are replaced while the gateway runs', () => {
  it('take effect at once and keep the counters of what stays', async (t) => {
    const fixture = await gatewayWith(t, { users: [{ user: 'ann' }] });
    assert.ok((await fetched(await loggedIn(fixture))).includes('INFECTED'));
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
