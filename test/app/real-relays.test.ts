import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { systemClock } from '../../src/base/clock.ts';
import { createImapRelay } from '../../src/gateway/imap/imap-relay.ts';
import { createPop3Relay } from '../../src/gateway/pop3/pop3-relay.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { GatewayFixture, type FixtureSettings } from '../support/gateway-fixture.ts';
import { eventually, type Peer } from '../support/peer.ts';

const HEADER = 'From: a@example\r\nSubject: hello\r\n\r\n';
const CLEAN = `${HEADER}.a line with a dot\r\nsome text\r\n`;
const INFECTED = `${HEADER}.INFECTED text in the body\r\nmore of it\r\n`;

const relays = { imap: createImapRelay, pop3: createPop3Relay };

async function imapSession(t: TestContext, settings: Partial<FixtureSettings> = {}) {
  const fixture = await GatewayFixture.start(t, { relays, ...settings });
  return { fixture, ...(await loggedIn(fixture)) };
}

async function loggedIn(fixture: GatewayFixture) {
  const { client, upstream } = await fixture.pair();
  upstream.send('* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n');
  assert.match((await client.receiveUntil('\r\n')).toString(), /^\* OK \[CAPABILITY [^\]]*IDLE/);
  client.send('a LOGIN ann secret\r\n');
  await upstream.receiveUntil('\r\n');
  upstream.send('a OK [CAPABILITY IMAP4rev1 IDLE] done\r\n');
  await client.receiveUntil('a OK');
  await client.receiveUntil('\r\n');
  return { client, upstream };
}

async function fetch(client: Peer, upstream: Peer, tag: string, content: string): Promise<void> {
  client.send(`${tag} FETCH 1 BODY[]\r\n`);
  const asked = (await upstream.receiveUntil('\r\n')).toString();
  const answerTag = asked.split(' ')[0] ?? '';
  upstream.send(`* 1 FETCH (BODY[] {${content.length}}\r\n${content})\r\n${answerTag} OK done\r\n`);
}

async function retrieve(client: Peer, upstream: Peer, content: string): Promise<void> {
  client.send('RETR 1\r\n');
  await upstream.expect('RETR 1\r\n');
  upstream.send(`+OK ${content.length} octets\r\n${content.replaceAll('\r\n.', '\r\n..')}.\r\n`);
}

describe('the gateway speaking IMAP', () => {
  it('delivers a clean message byte for byte', async (t) => {
    const { client, upstream } = await imapSession(t);
    await fetch(client, upstream, 'b', CLEAN);
    await client.expect(`* 1 FETCH (BODY[] {${CLEAN.length}}\r\n${CLEAN})\r\nb OK done\r\n`);
  });

  it('delivers a substitute of the same size, and the session goes on', async (t) => {
    const { fixture, client, upstream } = await imapSession(t);
    await fetch(client, upstream, 'b', INFECTED);
    await client.expect(`* 1 FETCH (BODY[] {${INFECTED.length}}\r\n${HEADER}[Postern`);
    const rest = (await client.receiveUntil('b OK done\r\n')).toString();
    assert.equal(rest.length, INFECTED.length - HEADER.length - 8 + ')\r\nb OK done\r\n'.length);
    assert.ok(!rest.includes('INFECTED') && !rest.includes('more of it'));
    assert.equal(fixture.quarantine.stored[0]?.record.user, 'ann');
    await fetch(client, upstream, 'c', CLEAN);
    await client.receiveUntil(`${CLEAN})\r\nc OK done\r\n`);
  });

  it('keeps a waiting client alive with bytes of the genuine response', async (t) => {
    const clock = new FakeClock();
    const { fixture, client, upstream } = await imapSession(t, { clock });
    fixture.scanner.isHeld = true;
    await fetch(client, upstream, 'b', CLEAN);
    await eventually(() => fixture.scanner.pending.length === 1, 'the scan');
    for (const byte of '* 1 ') {
      clock.advance(5_000);
      await client.expect(byte);
    }
    fixture.scanner.answer();
    await client.expect(`FETCH (BODY[] {${CLEAN.length}}\r\n${CLEAN})\r\nb OK done\r\n`);
  });

  it('tells a client to come back when the answer has to wait', async (t) => {
    const { fixture, client, upstream } = await imapSession(t);
    fixture.scanner.judge = () => ({ kind: 'unscannable', cause: 'timeout', findings: [] });
    await fetch(client, upstream, 'b', CLEAN);
    const all = (await client.receiveAll()).toString();
    assert.match(all, /^\* BYE \[UNAVAILABLE\]/);
    assert.ok(!all.includes('some text'));
  });

  it('pushes to an idle session while a scan of another one lasts', async (t) => {
    const { fixture, client, upstream } = await imapSession(t);
    fixture.scanner.isHeld = true;
    await fetch(client, upstream, 'b', CLEAN);
    await eventually(() => fixture.scanner.pending.length === 1, 'the scan');
    const idle = await loggedIn(fixture);
    idle.client.send('b IDLE\r\n');
    await idle.upstream.receiveUntil('IDLE\r\n');
    idle.upstream.send('+ idling\r\n');
    await idle.client.receiveUntil('\r\n');
    idle.upstream.send('* 2 EXISTS\r\n');
    await idle.client.expect('* 2 EXISTS\r\n');
    assert.equal(client.waiting, 0);
  });

  it('delivers nothing of a message that the server cuts short', async (t) => {
    const { fixture, client, upstream } = await imapSession(t);
    client.send('b FETCH 1 BODY[]\r\n');
    await upstream.receiveUntil('\r\n');
    upstream.send(`* 1 FETCH (BODY[] {1000}\r\n${CLEAN}`);
    upstream.end();
    assert.ok(!(await client.receiveAll()).includes('Subject'));
    assert.equal(fixture.scanner.requests.length, 0);
    await eventually(() => fixture.log.messages('info').includes('connection ended'), 'a line that says so');
  });

  it('says nothing of clients that leave in order', async (t) => {
    const { fixture, client, upstream } = await imapSession(t);
    client.send('b LOGOUT\r\n');
    const tag = (await upstream.receiveUntil('\r\n')).toString().split(' ')[0] ?? '';
    upstream.send(`* BYE see you\r\n${tag} OK done\r\n`);
    upstream.end();
    await client.receiveAll();
    await eventually(() => fixture.log.messages('debug').includes('connection ended'), 'the end');
    assert.ok(!fixture.log.messages('info').includes('connection ended'));
  });

  it('secures the client by STARTTLS, and refuses what came before the handshake', async (t) => {
    const listener = { tls: 'starttls' } as const;
    const fixture = await GatewayFixture.start(t, { relays, listener });
    const greet = async () => {
      const pair = await fixture.pair();
      pair.upstream.send('* OK [CAPABILITY IMAP4rev1] ready\r\n');
      assert.match((await pair.client.receiveUntil('\r\n')).toString(), /STARTTLS/);
      return pair;
    };
    const { client, upstream } = await greet();
    client.send('a STARTTLS\r\n');
    await client.receiveUntil('a OK');
    await client.receiveUntil('\r\n');
    await client.secureAsClient();
    client.send('b LOGIN ann secret\r\n');
    await upstream.receiveUntil('LOGIN');
    const injecting = await greet();
    injecting.client.send('a STARTTLS\r\nb LOGIN eve secret\r\n');
    await injecting.client.receiveAll();
    assert.ok(!(await injecting.upstream.receiveAll()).includes('eve'));
    await eventually(() => fixture.log.messages().includes('connection ended'), 'the end');
    assert.equal(
      await fixture.metric('postern_gateway_sessions_closed_total', { reason: 'starttls-injection' }),
      1,
    );
  });

  it('drains at the next command boundary', async (t) => {
    const { fixture, client, upstream } = await imapSession(t);
    fixture.scanner.isHeld = true;
    await fetch(client, upstream, 'b', CLEAN);
    await eventually(() => fixture.scanner.pending.length === 1, 'the scan');
    const stopped = fixture.gateway.stop(60_000);
    fixture.scanner.answer();
    const all = (await client.receiveAll()).toString();
    assert.ok(all.startsWith(`* 1 FETCH (BODY[] {${CLEAN.length}}\r\n${CLEAN})\r\nb OK done\r\n* BYE`), all);
    client.end();
    await stopped;
  });
});

describe('the gateway speaking POP3', () => {
  const listener = { protocol: 'pop3' } as const;

  async function popSession(t: TestContext, settings: Partial<FixtureSettings> = {}) {
    const fixture = await GatewayFixture.start(t, { relays, listener, ...settings });
    const { client, upstream } = await fixture.pair();
    upstream.send('+OK ready\r\n');
    await client.receiveUntil('\r\n');
    for (const command of ['USER ann', 'PASS secret']) {
      client.send(`${command}\r\n`);
      await upstream.expect(`${command}\r\n`);
      upstream.send('+OK\r\n');
      await client.receiveUntil('\r\n');
    }
    return { fixture, client, upstream };
  }

  it('delivers a clean message byte for byte, stuffed as it came', async (t) => {
    const { client, upstream } = await popSession(t);
    await retrieve(client, upstream, CLEAN);
    await client.receiveUntil('\r\n');
    await client.expect(`${HEADER}..a line with a dot\r\nsome text\r\n.\r\n`);
  });

  it('delivers a substitute, and the session goes on', async (t) => {
    const { fixture, client, upstream } = await popSession(t);
    await retrieve(client, upstream, INFECTED);
    const all = (await client.receiveUntil('\r\n.\r\n')).toString();
    assert.ok(all.includes('[Postern') && !all.includes('INFECTED'));
    assert.equal(fixture.quarantine.stored[0]?.content.toString(), INFECTED);
    client.send('NOOP\r\n');
    await upstream.expect('NOOP\r\n');
    upstream.send('+OK\r\n');
    assert.match((await client.receiveUntil('\r\n')).toString(), /^\+OK/);
  });

  it('keeps a waiting client alive with its status line', async (t) => {
    const clock = new FakeClock();
    const { fixture, client, upstream } = await popSession(t, { clock });
    fixture.scanner.isHeld = true;
    await retrieve(client, upstream, CLEAN);
    await eventually(() => fixture.scanner.pending.length === 1, 'the scan');
    for (const byte of '+OK') {
      clock.advance(5_000);
      await client.expect(byte);
    }
    fixture.scanner.answer();
    await client.receiveUntil(`${HEADER}..a line with a dot\r\nsome text\r\n.\r\n`);
  });

  it('refuses commands behind STLS', async (t) => {
    const tlsListener = { protocol: 'pop3', tls: 'starttls' } as const;
    const fixture = await GatewayFixture.start(t, { relays, listener: tlsListener, clock: systemClock });
    const { client, upstream } = await fixture.pair();
    upstream.send('+OK ready\r\n');
    await client.receiveUntil('\r\n');
    client.send('STLS\r\nUSER eve\r\n');
    await client.receiveAll();
    assert.ok(!(await upstream.receiveAll()).includes('eve'));
    await eventually(() => fixture.log.messages().includes('connection ended'), 'the end');
    assert.equal(
      await fixture.metric('postern_gateway_sessions_closed_total', { reason: 'starttls-injection' }),
      1,
    );
  });
});
