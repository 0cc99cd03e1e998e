import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContentEncoder, Effect } from '../../src/gateway/relay.ts';
import { GatewayFixture } from '../support/gateway-fixture.ts';
import { Peer } from '../support/peer.ts';
import { HoldingScript, type Script, ScriptedRelay, send } from '../support/scripted-relay.ts';

const TAIL = '\r\n.\r\n';

/** Holds like `HoldingScript`, releases as the test says. */
function releasing(effects: (size: number) => Effect[]) {
  let size = 0;
  const script = new HoldingScript();
  const make = () =>
    new ScriptedRelay({
      fromUpstream: (bytes) => {
        size = Number(/^MSG (\d+)/.exec(bytes.toString('latin1', 0, 20))?.[1] ?? size);
        return script.fromUpstream(bytes);
      },
      decided: () => effects(size),
    } satisfies Script);
  return { imap: make, pop3: make };
}

function part(start: number, end: number): Effect {
  return { kind: 'release', message: 1, start, end };
}

class Doubling implements ContentEncoder {
  encode(chunk: Uint8Array): Uint8Array {
    const out = Buffer.alloc(chunk.length * 2);
    for (let i = 0; i < chunk.length; i += 1) out.fill(chunk[i] ?? 0, i * 2, i * 2 + 2);
    return out;
  }
}

describe('a release', () => {
  it('sends exactly its range, ranges in order, with what is between them', async (t) => {
    const relays = releasing(() => [
      send('client', '<'),
      part(2, 5),
      send('client', '|'),
      part(0, 0),
      part(0, 3),
      send('client', '>'),
    ]);
    const fixture = await GatewayFixture.start(t, { relays });
    const { client, upstream } = await fixture.pair();
    upstream.send('MSG 6\r\nabcdef');
    await client.expect('<cde|abc>');
  });

  it('ends the session when it leaves its message', async (t) => {
    const relays = releasing((size) => [{ kind: 'release', message: 1, start: 0, end: size + 1 }]);
    const fixture = await GatewayFixture.start(t, { relays });
    const { client, upstream } = await fixture.pair();
    upstream.send('MSG 6\r\nabcdef');
    assert.equal((await client.receiveAll()).length, 0);
  });

  it('blanks on demand', async (t) => {
    const relays = releasing((end) => [{ kind: 'release', message: 1, start: 0, end, blank: true }]);
    const fixture = await GatewayFixture.start(t, { relays });
    const { client, upstream } = await fixture.pair();
    upstream.send('MSG 8\r\nab\r\ncd\r\n');
    await client.expect('##\r\n##\r\n');
  });

  it('goes to the server when it is an upload', async (t) => {
    const relays = releasing((end) => [{ kind: 'release', message: 1, start: 0, end, to: 'upstream' }]);
    const fixture = await GatewayFixture.start(t, { relays });
    const { client, upstream } = await fixture.pair();
    upstream.send('MSG 6\r\nabcdef');
    await upstream.expect('abcdef');
    assert.equal(client.waiting, 0);
  });

  // With 5,000 bytes before them these sizes put the border of a 16 KiB record into the tail.
  for (const [size, spoolMemoryBytes] of [
    [5_691, 1_000_000],
    [13_883, 1_000_000],
    [22_075, 1_000_000],
    [300_000, 1_000_000],
    [5_691, 1000],
    [300_000, 1000],
  ] as const) {
    const where = size > spoolMemoryBytes ? 'a file' : 'memory';
    it(`keeps the tail in one TLS record with the last content byte: ${size} from ${where}`, async (t) => {
      const relays = releasing((end) => [
        send('client', 'x'.repeat(5000)),
        { kind: 'release', message: 1, start: 0, end, encoder: new Doubling(), tail: Buffer.from(TAIL) },
        send('client', '+OK\r\n'),
      ]);
      const listener = { protocol: 'pop3s', tls: 'implicit' } as const;
      const config = { limits: { spoolMemoryBytes } };
      const fixture = await GatewayFixture.start(t, { relays, listener, config });
      const client = await Peer.connect(fixture.port, {});
      const records: Buffer[] = [];
      client.socket.on('data', (record: Buffer) => records.push(record));
      const upstream = await fixture.server.accept();
      upstream.send(`MSG ${size}\r\n`);
      upstream.send(Buffer.alloc(size, 'y'));
      const all = await client.receiveUntil('+OK\r\n');
      assert.equal(all.length, 5000 + size * 2 + TAIL.length + 5);
      const last = records.find((record) => record.includes('\n.'));
      assert.ok(last?.includes(`y${TAIL}`));
    });
  }

  // IMAP: no encoder, so that the last piece is larger. With 3,000 bytes before it, and with as much as it may be.
  for (const size of [12_200, 12_283, 16_000, 300_000]) {
    it(`keeps the tail in one TLS record without an encoder: ${size}`, async (t) => {
      const relays = releasing((end) => [
        send('client', 'x'.repeat(3000)),
        { kind: 'release', message: 1, start: 0, end, tail: Buffer.from(TAIL) },
        send('client', '+OK\r\n'),
      ]);
      const listener = { protocol: 'imaps', tls: 'implicit' } as const;
      const fixture = await GatewayFixture.start(t, { relays, listener });
      const client = await Peer.connect(fixture.port, {});
      const records: Buffer[] = [];
      client.socket.on('data', (record: Buffer) => records.push(record));
      const upstream = await fixture.server.accept();
      upstream.send(`MSG ${size}\r\n`);
      upstream.send(Buffer.alloc(size, 'y'));
      const all = await client.receiveUntil('+OK\r\n');
      assert.equal(all.length, 3000 + size + TAIL.length + 5);
      assert.ok(records.some((record) => record.includes(`y${TAIL}`)));
    });
  }

  for (const size of [50_000, 700_001]) {
    it(`encodes a message from a file in order: ${size}`, async (t) => {
      const encoder = new Doubling();
      const relays = releasing((end) => [{ kind: 'release', message: 1, start: 0, end, encoder }]);
      const config = { limits: { spoolMemoryBytes: 1000 } };
      const fixture = await GatewayFixture.start(t, { relays, config });
      const { client, upstream } = await fixture.pair();
      const body = Buffer.from(Array.from({ length: size }, (_, i) => i % 251));
      upstream.send(`MSG ${size}\r\n`);
      upstream.send(body);
      const received = await client.receive(size * 2);
      assert.ok(received.equals(new Doubling().encode(body)));
    });
  }
});
