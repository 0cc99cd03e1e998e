import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { eventually } from '../../test/support/peer.ts';
import { configSchema } from '../base/config/schema.ts';
import { createMetrics } from '../base/metrics.ts';
import { UpstreamHosts } from './upstream-hosts.ts';
import { Upstreams } from './upstreams.ts';

async function listening(t: TestContext, port = 0): Promise<net.Server> {
  const server = net.createServer((socket) => socket.on('error', () => undefined));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return server;
}

function portOf(server: net.Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('the hosts of a mail server', () => {
  it('come last for 30 s after they failed', () => {
    const clock = new FakeClock();
    const hosts = new UpstreamHosts(['a', 'b'], clock);
    hosts.failed('a');
    assert.deepEqual(hosts.inOrder, ['b', 'a']);
    clock.advance(29_999);
    assert.deepEqual(hosts.inOrder, ['b', 'a']);
    clock.advance(1);
    assert.deepEqual(hosts.inOrder, ['a', 'b']);
  });

  it('come back as soon as they answer', () => {
    const hosts = new UpstreamHosts(['a', 'b'], new FakeClock());
    hosts.failed('a');
    hosts.answered('a');
    assert.deepEqual(hosts.inOrder, ['a', 'b']);
  });
});

describe('health checks', () => {
  it('find hosts that are down and up again before a client does', async (t) => {
    const clock = new FakeClock();
    const first = await listening(t);
    const port = portOf(first);
    const upstream = { host: '127.0.0.1', ports: { imap: port }, tls: { mode: 'off' }, healthCheckMs: 1_000 };
    const upstreams = new Upstreams({
      config: configSchema.parse({ upstream }),
      listeners: [{ protocol: 'imap', address: '127.0.0.1', port: 0, tls: 'off' }],
      metrics: createMetrics(new Registry()),
      clock,
      isOurselves: () => false,
    });
    t.after(() => upstreams.stop());
    upstreams.start();
    const up = (): number => upstreams.states[0]?.up ?? -1;
    first.close();
    clock.advance(1_000);
    await eventually(() => up() === 0, 'the host is down');
    await listening(t, port);
    clock.advance(1_000);
    await eventually(() => up() === 1, 'the host is up');
  });
});
