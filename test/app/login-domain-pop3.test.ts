import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../support/fake-clock.ts';
import { loginDomainScene } from '../support/login-domain-scene.ts';
import type { GatewayFixture } from '../support/gateway-fixture.ts';
import { eventually, type Peer } from '../support/peer.ts';

const HELLO = '+OK Postern ready\r\n';
const CAPABILITIES = '+OK\r\nTOP\r\nUIDL\r\nUSER\r\nSASL PLAIN LOGIN\r\n.\r\n';
const INFECTED = 'Subject: x\r\n\r\nINFECTED text in the body\r\n';
const PASSWORD = 'sEcReT-77';

function encoded(text: string): string {
  return Buffer.from(text).toString('base64');
}

async function greeted(fixture: GatewayFixture): Promise<Peer> {
  const client = await fixture.connect();
  await client.expect(HELLO);
  return client;
}

/** What every server is asked before a login. */
async function asked(upstream: Peer, capabilities = CAPABILITIES): Promise<void> {
  upstream.send('+OK Dovecot <1.2@x> ready\r\n');
  await upstream.expect('CAPA\r\n');
  upstream.send(capabilities);
}

/** The server's part of USER and PASS. */
async function letIn(upstream: Peer, user: string, password: string, answer = '+OK in'): Promise<void> {
  await asked(upstream);
  await upstream.expect(`USER ${user}\r\n`);
  upstream.send('+OK who\r\n');
  await upstream.expect(`PASS ${password}\r\n`);
  upstream.send(`${answer}\r\n`);
}

describe('a POP3 server chosen by the domain of the login', () => {
  it('gets USER and PASS, the client gets its answer, and its mail scanned', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'pop3');
    const client = await greeted(fixture);
    client.send('USER ann@example.org\r\n');
    await client.expect('+OK\r\n');
    client.send(`PASS ${PASSWORD} with blanks\r\n`);
    const upstream = await org.accept();
    await letIn(upstream, 'ann@example.org', `${PASSWORD} with blanks`, '+OK Logged in');
    await client.expect('+OK Logged in\r\n');
    client.send('RETR 1\r\n');
    await upstream.receiveUntil('RETR 1\r\n');
    upstream.send(`+OK ${INFECTED.length} octets\r\n${INFECTED}.\r\n`);
    assert.ok(!(await client.receiveUntil('\r\n.\r\n')).includes('INFECTED'));
    assert.equal(fixture.quarantine.stored[0]?.record.user, 'ann@example.org');
    assert.ok(!JSON.stringify(fixture.log.lines).includes(PASSWORD));
  });

  it('is another one when the first refused, on the same connection', async (t) => {
    const { fixture, org, net } = await loginDomainScene(t, 'pop3');
    const client = await greeted(fixture);
    client.send('USER ann@example.org\r\nPASS wrong\r\nUSER ann@a.example.net\r\nPASS right\r\nSTAT\r\n');
    const first = await org.accept();
    await letIn(first, 'ann@example.org', 'wrong', '-ERR [AUTH] Wrong');
    await client.expect('+OK\r\n-ERR [AUTH] Wrong\r\n+OK\r\n');
    const second = await net.accept();
    await letIn(second, 'ann@a.example.net', 'right');
    await second.expect('STAT\r\n');
    await client.expect('+OK in\r\n');
  });

  it('never sees what is refused, and the user is told in the same words', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'pop3', { isClosed: true });
    const client = await greeted(fixture);
    for (const user of ['ann@other.example', 'ann', 'bob']) {
      client.send(`USER ${user}\r\nPASS x\r\n`);
      await client.expect('+OK\r\n-ERR [AUTH] No mail server for this user name\r\n');
    }
    assert.equal((await client.receiveAll()).length, 0);
    assert.equal(org.connections, 0);
    assert.equal(await fixture.metric('postern_gateway_refused_total', { what: 'domain' }), 3);
  });

  it('is down, or lacks what the greeting promised: the user is told', async (t) => {
    const { fixture, org, net } = await loginDomainScene(t, 'pop3');
    org.close();
    const client = await greeted(fixture);
    const unavailable = '-ERR [SYS/TEMP] The mail server is not available, try again later\r\n';
    client.send('USER ann@example.org\r\nPASS x\r\n');
    await client.expect(`+OK\r\n${unavailable}`);
    client.send('USER ann@a.example.net\r\nPASS x\r\n');
    await asked(await net.accept(), '+OK\r\nUSER\r\nUIDL\r\n.\r\n');
    await client.expect(`+OK\r\n${unavailable}`);
    const [line] = fixture.log.lines.filter(({ fields }) => 'why' in fields);
    assert.equal(line?.fields['why'], 'it does not offer TOP');
  });

  it('is given up when it does not answer', async (t) => {
    const clock = new FakeClock();
    const { fixture, org } = await loginDomainScene(t, 'pop3', { clock });
    const client = await greeted(fixture);
    client.send('USER ann@example.org\r\nPASS x\r\n');
    const upstream = await org.accept();
    await eventually(() => fixture.gateway.sessions.length === 1, 'a connection');
    upstream.send('+OK ready\r\n');
    await upstream.expect('CAPA\r\n');
    clock.advance(30_001);
    await client.expect('+OK\r\n-ERR [SYS/TEMP] The mail server is not available, try again later\r\n');
    await upstream.receiveAll();
    clock.advance(90_000);
    await client.expect('-ERR Too slow\r\n');
    await client.receiveAll();
  });
});

describe('a POP3 login before there is a server', () => {
  it('may come byte by byte, and with what follows it', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'pop3');
    const client = await greeted(fixture);
    for (const byte of 'CAPA\r\nUSER ann@example.org\r\nPASS x\r\nUIDL\r\n') client.send(byte);
    await client.expect(
      '+OK Capability list follows\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nUSER\r\nSASL PLAIN LOGIN\r\n.\r\n',
    );
    await client.expect('+OK\r\n');
    const upstream = await org.accept();
    await letIn(upstream, 'ann@example.org', 'x');
    await upstream.expect('UIDL\r\n');
    await client.expect('+OK in\r\n');
  });

  const responses = {
    PLAIN: [encoded(`\0ann@example.org\0${PASSWORD}`)],
    LOGIN: [encoded('ann@example.org'), encoded(PASSWORD)],
  };
  for (const mechanism of ['PLAIN', 'LOGIN'] as const) {
    it(`may be AUTH ${mechanism}, with and without a first response`, async (t) => {
      const { fixture, org } = await loginDomainScene(t, 'pop3');
      for (const hasInitial of [true, false]) {
        const client = await greeted(fixture);
        const said = [...responses[mechanism]];
        client.send(`AUTH ${mechanism}${hasInitial ? ` ${said.shift()}` : ''}\r\n`);
        for (const response of said) {
          await client.receiveUntil('\r\n');
          client.send(`${response}\r\n`);
        }
        const upstream = await org.accept();
        await asked(upstream);
        await upstream.expect(`AUTH ${mechanism}\r\n`);
        for (const response of responses[mechanism]) {
          upstream.send('+ \r\n');
          await upstream.expect(`${response}\r\n`);
        }
        upstream.send('+OK in\r\n');
        await client.expect('+OK in\r\n');
      }
    });
  }

  it('becomes USER and PASS where the server has no SASL, unless that says less', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'pop3');
    const client = await greeted(fixture);
    const bare = '+OK\r\nTOP\r\nUIDL\r\n.\r\n';
    client.send(`AUTH PLAIN ${encoded('bob\0ann@example.org\0x')}\r\n`);
    await asked(await org.accept(), bare);
    await client.receiveUntil('-ERR [SYS/TEMP] The mail server is not available, try again later\r\n');
    client.send(`AUTH PLAIN ${encoded('\0ann@example.org\0x y')}\r\n`);
    const upstream = await org.accept();
    await asked(upstream, bare);
    await upstream.expect('USER ann@example.org\r\n');
    upstream.send('+OK\r\n');
    await upstream.expect('PASS x y\r\n');
  });

  it('is asked of a server without CAPA as well', async (t) => {
    const { fixture, org } = await loginDomainScene(t, 'pop3');
    const client = await greeted(fixture);
    client.send('USER ann@example.org\r\nPASS x\r\n');
    const upstream = await org.accept();
    await asked(upstream, '-ERR what\r\n');
    await upstream.expect('USER ann@example.org\r\n');
  });

  it('allows nothing else', async (t) => {
    const { fixture } = await loginDomainScene(t, 'pop3');
    const client = await greeted(fixture);
    for (const line of [
      'PASS x',
      'STAT',
      'RETR 1',
      'NOOP',
      'APOP ann 00',
      'STLS',
      'AUTH SCRAM-SHA-1',
      'LANG',
    ]) {
      client.send(`${line}\r\n`);
      assert.match((await client.receiveUntil('\r\n')).toString(), /^-ERR /, line);
    }
    client.send('AUTH\r\nAUTH PLAIN\r\n*\r\nQUIT\r\n');
    const heard = (await client.receiveAll()).toString();
    assert.equal(heard, '+OK\r\nPLAIN\r\nLOGIN\r\n.\r\n+ \r\n-ERR Authentication cancelled\r\n+OK Bye\r\n');
  });

  it('is bounded in its lines and its bad commands', async (t) => {
    const { fixture } = await loginDomainScene(t, 'pop3');
    const long = await greeted(fixture);
    long.send(`USER ${'u'.repeat(249)}\r\n`);
    assert.equal((await long.receiveAll()).toString(), '-ERR Invalid line\r\n');
    const fits = await greeted(fixture);
    fits.send(`USER ${'u'.repeat(248)}\r\n`);
    await fits.expect('+OK\r\n');
    const bad = await greeted(fixture);
    bad.send('A\r\nB\r\nC\r\nD\r\n');
    assert.equal((await bad.receiveAll()).toString().match(/-ERR/g)?.length, 4);
    const web = await greeted(fixture);
    web.send('GET / HTTP/1.1\r\n\r\n');
    assert.equal((await web.receiveAll()).length, 0);
  });

  it('may be preceded by STLS, after which everything is said again', async (t) => {
    const listener = { tls: 'starttls-required' } as const;
    const { fixture, org } = await loginDomainScene(t, 'pop3', { listener });
    const client = await greeted(fixture);
    client.send('USER ann@example.org\r\nCAPA\r\n');
    await client.expect('-ERR TLS is required first\r\n');
    await client.expect('+OK Capability list follows\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nSTLS\r\n.\r\n');
    client.send('STLS\r\n');
    await client.expect('+OK Begin TLS\r\n');
    await client.secureAsClient();
    client.send('PASS x\r\nUSER ann@example.org\r\nPASS x\r\n');
    await client.expect('-ERR Command not permitted here\r\n+OK\r\n');
    await letIn(await org.accept(), 'ann@example.org', 'x');
    await client.expect('+OK in\r\n');
    const injecting = await fixture.connect();
    await injecting.expect(HELLO);
    injecting.send('STLS\r\nUSER ann@example.org\r\n');
    assert.ok(!(await injecting.receiveAll()).includes('+OK Begin TLS'));
  });
});

describe('the end of the gateway', () => {
  it('is told to clients that have not logged in', async (t) => {
    const { fixture } = await loginDomainScene(t, 'pop3');
    const client = await greeted(fixture);
    const stopping = fixture.gateway.stop(5_000);
    await client.expect('-ERR [SYS/TEMP] Shutting down, try again later\r\n');
    client.end();
    await stopping;
  });
});
