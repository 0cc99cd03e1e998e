import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { Agent, request } from 'undici';
import { ApiFixture } from '../../test/support/api-fixture.ts';
import { LOCALHOST, writePair } from '../../test/support/certificates.ts';
import { silentLogger } from '../base/log.ts';
import { createAdminServer } from './admin-server.ts';

const fixture = new ApiFixture();
const folder = mkdtempSync(join(tmpdir(), 'postern-admin-server-'));
after(() => {
  fixture.close();
  rmSync(folder, { recursive: true });
});

async function serve(t: TestContext, tls: { tlsCert?: string; tlsKey?: string } = {}): Promise<number> {
  const settings = { address: '127.0.0.1', port: 0, registry: new Registry(), log: silentLogger };
  const server = createAdminServer({
    ...settings,
    readiness: async () => [],
    api: fixture.handler,
    ...tls,
  });
  t.after(() => server.stop());
  return (await server.start()).port;
}

const AUTHORIZED = { authorization: 'Bearer the-token-of-the-environment' };

const get = (extra: string): string => `GET /api/v1/status HTTP/1.1\r\nHost: a\r\n${extra}\r\n`;

/** Sends raw bytes; resolves with everything until the server closes. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let reply = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no end; so far: ${reply}`)));
    socket.on('data', (chunk) => void (reply += chunk.toString('latin1')));
    socket.on('error', reject);
    socket.on('close', () => resolve(reply));
  });
}

describe('the admin server with an API', () => {
  it('serves it beside metrics and health', async (t) => {
    const port = await serve(t);
    const api = await request(`http://127.0.0.1:${port}/api/v1/status`, { headers: AUTHORIZED });
    assert.equal(api.statusCode, 200);
    await api.body.dump();
    const health = await request(`http://127.0.0.1:${port}/healthz`);
    assert.equal(await health.body.text(), '{"status":"ok"}\n');
  });

  it('answers what is no proper request with 400, never 500', async (t) => {
    const port = await serve(t);
    for (const head of [
      'GET /api/v1/status HTTP/1.1\r\nHost: a b',
      'GET //[ HTTP/1.1\r\nHost: [',
      'X / HTTP/1.1',
    ]) {
      assert.match(await raw(port, `${head}\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 4\d\d /u, head);
    }
    const chunked =
      'POST /api/v1/scan HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n';
    const type = 'Content-Type: message/rfc822\r\nAuthorization: Bearer the-token-of-the-environment\r\n\r\n';
    const tooMuch = `2711\r\n${'x'.repeat(10_001)}\r\n0\r\n\r\n`;
    assert.match(await raw(port, chunked + type + tooMuch), /^HTTP\/1\.1 413 /u);
  });

  it('speaks TLS when it has a certificate, and marks the cookie Secure', async (t) => {
    const { cert: tlsCert, key: tlsKey } = writePair(folder, 'admin', LOCALHOST);
    const port = await serve(t, { tlsCert, tlsKey });
    const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
    await fixture.parts.accounts.addUser('tls', 'a long password', 'viewer');
    const answer = await request(`https://127.0.0.1:${port}/api/v1/session`, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/json' },
      body: '{"user":"tls","password":"a long password"}',
    });
    assert.equal(answer.statusCode, 200);
    assert.match(String(answer.headers['set-cookie']), /; Secure/u);
    await answer.body.dump();
    await dispatcher.close();
  });

  it('refuses an upload at once when nobody is logged in, without waiting for it', async (t) => {
    const port = await serve(t);
    for (const length of ['Content-Length: 9000000', 'Transfer-Encoding: chunked']) {
      const head = `POST /api/v1/scan HTTP/1.1\r\nHost: a\r\nContent-Type: message/rfc822\r\n${length}\r\n\r\n`;
      // The rest of the body never comes: only an end of the connection lets this return in time.
      const reply = await raw(port, `${head}5\r\nhello\r\n`);
      assert.match(reply, /^HTTP\/1\.1 401 /u);
      assert.match(reply, /\r\nconnection: close\r\n/iu);
    }
  });

  it('goes on with a connection whose request was good, and after a refusal without a body', async (t) => {
    const port = await serve(t);
    const good = 'Authorization: Bearer the-token-of-the-environment\r\n';
    const reply = await raw(port, get('') + get(good) + get(`${good}Connection: close\r\n`));
    assert.deepEqual(
      [...reply.matchAll(/HTTP\/1\.1 (\d+)/gu)].map(([, status]) => status),
      ['401', '200', '200'],
    );
  });
});
