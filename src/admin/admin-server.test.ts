import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { request } from 'undici';
import { systemClock } from '../base/clock.ts';
import { GatewayError } from '../base/errors.ts';
import { silentLogger } from '../base/log.ts';
import { createMetrics } from '../base/metrics.ts';
import { createAdminServer, type AdminServerOptions, type ReadinessCheck } from './admin-server.ts';

const running: (() => Promise<void>)[] = [];
after(async () => {
  await Promise.all(running.map((stop) => stop()));
});

async function serve(options: Partial<AdminServerOptions> = {}) {
  const registry = options.registry ?? new Registry();
  const server = createAdminServer({
    address: '127.0.0.1',
    port: 0,
    registry,
    readiness: async () => [],
    log: silentLogger,
    ...options,
  });
  const { port } = await server.start();
  running.push(() => server.stop());
  return { port, server, registry };
}

async function get(port: number, path: string, method: 'GET' | 'HEAD' | 'POST' | 'DELETE' = 'GET') {
  const response = await request(`http://127.0.0.1:${port}${path}`, { method });
  return { status: response.statusCode, headers: response.headers, body: await response.body.text() };
}

/** Sends raw bytes and resolves with everything that comes back until the server closes. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let reply = '';
    socket.setTimeout(15_000, () => socket.destroy(new Error(`no end; so far: ${reply}`)));
    socket.on('data', (chunk) => {
      reply += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(reply));
  });
}

describe('admin server', () => {
  it('serves every declared metric and those of the process', async () => {
    const registry = new Registry();
    const metrics = createMetrics(registry);
    metrics.sessions.inc({ protocol: 'imap' }, 3);
    const { port } = await serve({ registry });
    const { status, body, headers } = await get(port, '/metrics');
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^text\/plain/u);
    assert.match(body, /^postern_gateway_sessions_total\{protocol="imap"\} 3$/mu);
    assert.match(body, /^process_resident_memory_bytes \d+/mu);
    for (const metric of Object.values(metrics)) {
      assert.ok(body.includes(`# TYPE ${String(Reflect.get(metric, 'name'))} `));
    }
  });

  it('has no gauge that is named like a counter, which promtool refuses', async () => {
    const { port } = await serve();
    const { body } = await get(port, '/metrics');
    const gauges = [...body.matchAll(/^# TYPE (\S+) gauge$/gm)].map(([, name]) => name ?? '');
    assert.ok(gauges.length > 0);
    assert.deepEqual(
      gauges.filter((name) => name.endsWith('_total')),
      [],
    );
  });

  it('takes a registry that has the process metrics already', async () => {
    const { registry } = await serve();
    const { port } = await serve({ registry });
    assert.equal((await get(port, '/metrics')).status, 200);
  });

  it('is healthy while it answers', async () => {
    const { port } = await serve();
    const { status, body } = await get(port, '/healthz?verbose');
    assert.deepEqual([status, JSON.parse(body)], [200, { status: 'ok' }]);
  });

  it('is ready when every check is, and names the one that is not', async () => {
    let checks: ReadinessCheck[] = [{ name: 'rules', ok: true, detail: '3 rules' }];
    const { port } = await serve({ readiness: async () => checks });
    const ready = await get(port, '/readyz');
    assert.deepEqual([ready.status, JSON.parse(ready.body)], [200, { ready: true, checks }]);
    checks = [...checks, { name: 'workers', ok: false }];
    const unready = await get(port, '/readyz');
    assert.deepEqual([unready.status, JSON.parse(unready.body)], [503, { ready: false, checks }]);
  });

  it('is not ready when a check throws or hangs, and says no secret of it', async () => {
    const failing = await serve({ readiness: () => Promise.reject(new Error('secret detail')) });
    const failed = await get(failing.port, '/readyz');
    assert.equal(failed.status, 503);
    assert.ok(!failed.body.includes('secret detail'));
    const clock = {
      ...systemClock,
      after: (_: number, task: () => void) => {
        const immediate = setImmediate(task);
        return () => clearImmediate(immediate);
      },
    };
    const hanging = await serve({ readiness: () => new Promise(() => undefined), clock });
    assert.equal((await get(hanging.port, '/readyz')).status, 503);
  });

  it('answers 404, 405 and 413 for what it does not serve', async () => {
    const { port } = await serve();
    assert.equal((await get(port, '/')).status, 404);
    assert.equal((await get(port, '/metrics/../healthz/')).status, 404);
    const refused = await get(port, '/metrics', 'POST');
    assert.deepEqual([refused.status, refused.headers['allow']], [405, 'GET, HEAD']);
    const body = 'POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
    assert.match(await raw(port, body), /^HTTP\/1\.1 413 .*connection: close/isu);
    const chunked = 'GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    assert.match(await raw(port, chunked), /^HTTP\/1\.1 413 /u);
  });

  it('answers HEAD without a body', async () => {
    const { port } = await serve();
    const head = await get(port, '/healthz', 'HEAD');
    assert.deepEqual([head.status, head.body], [200, '']);
  });

  it('does not say what serves', async () => {
    const { port } = await serve();
    const { headers } = await get(port, '/healthz');
    assert.equal(headers['server'], undefined);
    assert.equal(headers['x-powered-by'], undefined);
    assert.equal(headers['x-content-type-options'], 'nosniff');
  });

  it('takes headers below 8 KiB and refuses more', async () => {
    const { port } = await serve();
    const withPadding = (bytes: number) =>
      raw(port, `GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ${'x'.repeat(bytes)}\r\n\r\n`);
    assert.match(await withPadding(8_000), /^HTTP\/1\.1 200 /u);
    assert.match(await withPadding(8 * 1024), /^HTTP\/1\.1 431 /u);
  });

  it('closes what is not HTTP', async () => {
    const { port } = await serve();
    assert.match(await raw(port, 'a1 LOGIN ann secret\r\n\r\n'), /^HTTP\/1\.1 400 /u);
  });

  it('says which address it cannot have', async () => {
    const { port } = await serve();
    await assert.rejects(serve({ port }), (error) => {
      assert.ok(error instanceof GatewayError);
      assert.equal(error.code, 'LISTEN_FAILED');
      assert.ok(error.message.includes(`127.0.0.1 port ${port}`));
      return true;
    });
  });

  it('closes idle connections when it stops', async () => {
    const { port, server } = await serve();
    await get(port, '/healthz'); // undici keeps the connection
    await server.stop();
    running.pop();
    await assert.rejects(get(port, '/healthz'));
  });

  it('lets one address have so many connections and not one more, and forgets those that ended', async (t) => {
    const { port } = await serve();
    const open = async (): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1');
      t.after(() => socket.destroy());
      await once(socket, 'connect');
      return socket;
    };
    const held: Socket[] = [];
    for (let i = 0; i < 64; i += 1) held.push(await open());
    const answers = async (): Promise<boolean> => {
      const reply = await raw(port, 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n').catch(
        () => '',
      );
      return reply.startsWith('HTTP/1.1 200 ');
    };
    assert.equal(await answers(), false);
    held[0]?.destroy();
    const end = performance.now() + 4_000; // before the header timeout frees the others
    while (!(await answers())) assert.ok(performance.now() < end, 'a place that was left is free again');
  });

  it('ends a connection that never says anything', async () => {
    const { port } = await serve();
    const socket = connect(port, '127.0.0.1');
    socket.resume();
    await once(socket, 'close', { signal: AbortSignal.timeout(15_000) });
  });
});
