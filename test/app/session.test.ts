import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { contentOf } from '../support/fake-scanner.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { GatewayFixture, type FixtureSettings } from '../support/gateway-fixture.ts';
import { eventually } from '../support/peer.ts';
import { HoldingScript, type Script, ScriptedRelay, send } from '../support/scripted-relay.ts';

const CLEAN = 'Subject: hello\r\n\r\nsome text\r\n';
const INFECTED = 'Subject: hello\r\n\r\nINFECTED text\r\n';

async function start(test: TestContext, script: () => Script, settings: Partial<FixtureSettings> = {}) {
  const relays: ScriptedRelay[] = [];
  const make = () => {
    const relay = new ScriptedRelay(script());
    relays.push(relay);
    return relay;
  };
  const fixture = await GatewayFixture.start(test, { relays: { imap: make, pop3: make }, ...settings });
  const peers = await fixture.pair();
  await eventually(() => relays.length === 1, 'the session');
  return { fixture, relays, ...peers };
}

function message(content: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`MSG ${content.length}\r\n`), Buffer.from(content)]);
}

describe('a session', () => {
  it('forwards both directions', async (t) => {
    const { client, upstream } = await start(t, () => ({}));
    upstream.send('hello\r\n');
    await client.expect('hello\r\n');
    client.send('command\r\n');
    await upstream.expect('command\r\n');
  });

  it('lets no byte of a message leave before its verdict, and then all of them unchanged', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript());
    fixture.scanner.isHeld = true;
    upstream.send(Buffer.concat([message(CLEAN), Buffer.from('after\r\n')]));
    await eventually(() => fixture.scanner.pending.length === 1, 'the scan');
    await client.expect('after\r\n');
    assert.equal(client.waiting, 0);
    fixture.scanner.answer();
    await client.expect(`GOT ${CLEAN}\r\n`);
    assert.equal(
      await fixture.metric('postern_scan_messages_total', { verdict: 'clean', action: 'deliver' }),
      1,
    );
    assert.equal(await fixture.metric('postern_gateway_messages_held'), 0);
  });

  it('hands the scanner exactly the bytes of the message', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript());
    upstream.send(message(CLEAN).subarray(0, 20));
    upstream.send(message(CLEAN).subarray(20));
    await client.receiveUntil('GOT ');
    const [request] = fixture.scanner.requests;
    assert.ok(request !== undefined);
    assert.equal(contentOf(request.message).toString(), CLEAN);
    assert.equal(request.subject, 'message');
  });

  it('quarantines the original before a substitute of the same size leaves', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript());
    upstream.send(message(INFECTED));
    await client.expect('GOT Subject: hello\r\n\r\n');
    const rest = await client.receive(INFECTED.length - 'Subject: hello\r\n\r\n'.length);
    assert.ok(!rest.includes('INFECTED'));
    assert.ok(rest.toString().startsWith('[Postern'));
    assert.equal(fixture.quarantine.stored[0]?.content.toString(), INFECTED);
    assert.equal(fixture.quarantine.stored[0]?.record.uid, '1');
  });

  it('defers when the quarantine is full and lets nothing leave', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript());
    fixture.quarantine.isFull = true;
    upstream.send(message(INFECTED));
    assert.equal((await client.receiveAll()).toString(), 'LATER\r\n');
    assert.equal(await fixture.metric('postern_quarantine_commits_total', { outcome: 'failed' }), 1);
    assert.equal(await fixture.metric('postern_scan_messages_total', { action: 'defer' }), 1);
  });

  it('neutralises what was deferred too often', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript(), {
      config: { policy: { maxDeferrals: 2 } },
    });
    fixture.scanner.judge = () => ({ kind: 'unscannable', cause: 'timeout', findings: [] });
    let peers = { client, upstream };
    for (let attempt = 0; attempt < 2; attempt += 1) {
      peers.upstream.send(message(CLEAN));
      assert.equal((await peers.client.receiveAll()).toString(), 'LATER\r\n');
      peers = await fixture.pair();
    }
    peers.upstream.send(message(CLEAN));
    await peers.client.expect('GOT Subject: hello\r\n\r\n[Pos');
    assert.equal(fixture.quarantine.stored.length, 1);
  });

  it('gives the same substitute at every fetch, in every session', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript());
    const long = `${INFECTED}${'room for the whole notice '.repeat(20)}\r\n`;
    const shown: string[] = [];
    let peers = { client, upstream };
    for (let fetch = 0; fetch < 2; fetch += 1) {
      peers.upstream.send(message(long));
      await peers.client.expect('GOT ');
      shown.push((await peers.client.receive(long.length)).toString('latin1'));
      peers = await fixture.pair();
    }
    assert.equal(shown[1], shown[0]);
  });

  it('never neutralises for overload, however often it had to defer', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript(), {
      config: { policy: { maxDeferrals: 1 } },
    });
    fixture.scanner.judge = () => ({ kind: 'unscannable', cause: 'overloaded', findings: [] });
    let peers = { client, upstream };
    for (let attempt = 0; attempt < 3; attempt += 1) {
      peers.upstream.send(message(CLEAN));
      assert.equal((await peers.client.receiveAll()).toString(), 'LATER\r\n');
      peers = await fixture.pair();
    }
    assert.equal(fixture.quarantine.stored.length, 0);
  });

  it('scans a deferred message again in the background', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript());
    fixture.scanner.judge = () => ({ kind: 'unscannable', cause: 'overloaded', findings: [] });
    upstream.send(message(CLEAN));
    await client.receiveAll();
    await eventually(() => fixture.scanner.requests.length === 2, 'the background scan');
    assert.equal(fixture.scanner.requests[1]?.lane, 'bulk');
    await eventually(() => fixture.log.lines.every(({ level }) => level !== 'error'), 'no error');
  });

  it('treats a scanner that breaks as an engine failure, not as clean', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript());
    fixture.scanner.failure = new Error('broken');
    upstream.send(message(CLEAN));
    assert.equal((await client.receiveAll()).toString(), 'LATER\r\n');
    assert.equal(await fixture.metric('postern_scan_messages_total', { cause: 'engine-failed' }), 1);
  });

  it('delivers and records everything in monitor mode', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript(), {
      config: { mode: 'monitor' },
    });
    upstream.send(message(INFECTED));
    await client.expect(`GOT ${INFECTED}\r\n`);
    assert.equal(
      await fixture.metric('postern_scan_messages_total', { verdict: 'malicious', action: 'deliver' }),
      1,
    );
  });

  it('counts what is delivered without a complete scan', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript());
    fixture.scanner.judge = () => ({ kind: 'unscannable', cause: 'encrypted', findings: [] });
    upstream.send(message(CLEAN));
    await client.expect(`GOT ${CLEAN}\r\n`);
    assert.equal(await fixture.metric('postern_unscanned_total', { cause: 'encrypted' }), 1);
    assert.equal(await fixture.metric('postern_unscanned_bytes_total'), CLEAN.length);
  });

  it('refuses to release what was not judged, whatever the relay asks', async (t) => {
    const { fixture, client, upstream } = await start(t, () => ({
      fromUpstream: (bytes) => [
        { kind: 'open', message: 1, sizeHint: 0 },
        { kind: 'spool', message: 1, bytes },
        { kind: 'release', message: 1, start: 0, end: bytes.length },
      ],
    }));
    upstream.send('SECRET');
    assert.equal((await client.receiveAll()).length, 0);
    assert.equal(
      await fixture.metric('postern_gateway_sessions_closed_total', { reason: 'internal-error' }),
      1,
    );
  });

  it('blanks an ambiguous range of a neutralised message', async (t) => {
    const { client, upstream } = await start(t, () => ({
      ...holding(),
      decided: () => [
        { kind: 'release', message: 1, start: 0, end: 4, alsoAt: [INFECTED.length - 6] },
        { kind: 'release', message: 1, start: 0, end: 4, alsoAt: [1] },
      ],
    }));
    upstream.send(message(INFECTED));
    await client.expect('####Subj');
  });

  it('ends without one more byte when the relay throws', async (t) => {
    const { fixture, client, upstream } = await start(t, () => ({
      fromUpstream: () => {
        throw new Error('bug');
      },
    }));
    upstream.send('SECRET');
    assert.equal((await client.receiveAll()).length, 0);
    assert.equal(
      await fixture.metric('postern_gateway_sessions_closed_total', { reason: 'internal-error' }),
      1,
    );
  });

  it('drops a message that the server cut short', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript());
    upstream.send('hello\r\nMSG 1000\r\nSECRET part of it');
    upstream.end();
    assert.equal((await client.receiveAll()).toString(), 'hello\r\n');
    assert.equal(fixture.scanner.requests.length, 0);
    await eventually(() => fixture.log.messages().includes('connection ended'), 'the end');
    assert.equal(await fixture.metric('postern_spool_bytes'), 0);
  });

  it('cancels the scan when the client leaves', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript());
    fixture.scanner.isHeld = true;
    upstream.send(message(CLEAN));
    await eventually(() => fixture.scanner.pending.length === 1, 'the scan');
    client.destroy();
    await eventually(() => fixture.scanner.pending[0]?.signal?.aborted === true, 'the cancellation');
    await eventually(() => fixture.log.messages().includes('connection ended'), 'the end');
    assert.equal(fixture.log.messages('info').includes('connection ended'), false);
    assert.equal(await fixture.metric('postern_gateway_messages_held'), 0);
    assert.equal(await fixture.metric('postern_spool_bytes'), 0);
  });

  it('runs at most eight scans of one session at a time', async (t) => {
    const { fixture, client, upstream } = await start(t, () => new HoldingScript());
    fixture.scanner.isHeld = true;
    upstream.send(Buffer.concat(Array.from({ length: 9 }, () => message(CLEAN))));
    upstream.send('done\r\n');
    await client.expect('done\r\n');
    await eventually(() => fixture.scanner.pending.length === 8, 'eight scans');
    fixture.scanner.answer();
    await eventually(() => fixture.scanner.requests.length === 9, 'the ninth');
  });

  it('ticks only while a client waits and nothing was written to it', async (t) => {
    const clock = new FakeClock();
    const { fixture, relays, client, upstream } = await start(t, () => new HoldingScript(), { clock });
    fixture.scanner.isHeld = true;
    clock.advance(20_000);
    const [relay] = relays;
    assert.ok(relay !== undefined);
    assert.equal(relay.ticks, 0);
    relay.isHolding = true;
    upstream.send(message(CLEAN));
    await eventually(() => fixture.scanner.pending.length === 1, 'the scan');
    clock.advance(4_999);
    assert.equal(relay.ticks, 0);
    clock.advance(1);
    await client.expect('.');
    upstream.send('push\r\n');
    await client.expect('push\r\n');
    clock.advance(4_999);
    assert.equal(relay.ticks, 1);
    clock.advance(5_000);
    assert.equal(relay.ticks, 2);
  });

  it('writes everything before a close, then closes both sides', async (t) => {
    const big = Buffer.alloc(3_000_000, 'x');
    const { client, upstream } = await start(t, () => ({
      fromClient: () => [
        send('client', big),
        send('client', 'BYE\r\n'),
        send('upstream', 'LOGOUT\r\n'),
        { kind: 'close', reason: 'logout' },
      ],
    }));
    client.send('x');
    const all = await client.receiveAll();
    assert.equal(all.length, big.length + 5);
    assert.equal((await upstream.receiveAll()).toString(), 'LOGOUT\r\n');
  });

  it('tells the client when no server answers', async (t) => {
    const clock = new FakeClock();
    const { fixture, client } = await start(t, () => ({}), { clock });
    clock.advance(30_000);
    assert.equal((await client.receiveAll()).toString(), 'UNAVAILABLE\r\n');
    assert.equal(await fixture.metric('postern_upstream_errors_total', { code: 'UPSTREAM_TIMEOUT' }), 1);
  });

  it('ends a connection that never logs in, and not one that did', async (t) => {
    const clock = new FakeClock();
    const { fixture, client, upstream } = await start(t, loggingIn, { clock });
    const other = await fixture.pair();
    upstream.send('hi\r\n');
    other.upstream.send('hi\r\n');
    await client.expect('hi\r\n');
    await other.client.expect('hi\r\n');
    client.send('LOGIN');
    await client.expect('in\r\n');
    clock.advance(120_000);
    await other.client.receiveAll();
    client.send('NOOP');
    await client.expect('in\r\n');
  });

  it('closes on HTTP and on TLS where mail in clear text is expected, and answers nothing', async (t) => {
    const { fixture, client } = await start(t, () => ({}));
    client.send('GET / HTTP/1.1\r\n');
    assert.equal((await client.receiveAll()).length, 0);
    const other = await fixture.pair();
    other.client.send(Buffer.from([0x16, 0x03, 0x01, 0, 0]));
    assert.equal((await other.client.receiveAll()).length, 0);
    assert.equal(await fixture.metric('postern_gateway_bad_input_total', { what: 'http' }), 1);
    assert.equal(await fixture.metric('postern_gateway_bad_input_total', { what: 'tls' }), 1);
  });
});

function holding(): Script {
  const script = new HoldingScript();
  return { fromUpstream: (bytes) => script.fromUpstream(bytes) };
}

function loggingIn(): Script {
  return {
    fromClient: () => [{ kind: 'note', note: { type: 'user', user: 'ann' } }, send('client', 'in\r\n')],
  };
}
