import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { it } from 'node:test';
import { request } from 'undici';
import { z } from 'zod';
import { createApp } from '../../src/app.ts';
import { systemClock } from '../../src/base/clock.ts';
import { configSchema } from '../../src/base/config/schema.ts';
import { createDemoServer } from '../../src/cli/demo/server/demo-server.ts';
import { readMailbox } from '../../src/cli/demo/client/mailbox-reader.ts';
import { SETTLE_MS } from '../../src/history/rule-change-hunts.ts';

const TOKEN = 'a-token-for-the-test';
/** His copy is neutralised, so that the original is in the quarantine. */
const BOB = 'bob@strict.example';
const MARKER = 'THE-HARMLESS-MARKER';
const SUSPICIOUS = `rule Odd { meta: class = "suspicious" strings: $a = "${MARKER}" condition: $a }`;
const MALICIOUS = `rule Bad { meta: class = "malicious" strings: $a = "${MARKER}" condition: $a }`;
const MESSAGE = Buffer.from(`Subject: x\r\nFrom: a@b.example\r\n\r\nplease pay ${MARKER} now\r\n`);
/** A rule has settled at once; everything else takes its time. */
const clock = {
  ...systemClock,
  after: (ms: number, task: () => void) => systemClock.after(ms === SETTLE_MS ? 50 : ms, task),
};
const fetches = z.object({ items: z.array(z.looseObject({})) });
const reports = z.object({
  items: z.array(
    z.looseObject({
      nowBad: z.array(z.looseObject({ delivered: z.array(z.looseObject({ user: z.string() })) })),
    }),
  ),
});

it('rules that become stricter say who was given what is bad now', { timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-app-hunt-'));
  const rules = join(folder, 'marker.yar');
  writeFileSync(rules, SUSPICIOUS);
  const server = await createDemoServer({ users: { ann: 'pw', [BOB]: 'pw' } });
  writeFileSync(join(folder, 'server.pem'), server.certificate);
  for (const user of ['ann', BOB]) server.deliver(user, MESSAGE, { flags: [] });
  const { address, ports } = server;
  const tls = { ca: join(folder, 'server.pem'), serverName: 'localhost' };
  const config = configSchema.parse({
    upstream: { host: address, ports, tls },
    listeners: [{ protocol: 'imap', address: '127.0.0.1', port: 0 }],
    rules: [rules],
    policies: [{ name: 'strict', suspicious: 'neutralise', domains: ['strict.example'] }],
    scan: { workers: 1 },
    quarantine: { path: join(folder, 'q') },
    admin: { port: 0, token: TOKEN },
  });
  const app = await createApp(config, { clock });
  t.after(async () => {
    await app.stop('the test ends');
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await app.start();
  const [{ port } = { port: 0 }] = app.endpoints;
  const fetched = async (user: string) => {
    const where = { host: '127.0.0.1', port, tls: 'starttls', user, password: 'pw' } as const;
    const [first] = await readMailbox('imap', where);
    return first?.bytes?.toString() ?? '';
  };
  assert.ok((await fetched('ann')).includes(MARKER), 'only suspicious, so delivered');
  assert.ok(!(await fetched(BOB)).includes(MARKER));
  const deadline = performance.now() + 40_000;
  const eventually = async (what: string, isSo: () => Promise<boolean>) => {
    for (; !(await isSo()); await pause(50)) assert.ok(performance.now() < deadline, what);
  };

  const call = async (path: string) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const { body } = await request(`http://127.0.0.1:${app.adminPort}/api/v1${path}`, { headers });
    return await body.json();
  };
  await eventually('both are in the history', async () => {
    const { items } = fetches.parse(await call(`/contents/${hash('sha256', MESSAGE)}/fetches`));
    return items.length >= 2;
  });

  writeFileSync(rules, MALICIOUS);
  await app.reload('the test');
  await eventually('a hunt names ann', async () => {
    const { items } = reports.parse(await call('/detections/retro-hunts'));
    const delivered = items.flatMap(({ nowBad }) => nowBad.flatMap((bad) => bad.delivered));
    return delivered.some(({ user }) => user === 'ann') && delivered.every(({ user }) => user !== BOB);
  });
});
