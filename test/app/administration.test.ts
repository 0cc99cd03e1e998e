import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { request } from 'undici';
import { z } from 'zod';
import { createApp } from '../../src/app.ts';
import { configSchema } from '../../src/base/config/schema.ts';
import { createDemoServer } from '../../src/cli/demo/server/demo-server.ts';
import { readMailbox } from '../../src/cli/demo/client/mailbox-reader.ts';

const TOKEN = 'a-token-for-the-test';
const RULE = 'rule Marker { meta: class = "malicious" strings: $a = "THE-HARMLESS-MARKER" condition: $a }';
const MESSAGE = Buffer.from(
  'Subject: the bill\r\nFrom: a@b.example\r\n\r\nplease pay THE-HARMLESS-MARKER now\r\n',
);
const page = z.object({ items: z.array(z.looseObject({ id: z.union([z.string(), z.number()]) })) });

it('a detection is told, found, released for one user, and withdrawn', { timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-app-admin-'));
  writeFileSync(join(folder, 'marker.yar'), RULE);
  const server = await createDemoServer({ users: { ann: 'pw', bob: 'pw' } });
  writeFileSync(join(folder, 'server.pem'), server.certificate);
  for (const user of ['ann', 'bob']) server.deliver(user, MESSAGE, { flags: [] });
  const config = configSchema.parse({
    upstream: {
      host: server.address,
      ports: server.ports,
      tls: { ca: join(folder, 'server.pem'), serverName: 'localhost' },
    },
    listeners: [{ protocol: 'imap', address: '127.0.0.1', port: 0 }],
    rules: [join(folder, 'marker.yar')],
    scan: { workers: 1 },
    quarantine: { path: join(folder, 'q') },
    admin: { port: 0, token: TOKEN },
  });
  const app = await createApp(config);
  t.after(async () => {
    await app.stop('the test ends');
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await app.start();

  const call = async (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const url = `http://127.0.0.1:${app.adminPort}${path}`;
    const response = await request(url, { method, headers, ...sent });
    const text = await response.body.text();
    return { status: response.statusCode, json: text === '' ? undefined : (JSON.parse(text) as unknown) };
  };
  const [{ port } = { port: 0 }] = app.endpoints;
  const fetched = async (user: string) => {
    const seen = await readMailbox('imap', {
      host: '127.0.0.1',
      port,
      tls: 'starttls',
      user,
      password: 'pw',
    });
    return seen[0]?.bytes?.toString() ?? '';
  };

  assert.ok(!(await fetched('ann')).includes('MARKER'));
  const found = page.parse((await call('GET', '/api/v1/quarantine?subject=bill&rule=marker')).json);
  const id = String(found.items[0]?.id);
  const detections = async () => page.parse((await call('GET', '/api/v1/detections')).json).items;
  const deadline = performance.now() + 10_000;
  while ((await detections()).length === 0)
    assert.ok(performance.now() < deadline, 'no detection in the history');

  const release = { user: 'ann', reason: 'it is a marker' };
  const released = await call('POST', `/api/v1/quarantine/${id}/release`, release);
  assert.equal(released.status, 201);
  assert.ok((await fetched('ann')).includes('THE-HARMLESS-MARKER'));
  assert.ok(!(await fetched('bob')).includes('MARKER'));
  const { id: releaseId } = z.object({ id: z.string() }).parse(released.json);
  assert.equal((await call('DELETE', `/api/v1/releases/${releaseId}`)).status, 200);
  assert.ok(!(await fetched('ann')).includes('MARKER'));

  assert.equal((await call('POST', '/api/v1/drain', { reason: 'maintenance' })).status, 202);
  const status = z.object({ draining: z.boolean() }).parse((await call('GET', '/api/v1/status')).json);
  assert.equal(status.draining, true);
});
