import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { GatewayFixture } from '../support/gateway-fixture.ts';
import { eventually, type Peer } from '../support/peer.ts';
import { HoldingScript, ScriptedRelay, type Script, send } from '../support/scripted-relay.ts';

const MEGABYTE = 1024 * 1024;

function relays(script: () => Script) {
  const make = () => new ScriptedRelay(script());
  return { imap: make, pop3: make };
}

/** Deterministic bytes that differ at every position of a 256 KiB piece. */
function content(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i + 4 <= size; i += 4) bytes.writeUInt32LE(i, i);
  return bytes;
}

/** Sends without the test's transcript of every write, as fast as the socket takes it. */
function pour(peer: Peer, chunk: Buffer, times: number): void {
  for (let i = 0; i < times; i += 1) peer.socket.write(chunk);
}

describe('flow control', () => {
  for (const size of [100_000, 5 * MEGABYTE + 3]) {
    const where = size > 4 * MEGABYTE ? 'a file' : 'memory';
    it(`releases a message from ${where} byte for byte`, async (t) => {
      const fixture = await GatewayFixture.start(t, {
        relays: relays(() => new HoldingScript()),
        config: { limits: { spoolMemoryBytes: 4 * MEGABYTE } },
      });
      const { client, upstream } = await fixture.pair();
      const body = content(size);
      upstream.send(`MSG ${size}\r\n`);
      upstream.send(body);
      await client.receiveUntil('GOT ');
      assert.ok((await client.receive(size)).equals(body));
      assert.equal(fixture.scanner.requests[0]?.message.kind, where === 'memory' ? 'memory' : 'file');
      await client.expect('\r\n');
      assert.equal(await fixture.metric('postern_spool_bytes'), 0);
    });
  }

  it('neutralises a message in a file', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays: relays(() => new HoldingScript()),
      config: { limits: { spoolMemoryBytes: 1000 } },
    });
    const { client, upstream } = await fixture.pair();
    const body = Buffer.concat([Buffer.from('A: b\r\n\r\nINFECTED'), Buffer.alloc(3000, 'x')]);
    upstream.send(`MSG ${body.length}\r\n`);
    upstream.send(body);
    await client.expect('GOT A: b\r\n\r\n[Postern');
    const rest = await client.receive(body.length - 16);
    assert.ok(!rest.includes('xxx') && !rest.includes('INFECTED'));
  });

  it('keeps spooling while the client does not read, and pauses the server at the limit', async (t) => {
    const limit = 2 * MEGABYTE;
    const fixture = await GatewayFixture.start(t, {
      relays: relays(() => new HoldingScript()),
      config: { limits: { maxSessionSpoolBytes: limit, spoolMemoryBytes: 64 * 1024 } },
    });
    const { client, upstream } = await fixture.pair();
    client.stopReading();
    const size = 512 * 1024;
    const one = Buffer.concat([Buffer.from(`MSG ${size}\r\n`), content(size)]);
    pour(upstream, one, 40);
    await eventually(() => fixture.scanner.requests.length >= 4, 'several messages');
    await eventually(() => upstream.socket.writableLength > 0, 'the pause');
    const held = await fixture.metric('postern_spool_bytes');
    assert.ok(held <= limit + size + 512 * 1024, `held ${held}`);
    client.goOnReading();
    for (let i = 0; i < 40; i += 1) {
      await client.expect('GOT ');
      assert.ok((await client.receive(size)).equals(content(size)));
      await client.expect('\r\n');
    }
    assert.equal(fixture.scanner.requests.length, 40);
  });

  it('overwrites nothing that a slow client has not got yet', async (t) => {
    const fixture = await GatewayFixture.start(t, { relays: relays(() => new HoldingScript()) });
    const [slow, other] = [await fixture.pair(), await fixture.pair()];
    const size = 200_000;
    const message = (letter: number) => Buffer.alloc(size, letter);
    slow.client.stopReading();
    for (let i = 0; i < 60; i += 1) {
      slow.upstream.send(`MSG ${size}\r\n`);
      slow.upstream.socket.write(message(i));
    }
    await eventually(() => fixture.scanner.requests.length === 60, 'all verdicts');
    for (let i = 0; i < 20; i += 1) {
      other.upstream.send(`MSG ${size}\r\n`);
      other.upstream.socket.write(message(0xff));
      await other.client.expect('GOT ');
      assert.ok((await other.client.receive(size)).equals(message(0xff)));
      await other.client.expect('\r\n');
    }
    slow.client.goOnReading();
    for (let i = 0; i < 60; i += 1) {
      await slow.client.expect('GOT ');
      assert.ok((await slow.client.receive(size)).equals(message(i)), `message ${i}`);
      await slow.client.expect('\r\n');
    }
  });

  it('bounds what is queued for a client that does not read', async (t) => {
    const fixture = await GatewayFixture.start(t, { relays: relays(() => ({})) });
    const { client, upstream } = await fixture.pair();
    client.stopReading();
    pour(upstream, Buffer.alloc(MEGABYTE, 'x'), 30);
    await eventually(() => upstream.socket.writableLength > 0, 'the pause');
    const other = await fixture.pair();
    other.upstream.send('push\r\n');
    await other.client.expect('push\r\n');
    const before = await fixture.metric('postern_gateway_bytes_total', { side: 'upstream' });
    assert.ok(before < 30 * MEGABYTE);
    client.goOnReading();
    await eventually(() => client.waiting === 30 * MEGABYTE, 'all of it');
  });

  it('does not read a client whose relay has enough to do', async (t) => {
    const made: ScriptedRelay[] = [];
    const make = () => {
      const relay = new ScriptedRelay({
        fromClient: () => {
          relay.isSaturated = true;
          return [send('client', 'one\r\n')];
        },
        fromUpstream: () => {
          relay.isSaturated = false;
          return [];
        },
      });
      made.push(relay);
      return relay;
    };
    const fixture = await GatewayFixture.start(t, { relays: { imap: make, pop3: make } });
    const { client, upstream } = await fixture.pair();
    client.send('a');
    await client.expect('one\r\n');
    client.send('b');
    const other = await fixture.pair();
    other.client.send('x');
    await other.client.expect('one\r\n');
    assert.equal(client.waiting, 0);
    upstream.send('go on');
    await client.expect('one\r\n');
  });

  it('ends a session that holds more than it may and can never let go', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays: relays(() => new HoldingScript()),
      config: { limits: { maxSessionSpoolBytes: 100_000 } },
    });
    const { client, upstream } = await fixture.pair();
    upstream.send('MSG 5000000\r\n');
    pour(upstream, Buffer.alloc(MEGABYTE, 'x'), 4);
    assert.equal((await client.receiveAll()).length, 0);
    assert.equal(
      await fixture.metric('postern_gateway_sessions_closed_total', { reason: 'limit-exceeded' }),
      1,
    );
  });

  it('ends a session whose spool folder is unusable, and lets nothing leave', async (t) => {
    const fixture = await GatewayFixture.start(t, {
      relays: relays(() => new HoldingScript()),
      spoolDirectory: path.join('/proc', 'postern-no-such-folder'),
      config: { limits: { spoolMemoryBytes: 1000 } },
    });
    const { client, upstream } = await fixture.pair();
    upstream.send('MSG 2000\r\n');
    upstream.send(Buffer.alloc(2000, 'x'));
    assert.equal((await client.receiveAll()).length, 0);
    assert.equal(
      await fixture.metric('postern_gateway_sessions_closed_total', { reason: 'spool-failed' }),
      1,
    );
    const other = await fixture.pair();
    other.upstream.send('MSG 1000\r\n');
    other.upstream.send(Buffer.alloc(1000, 'x'));
    await other.client.expect('GOT ');
  });
});
