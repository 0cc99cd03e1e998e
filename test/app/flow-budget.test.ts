import assert from 'node:assert/strict';
import fs from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { createImapRelay } from '../../src/gateway/imap/imap-relay.ts';
import { createPop3Relay } from '../../src/gateway/pop3/pop3-relay.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { CLEAN, report } from '../support/fake-scanner.ts';
import { GatewayFixture, type FixtureSettings } from '../support/gateway-fixture.ts';
import { eventually, type Peer } from '../support/peer.ts';

const MB = 1_000_000;
const EMPTY = Buffer.alloc(0);
const LIMITS = {
  spoolMemoryBytes: 500_000,
  maxSpoolMemoryBytes: 2 * MB,
  maxSpoolBytes: 8 * MB,
  maxSessionSpoolBytes: 8 * MB,
  maxMessageBytes: 4 * MB,
  maxLiteralBytes: 4 * MB,
};
/** Memory is given back at once; a file waits for the thread that may still read it. */
const IN_MEMORY = {
  config: { limits: { ...LIMITS, spoolMemoryBytes: 4 * MB, maxSpoolMemoryBytes: 8 * MB } },
};
/** What one reading of a socket may bring beyond what was granted. */
const READ_BYTES = 256 * 1024;

const relays = { imap: createImapRelay, pop3: createPop3Relay };

async function gateway(t: TestContext, settings: Partial<FixtureSettings> = {}): Promise<GatewayFixture> {
  const fixture = await GatewayFixture.start(t, { relays, config: { limits: LIMITS }, ...settings });
  fixture.scanner.isHeld = true;
  return fixture;
}

async function imapUser(fixture: GatewayFixture, user: string) {
  const { client, upstream } = await fixture.pair();
  upstream.send('* OK [CAPABILITY IMAP4rev1] ready\r\n');
  await client.receiveUntil('\r\n');
  client.send(`a LOGIN ${user} secret\r\n`);
  await upstream.receiveUntil('\r\n');
  upstream.send('a OK [CAPABILITY IMAP4rev1] done\r\n');
  await client.receiveUntil('a OK');
  await client.receiveUntil('\r\n');
  return { client, upstream };
}

function content(size: number, index: number): Buffer {
  const bytes = Buffer.alloc(size, index);
  for (let at = 0; at + 4 <= size; at += 4_096) bytes.writeUInt32LE(at + index, at);
  return bytes;
}

async function fetch(client: Peer, upstream: Peer, body: Buffer): Promise<void> {
  client.send('b FETCH 1 BODY[]\r\n');
  const [tag = ''] = (await upstream.receiveUntil('\r\n')).toString().split(' ');
  upstream.send(`* 1 FETCH (BODY[] {${body.length}}\r\n`);
  upstream.send(body);
  upstream.send(`)\r\n${tag} OK done\r\n`);
}

async function delivered(client: Peer, body: Buffer): Promise<void> {
  await client.expect(`* 1 FETCH (BODY[] {${body.length}}\r\n`);
  assert.ok((await client.receive(body.length)).equals(body));
  await client.expect(')\r\nb OK done\r\n');
}

/** Two users who take as much of the budget as others leave them. */
async function fillUp(fixture: GatewayFixture): Promise<{ first: Peer; second: Peer }> {
  const [first, second] = [await imapUser(fixture, 'first'), await imapUser(fixture, 'second')];
  await fetch(first.client, first.upstream, content(3.5 * MB, 1));
  await fetch(second.client, second.upstream, content(3.5 * MB, 2));
  await eventually(() => fixture.scanner.pending.length === 2, 'two whole messages');
  return { first: first.client, second: second.client };
}

const paused = (fixture: GatewayFixture) => fixture.metric('postern_flow_streams_paused');

/** Longer than any of this takes on a busy machine. */
const PATIENCE_MS = 60_000;

async function soon(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `never happened: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function answerAll(fixture: GatewayFixture, user?: string): void {
  const { pending } = fixture.scanner;
  const chosen = pending.filter(({ request }) => user === undefined || request.user === user);
  for (const one of chosen) {
    pending.splice(pending.indexOf(one), 1);
    one.resolve(report(one.content, CLEAN));
  }
}

const openFiles = () => fs.readdirSync('/proc/self/fd').length;

const isScanned = (fixture: GatewayFixture, user: string) =>
  fixture.scanner.pending.some(({ request }) => request.user === user);

describe('the byte budget of the process', () => {
  it('carries thirty clients with 2 MB each through 8 MB, byte for byte, and leaves nothing behind', async (t) => {
    const fixture = await gateway(t);
    const before = openFiles();
    let most = 0;
    const bodies = Array.from({ length: 30 }, (_, index) => content(2 * MB, index));
    const users: { client: Peer; upstream: Peer }[] = [];
    for (const index of bodies.keys()) users.push(await imapUser(fixture, `user-${index}`));
    await Promise.all(
      users.map(async ({ client, upstream }, index) => await fetch(client, upstream, bodies[index] ?? EMPTY)),
    );
    // Scans are slow: the next verdicts come only when nothing else moves.
    await soon(async () => {
      most = Math.max(most, await fixture.metric('postern_spool_bytes'));
      const done = users.filter(({ client }) => client.waiting > 2 * MB).length;
      if (fixture.scanner.pending.length >= Math.min(3, bodies.length - done)) answerAll(fixture);
      return done === bodies.length;
    }, 'all of it');
    for (const [index, { client, upstream }] of users.entries()) {
      await delivered(client, bodies[index] ?? EMPTY);
      client.destroy();
      upstream.destroy();
    }
    assert.ok(most > 4 * MB, `the budget was used (${most})`);
    assert.ok(most <= 8 * MB + bodies.length * READ_BYTES, `held ${most}`);
    assert.ok((await fixture.metric('postern_flow_pauses_total')) >= 20, 'most of them had to wait');
    assert.equal(await fixture.metric('postern_flow_deferred_total'), 0);
    await soon(async () => (await fixture.metric('postern_spool_bytes')) === 0, 'the spool is empty');
    assert.equal(await fixture.metric('postern_flow_granted_bytes'), 0);
    await soon(async () => openFiles() <= before, 'all descriptors are closed');
    assert.deepEqual(
      fs.readdirSync(fixture.folder).filter((name) => name.startsWith('postern-spool')),
      [],
    );
  });

  it('lets light messages pass while a heavy one waits for room', async (t) => {
    const fixture = await gateway(t);
    await fillUp(fixture);
    const heavy = await imapUser(fixture, 'heavy');
    const light = await imapUser(fixture, 'light');
    const [large, small] = [content(2 * MB, 3), content(20_000, 4)];
    await fetch(heavy.client, heavy.upstream, large);
    await soon(async () => (await paused(fixture)) === 1, 'the pause');
    await fetch(light.client, light.upstream, small);
    await eventually(() => fixture.scanner.pending.length === 3, 'the small message');
    answerAll(fixture, 'light');
    await delivered(light.client, small);
    assert.equal(await paused(fixture), 1);
    answerAll(fixture, 'first');
    await soon(async () => isScanned(fixture, 'heavy'), 'its scan');
    answerAll(fixture, 'heavy');
    await delivered(heavy.client, large);
    assert.equal(await paused(fixture), 0);
  });

  it('gives the room of a client that leaves to the next one', async (t) => {
    const fixture = await gateway(t, IN_MEMORY);
    const { first } = await fillUp(fixture);
    const waiting = await imapUser(fixture, 'waiting');
    const body = content(2 * MB, 5);
    await fetch(waiting.client, waiting.upstream, body);
    await soon(async () => (await paused(fixture)) === 1, 'the pause');
    first.destroy();
    await soon(async () => isScanned(fixture, 'waiting'), 'its scan');
    answerAll(fixture, 'waiting');
    await delivered(waiting.client, body);
  });

  it('defers who waited as long as a server bears, and takes back what was held for him', async (t) => {
    const clock = new FakeClock();
    const fixture = await gateway(t, { clock });
    const { first, second } = await fillUp(fixture);
    const { client, upstream } = await imapUser(fixture, 'patient');
    await fetch(client, upstream, content(2 * MB, 6));
    await soon(async () => (await paused(fixture)) === 1, 'the pause');
    const held = await fixture.metric('postern_flow_granted_bytes');
    clock.advance(125_000);
    const said = (await client.receiveAll()).toString();
    upstream.destroy();
    await soon(async () => (await fixture.metric('postern_gateway_sessions_open')) === 2, 'the end');
    const left = await fixture.metric('postern_flow_granted_bytes');
    // The clock stands still from here on, so nothing may be left to wait for.
    [first, second].forEach((peer) => peer.destroy());
    await soon(async () => (await fixture.metric('postern_gateway_sessions_open')) === 0, 'the end of all');
    // The keep-alive has begun the answer, so that nothing else can be said.
    assert.ok('* 1 FETCH (BODY[] {2000000}\r\n'.startsWith(said), said);
    assert.equal(await fixture.metric('postern_flow_deferred_total'), 1);
    assert.equal(await fixture.metric('postern_gateway_sessions_closed_total', { reason: 'deferred' }), 1);
    assert.equal(left, held);
    assert.equal(await paused(fixture), 0);
  });

  it('pauses a client that uploads, too', async (t) => {
    const fixture = await gateway(t, IN_MEMORY);
    const { first } = await fillUp(fixture);
    const { client, upstream } = await imapUser(fixture, 'sender');
    const body = content(2 * MB, 7);
    client.send(`c APPEND Sent {${body.length}}\r\n`);
    await client.expect('+ ');
    await client.receiveUntil('\r\n');
    client.send(body);
    client.send('\r\n');
    await soon(async () => (await paused(fixture)) === 1, 'the pause');
    const read = await fixture.metric('postern_gateway_bytes_total', { side: 'client' });
    assert.ok(read < MB, `read ${read}`);
    first.destroy();
    await soon(async () => isScanned(fixture, 'sender'), 'its scan');
    assert.equal(upstream.waiting, 0);
  });
});
