import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GatewayListener } from '../../src/gateway/listener.ts';
import { GatewayFixture } from '../support/gateway-fixture.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { eventually, Peer, PeerServer } from '../support/peer.ts';
import { ScriptedRelay, type Script, send } from '../support/scripted-relay.ts';

function relays(script: () => Script = () => ({})) {
  const make = () => new ScriptedRelay(script());
  return { imap: make, pop3: make };
}

describe('connection limits', () => {
  it('refuse one more than is allowed, say so in clear text, and count it', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays: relays(),
      config: { limits: { maxConnections: 2 } },
    });
    const first = await fixture.pair();
    await fixture.pair();
    const third = await fixture.connect();
    assert.equal((await third.receiveAll()).toString(), '* BYE [UNAVAILABLE] Too many connections\r\n');
    assert.equal(await fixture.metric('postern_gateway_sessions_refused_total', { reason: 'global' }), 1);
    first.client.destroy();
    await eventually(() => fixture.log.messages().includes('connection ended'), 'the end of the first');
    const { client, upstream } = await fixture.pair();
    upstream.send('hello\r\n');
    await client.expect('hello\r\n');
  });

  it('hold for each address', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays: relays(),
      listener: { protocol: 'pop3' },
      config: { limits: { maxConnectionsPerAddress: 1 } },
    });
    await fixture.pair();
    const second = await fixture.connect();
    assert.equal((await second.receiveAll()).toString(), '-ERR [SYS/TEMP] Too many connections\r\n');
    assert.equal(await fixture.metric('postern_gateway_sessions_refused_total', { reason: 'address' }), 1);
  });
});

describe('stop', () => {
  it('says goodbye, waits for what is in flight, and accepts nobody', async (t) => {
    let isBusy = true;
    const fixture = await GatewayFixture.start(t, {
      relays: relays(() => ({
        drain: () => (isBusy ? [] : [send('client', 'BYE\r\n'), { kind: 'close', reason: 'shutdown' }]),
        fromUpstream: () => [send('client', 'done, BYE\r\n'), { kind: 'close', reason: 'shutdown' }],
      })),
    });
    const busy = await fixture.pair();
    busy.client.send('x');
    await busy.upstream.expect('x');
    const stopped = fixture.gateway.stop(60_000);
    await assert.rejects(Peer.connect(fixture.port));
    busy.upstream.send('result');
    await busy.client.expect('done, BYE\r\n');
    busy.client.end();
    isBusy = false;
    await stopped;
    assert.equal(await fixture.metric('postern_gateway_sessions_open'), 0);
    assert.equal(await fixture.metric('postern_gateway_sessions_closed_total', { reason: 'shutdown' }), 1);
  });

  it('cuts what is left at the deadline', async (t) => {
    const clock = new FakeClock();
    const fixture = await GatewayFixture.start(t, { relays: relays(() => ({ drain: () => [] })), clock });
    const { client, upstream } = await fixture.pair();
    client.send('x');
    await upstream.expect('x');
    let isStopped = false;
    const stopped = fixture.gateway.stop(5_000).then(() => (isStopped = true));
    clock.advance(4_999);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isStopped, false);
    clock.advance(1);
    await stopped;
    await client.receiveAll();
    assert.equal(await fixture.metric('postern_gateway_sessions_open'), 0);
  });
});

describe('a server that cannot be reached', () => {
  it('is told to the client in its protocol, and counted', async (t) => {
    const fixture = await GatewayFixture.start(t, { relays: relays() });
    fixture.server.close();
    const client = await fixture.connect();
    assert.equal((await client.receiveAll()).toString(), 'UNAVAILABLE\r\n');
    assert.equal(await fixture.metric('postern_upstream_errors_total', { code: 'UPSTREAM_UNREACHABLE' }), 1);
    await eventually(() => fixture.log.messages().includes('connection ended'), 'the end');
    assert.equal(await fixture.metric('postern_gateway_sessions_open'), 0);
  });
});

describe('with protection off', () => {
  for (const config of [{ protection: false }, { protocols: { imap: false } }]) {
    it(`forwards everything untouched and counts it: ${JSON.stringify(config)}`, async (t) => {
      const fixture = await GatewayFixture.start(t, {
        relays: relays(() => {
          throw new Error('no relay in a tunnel');
        }),
        config,
      });
      const { client, upstream } = await fixture.pair();
      const big = Buffer.alloc(5_000_000);
      for (let i = 0; i + 4 <= big.length; i += 4) big.writeUInt32LE(i, i);
      upstream.send(big);
      client.send(big);
      assert.ok((await client.receive(big.length)).equals(big));
      assert.ok((await upstream.receive(big.length)).equals(big));
      client.end();
      await upstream.receiveAll();
      upstream.send('last words');
      upstream.end();
      await client.expect('last words');
      const labels = { protocol: 'imap', cause: 'protection-off' };
      assert.equal(await fixture.metric('postern_unscanned_total', labels), 1);
      assert.equal(await fixture.metric('postern_unscanned_bytes_total', labels), 2 * big.length + 10);
      await eventually(() => fixture.log.messages().includes('connection ended'), 'the end');
    });
  }

  it('lets a tunnelled client that does not read hold up nobody else', async (t) => {
    const fixture = await GatewayFixture.start(t, { relays: relays(), config: { protection: false } });
    const slow = await fixture.pair();
    slow.client.stopReading();
    for (let i = 0; i < 20; i += 1) slow.upstream.socket.write(Buffer.alloc(1_000_000));
    const other = await fixture.pair();
    other.upstream.send('hello\r\n');
    await other.client.expect('hello\r\n');
    slow.client.goOnReading();
    await eventually(() => slow.client.waiting === 20_000_000, 'all of it');
  });
});

describe('start', () => {
  it('fails with a clear error when a port is taken, and leaves nothing listening', async (t) => {
    const taken = await PeerServer.listen();
    t.after(() => taken.close());
    const listeners: GatewayListener[] = [0, taken.port].map((port) => ({
      protocol: 'imap',
      address: '127.0.0.1',
      port,
      tls: 'off',
    }));
    const started = GatewayFixture.start(t, { relays: relays(), listeners });
    await assert.rejects(started, { code: 'LISTEN_FAILED' });
  });

  it('fails when a certificate cannot be read', async (t) => {
    const config = { tls: { certificates: [{ cert: '/no/such.crt', key: '/no/such.key' }] } };
    await assert.rejects(GatewayFixture.start(t, { relays: relays(), config }), {
      code: 'CERTIFICATE_INVALID',
    });
  });

  it('makes a certificate when none is given, and warns about it', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays: relays(),
      config: { tls: {} },
      listener: { protocol: 'imaps', tls: 'implicit' },
    });
    const client = await Peer.connect(fixture.port, { rejectUnauthorized: false });
    const upstream = await fixture.server.accept();
    upstream.send('hello\r\n');
    await client.expect('hello\r\n');
    assert.ok(
      fixture.log.lines.some(({ level, message }) => level === 'warn' && message.includes('self-signed')),
    );
  });
});

describe('list of sessions', () => {
  it('has the oldest first, also when one of them has left', async (t) => {
    const clock = new FakeClock();
    const fixture = await GatewayFixture.start(t, { relays: relays(), clock });
    const pairs = [];
    for (let count = 0; count < 3; count += 1) {
      pairs.push(await fixture.pair());
      clock.advance(1_000);
    }
    const [first, ...others] = fixture.gateway.sessions.map(({ id }) => id);
    pairs[0]?.client.destroy();
    await eventually(() => fixture.gateway.sessions.length === 2, 'the end of the first');
    await fixture.pair();
    const ids = fixture.gateway.sessions.map(({ id }) => id);
    assert.deepEqual(ids.slice(0, 2), others);
    assert.ok(ids.length === 3 && !ids.includes(first ?? ''));
  });
});
