import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LOCALHOST } from '../support/certificates.ts';
import { loginDomainScene } from '../support/login-domain-scene.ts';
import type { GatewayFixture } from '../support/gateway-fixture.ts';
import { eventually, Peer } from '../support/peer.ts';

const HELLO = '* OK [CAPABILITY IMAP4rev1 SASL-IR ID AUTH=PLAIN AUTH=LOGIN] Postern ready\r\n';
const SERVER = '* OK [CAPABILITY IMAP4rev1 ID AUTH=PLAIN AUTH=LOGIN XSECRET] Dovecot\r\n';
const INFECTED = 'Subject: x\r\n\r\nINFECTED text in the body\r\n';
const PASSWORD = 'sEcReT-77';

function plain(user: string, identity = ''): string {
  return Buffer.from(`${identity}\0${user}\0${PASSWORD}`).toString('base64');
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}

async function greeted(fixture: GatewayFixture): Promise<Peer> {
  const client = await fixture.connect();
  await client.expect(HELLO);
  return client;
}

/** The server's part of a LOGIN. */
async function letIn(upstream: Peer, command: string, tag = 'a'): Promise<void> {
  upstream.send(SERVER);
  await upstream.expect(command);
  upstream.send(`${tag} OK [CAPABILITY IMAP4rev1 IDLE XSECRET] Logged in\r\n`);
}

async function refusals(fixture: GatewayFixture): Promise<number> {
  return await fixture.metric('postern_gateway_refused_total', { what: 'domain' });
}

describe('an IMAP server chosen by the domain of the login', () => {
  it('gets the LOGIN with the tag of the client, who gets its answer, and its mail scanned', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'imap');
    const client = await greeted(fixture);
    client.send(`a LOGIN ann@example.org "${PASSWORD}"\r\n`);
    const upstream = await org.accept();
    await letIn(upstream, `a LOGIN "ann@example.org" "${PASSWORD}"\r\n`);
    await client.expect('a OK [CAPABILITY IMAP4rev1 IDLE] Logged in\r\n');
    client.send('f FETCH 1 BODY[]\r\n');
    await upstream.expect('f FETCH 1 BODY[]\r\n');
    upstream.send(`* 1 FETCH (BODY[] {${INFECTED.length}}\r\n${INFECTED})\r\nf OK done\r\n`);
    assert.ok(!(await client.receiveUntil('f OK done\r\n')).includes('INFECTED'));
    assert.equal(fixture.quarantine.stored[0]?.record.user, 'ann@example.org');
    assert.deepEqual(
      fixture.gateway.sessions.map(({ user }) => user),
      ['ann@example.org'],
    );
  });

  it('gets a refused login once, whatever tag the client took', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'imap');
    const client = await greeted(fixture);
    client.send('GWID LOGIN ann@example.org wrong\r\n');
    const upstream = await org.accept();
    upstream.send(SERVER);
    await upstream.expect('GWID LOGIN "ann@example.org" "wrong"\r\n');
    upstream.send('GWID NO [AUTHENTICATIONFAILED] No\r\n');
    await client.expect('GWID NO [AUTHENTICATIONFAILED] No\r\n');
  });

  it('is the one of the longest match, and that without a name for all others', async (t) => {
    const { fixture, org, net } = await loginDomainScene(t, 'imap');
    for (const [user, server] of [
      ['ann@EXAMPLE.org', org],
      ['ann@mail.example.net', net],
      ['ann@example.net', fixture.server],
      ['ann', fixture.server],
    ] as const) {
      const client = await greeted(fixture);
      client.send(`a LOGIN "${user}" x\r\n`);
      await letIn(await server.accept(), `a LOGIN "${user}" "x"\r\n`);
      await client.receiveUntil('a OK');
    }
  });

  it('never sees what is refused, and the user is told in the same words', async (t) => {
    const { fixture, org, net } = await loginDomainScene(t, 'imap', { isClosed: true });
    const client = await greeted(fixture);
    for (const [tag, user] of [
      ['a', 'ann@other.example'],
      ['b', 'ann'],
    ]) {
      client.send(`${tag} LOGIN ${user} "${PASSWORD}"\r\n`);
      await client.expect(`${tag} NO [AUTHENTICATIONFAILED] No mail server for this user name\r\n`);
    }
    client.send('c LOGIN bob@example.com x\r\n');
    assert.match((await client.receiveAll()).toString(), /^c NO .*\r\n\* BYE Too many failed logins\r\n$/);
    assert.equal(org.connections + net.connections + fixture.server.connections, 0);
    assert.equal(await refusals(fixture), 3);
    assert.ok(!JSON.stringify(fixture.log.lines).includes(PASSWORD));
  });

  it('is another one when the first refused, on the same connection', async (t) => {
    const { fixture, org, net } = await loginDomainScene(t, 'imap');
    const client = await greeted(fixture);
    client.send('a LOGIN ann@example.org wrong\r\n');
    const first = await org.accept();
    first.send(SERVER);
    await first.expect('a LOGIN "ann@example.org" "wrong"\r\n');
    first.send('* CAPABILITY IMAP4rev1 XSECRET\r\na NO [AUTHENTICATIONFAILED] Wrong\r\n');
    await client.expect('a NO [AUTHENTICATIONFAILED] Wrong\r\n');
    await first.receiveAll();
    client.send('b LOGIN ann@a.example.net right\r\n');
    await letIn(await net.accept(), 'b LOGIN "ann@a.example.net" "right"\r\n', 'b');
    await client.receiveUntil('b OK');
  });

  it('is down: the user is told, and may try again', async (t) => {
    const { fixture, org, net } = await loginDomainScene(t, 'imap');
    org.close();
    const client = await greeted(fixture);
    client.send('a LOGIN ann@example.org x\r\n');
    await client.expect('a NO [UNAVAILABLE] The mail server cannot be reached, try again later\r\n');
    client.send('b LOGIN ann@a.example.net x\r\n');
    const upstream = await net.accept();
    upstream.send('* BYE too busy\r\n');
    await client.expect('b NO [UNAVAILABLE] The mail server cannot be reached, try again later\r\n');
  });
});

describe('a login before there is a server', () => {
  const LOGIN = 'a LOGIN "ann@example.org" "x"\r\n';

  it('may come byte by byte, and with what follows it', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'imap');
    const client = await greeted(fixture);
    for (const byte of 'n NOOP\r\na LOGIN ann@example.org x\r\nb SELECT INBOX\r\n') client.send(byte);
    const upstream = await org.accept();
    await letIn(upstream, LOGIN);
    await upstream.expect('b SELECT INBOX\r\n');
    upstream.send('b OK done\r\n');
    assert.match(
      (await client.receiveUntil('b OK done\r\n')).toString(),
      /^n OK Done\r\na OK \[CAPABILITY IMAP4rev1 IDLE\] Logged in\r\nb OK/,
    );
  });

  it('may have literals of either kind, with any byte in them', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'imap');
    const client = await greeted(fixture);
    client.send('a LOGIN {15}\r\n');
    await client.expect('+ Ready for literal data\r\n');
    client.send('ann@example.org {5+}\r\nx\r\n"y\r\nb NOOP\r\n');
    const upstream = await org.accept();
    upstream.send(SERVER);
    await upstream.expect('a LOGIN "ann@example.org" {5}\r\n');
    upstream.send('+ go\r\n');
    await upstream.expect('x\r\n"y\r\n');
    upstream.send('a OK in\r\n');
    await upstream.expect('b NOOP\r\n');
    await client.receiveUntil('a OK');
  });

  it('is refused when it is too long, with NUL, or not what it should be', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'imap');
    for (const line of [
      `a LOGIN ${'u'.repeat(1_025)} x\r\n`,
      `a LOGIN ann@example.org ${'p'.repeat(1_025)}\r\n`,
      'a LOGIN "" x\r\n',
      'a LOGIN (ann) x\r\n',
      'a LOGIN ann@example.org\r\n',
      `a AUTHENTICATE PLAIN ${encoded('ann@example.org')}\r\n`,
      'a AUTHENTICATE PLAIN !!\r\n',
    ]) {
      const client = await greeted(fixture);
      client.send(line);
      assert.match((await client.receiveUntil('\r\n')).toString(), /^a BAD /, line);
      client.destroy();
    }
    assert.equal(org.connections, 0);
    const client = await greeted(fixture);
    client.send(`a LOGIN "${'u'.repeat(1_024)}" "${'p'.repeat(1_024)}"\r\n`);
    await fixture.server.accept(); // at the limit
  });

  for (const [mechanism, responses] of [
    ['PLAIN', [plain('ann@example.org')]],
    ['LOGIN', [encoded('ann@example.org'), encoded(PASSWORD)]],
  ] as const) {
    it(`may be AUTHENTICATE ${mechanism}, with and without a first response`, async (t) => {
      const { fixture, org } = await loginDomainScene(t, 'imap');
      for (const hasInitial of [true, false]) {
        const client = await greeted(fixture);
        const said = [...responses];
        client.send(`a AUTHENTICATE ${mechanism}${hasInitial ? ` ${said.shift()}` : ''}\r\n`);
        for (const response of said) {
          await client.receiveUntil('\r\n');
          client.send(`${response}\r\n`);
        }
        const upstream = await org.accept();
        upstream.send(SERVER);
        await upstream.expect(`a AUTHENTICATE ${mechanism}\r\n`);
        for (const response of responses) {
          upstream.send('+ \r\n');
          await upstream.expect(`${response}\r\n`);
        }
        upstream.send('a OK in\r\n');
        await client.expect('a OK in\r\n');
      }
    });
  }

  it('becomes LOGIN where the server has no such mechanism, unless that says less', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'imap');
    const client = await greeted(fixture);
    client.send(`a AUTHENTICATE PLAIN ${plain('ann@example.org', 'bob')}\r\n`);
    const bare = '* OK [CAPABILITY IMAP4rev1] ready\r\n';
    (await org.accept()).send(bare);
    await client.expect('a NO [UNAVAILABLE] The mail server cannot be reached, try again later\r\n');
    client.send(`b AUTHENTICATE PLAIN ${plain('ann@example.org')}\r\n`);
    const upstream = await org.accept();
    upstream.send(bare);
    await upstream.expect(`b LOGIN "ann@example.org" "${PASSWORD}"\r\n`);
  });

  it('is not offered with mechanisms that are bound to one server', async (t) => {
    const { fixture } = await loginDomainScene(t, 'imap');
    const client = await greeted(fixture);
    client.send('a AUTHENTICATE SCRAM-SHA-256\r\nb AUTHENTICATE XOAUTH2 YQ==\r\nc CAPABILITY\r\n');
    await client.expect('a NO [CANNOT] Authentication mechanism not available\r\n');
    await client.expect('b NO [CANNOT] Authentication mechanism not available\r\n');
    await client.expect('* CAPABILITY IMAP4rev1 SASL-IR ID AUTH=PLAIN AUTH=LOGIN\r\nc OK Done\r\n');
  });

  it('may be cancelled', async (t) => {
    const { fixture } = await loginDomainScene(t, 'imap');
    const client = await greeted(fixture);
    client.send('a AUTHENTICATE PLAIN\r\n*\r\nb LOGOUT\r\n');
    const heard = (await client.receiveAll()).toString();
    assert.equal(heard, '+ \r\na BAD Authentication cancelled\r\n* BYE Logging out\r\nb OK Done\r\n');
  });

  it('passes the name of the program to a server that asks for it', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'imap', {
      config: { exclusions: { applications: [{ name: 'OldMail', owner: 'ann', reason: 'test' }] } },
      isClosed: true,
    });
    const client = await greeted(fixture);
    client.send('i ID ("name" "OldMail")\r\na LOGIN ann@example.org x\r\n');
    await client.expect('* ID NIL\r\ni OK Done\r\n');
    const upstream = await org.accept();
    upstream.send(SERVER);
    await upstream.expect('GWID ID ("name" "OldMail")\r\n');
    upstream.send('* ID ("name" "Dovecot")\r\nGWID OK done\r\n');
    await upstream.expect(LOGIN);
    upstream.send('a OK in\r\n');
    await client.expect('a OK in\r\n');
    assert.equal(fixture.gateway.sessions[0]?.application, 'OldMail');
  });
});

describe('TLS before the login', () => {
  const STARTTLS = { tls: 'starttls-required' } as const;

  it('is the client own affair and comes first where it is required', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'imap', { listener: STARTTLS });
    const client = await fixture.connect();
    await client.expect('* OK [CAPABILITY IMAP4rev1 ID LOGINDISABLED STARTTLS] Postern ready\r\n');
    client.send('a LOGIN ann@example.org x\r\n');
    await client.expect('a NO [PRIVACYREQUIRED] Please use TLS first\r\n');
    client.send('b STARTTLS\r\n');
    await client.expect('b OK Begin TLS negotiation now\r\n');
    await client.secureAsClient();
    client.send('c CAPABILITY\r\nd STARTTLS\r\ne LOGIN ann@example.org x\r\n');
    await client.expect('* CAPABILITY IMAP4rev1 SASL-IR ID AUTH=PLAIN AUTH=LOGIN\r\nc OK Done\r\n');
    await client.expect('d BAD TLS is already active\r\n');
    await letIn(await org.accept(), 'e LOGIN "ann@example.org" "x"\r\n', 'e');
    await client.expect('e OK [CAPABILITY IMAP4rev1 IDLE] Logged in\r\n');
  });

  it('ends the connection when something was sent behind STARTTLS in clear text', async (t) => {
    const { fixture } = await loginDomainScene(t, 'imap', { listener: STARTTLS });
    const client = await fixture.connect();
    client.send('b STARTTLS\r\nc LOGIN ann@example.org x\r\n');
    assert.ok(!(await client.receiveAll()).includes('b OK'));
    await eventually(() => fixture.gateway.sessions.length === 0, 'the end of the connection');
    const closed = { reason: 'starttls-injection' };
    assert.equal(await fixture.metric('postern_gateway_sessions_closed_total', closed), 1);
  });

  it('may be there from the first byte', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'imap', {
      listener: { protocol: 'imaps', tls: 'implicit' },
      config: {
        upstreams: [
          {
            name: 'a',
            host: '127.0.0.1',
            domains: ['example.org'],
            ports: { imaps: 1 },
            tls: { mode: 'off' },
          },
        ],
      },
    });
    assert.equal(org.connections, 0);
    const client = await Peer.connect(fixture.port, { ca: LOCALHOST.cert });
    await client.expect(HELLO);
  });

  it('is used towards a server that requires it', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'imap', {
      config: {
        upstreams: [],
      },
      upstreamTls: { mode: 'starttls', verify: false },
    });
    assert.equal(org.connections, 0);
    const client = await greeted(fixture);
    client.send('a LOGIN ann x\r\n');
    const upstream = await fixture.server.accept();
    upstream.send('* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n');
    await upstream.expect('GWOPEN STARTTLS\r\n');
    upstream.send('GWOPEN OK go\r\n');
    await upstream.secureAsServer();
    await upstream.expect('GWOPEN CAPABILITY\r\n');
    upstream.send('* CAPABILITY IMAP4rev1\r\nGWOPEN OK done\r\n');
    await upstream.expect('a LOGIN "ann" "x"\r\n');
    upstream.send('a OK in\r\n');
    await client.expect('a OK in\r\n');
  });
});

describe('who does not speak as a mail client, before the login', () => {
  for (const [what, text] of [
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['SMTP', 'EHLO x\r\n'],
  ] as const) {
    it(`is closed without a word: ${what}`, async (t) => {
      const { fixture } = await loginDomainScene(t, 'imap');
      const client = await greeted(fixture);
      client.send(text);
      assert.equal((await client.receiveAll()).length, 0);
    });
  }

  it('is closed after three bad commands, and at once for what cannot be framed', async (t) => {
    const { fixture } = await loginDomainScene(t, 'imap');
    const bad = await greeted(fixture);
    bad.send('a FETCH 1 BODY[]\r\nb XYZ\r\nc APPEND INBOX {10}\r\n');
    assert.match((await bad.receiveAll()).toString(), /^a BAD .*\r\nb BAD .*\r\nc BAD .*\r\n\* BYE/);
    const unframed = await greeted(fixture);
    unframed.send('a NOOP\rb NOOP\n');
    assert.match((await unframed.receiveAll()).toString(), /^\* BYE Protocol error\r\n$/);
  });
});
