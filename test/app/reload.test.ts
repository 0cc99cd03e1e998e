import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { request } from 'undici';
import { z } from 'zod';
import { createApp } from '../../src/app.ts';
import { loadWithOrigins } from '../../src/base/config/load.ts';
import { createDemoServer } from '../../src/cli/demo/server/demo-server.ts';
import { readMailbox } from '../../src/cli/demo/client/mailbox-reader.ts';

const RULE = 'rule Marker { meta: class = "malicious" strings: $a = "THE-HARMLESS-MARKER" condition: $a }';
const MESSAGE = Buffer.from(
  'Subject: the bill\r\nFrom: a@b.example\r\n\r\nplease pay THE-HARMLESS-MARKER now. ' +
    `${'More of the same, so that a notice fits. '.repeat(20)}\r\n`,
);
const WAIT_MS = 10_000;
const TOKEN = 'a-token-for-the-tests';
const status = z.object({
  level: z.string(),
  reasons: z.array(z.object({ id: z.string(), text: z.string() })),
});

const settings = z.object({
  settings: z.array(
    z.object({ key: z.string(), value: z.string().nullable(), origin: z.object({ kind: z.string() }) }),
  ),
});

type Change = Readonly<Record<string, unknown>>;

/** A gateway that runs from a file, as `postern serve` runs it. */
async function running(t: TestContext, first: Change = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-reload-'));
  const server = await createDemoServer({ users: { ann: 'pw' } });
  server.deliver('ann', MESSAGE, { flags: [] });
  writeFileSync(join(folder, 'marker.yar'), RULE);
  writeFileSync(join(folder, 'server.pem'), server.certificate);
  const base = {
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
    configCheckMs: 0,
  };
  const path = join(folder, 'gateway.yaml');
  const write = (change: Change): void => writeFileSync(path, JSON.stringify({ ...base, ...change }));
  write(first);
  const load = () => loadWithOrigins({ path, env: {} });
  const loaded = load();
  const app = await createApp(loaded.config, { loaded, reread: load });
  t.after(async () => {
    await app.stop('the test ends');
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  await app.start();
  const fetched = async (): Promise<string> => {
    const { port } = app.endpoints[0] ?? { port: 0 };
    const seen = await readMailbox('imap', {
      host: '127.0.0.1',
      port,
      tls: 'starttls',
      user: 'ann',
      password: 'pw',
    });
    return seen[0]?.bytes?.toString() ?? '';
  };
  const reasons = async () => {
    const { body } = await request(`http://127.0.0.1:${app.adminPort}/status`);
    return status.parse(JSON.parse(await body.text())).reasons;
  };
  /** Where a setting comes from, as administrators see it; undefined: it is not listed. */
  const shown = async (key: string) => {
    const { body } = await request(`http://127.0.0.1:${app.adminPort}/api/v1/configuration`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    const found = settings.parse(JSON.parse(await body.text())).settings.find((one) => one.key === key);
    return found && [found.value, found.origin.kind];
  };
  return { app, path, write, fetched, reasons, shown };
}

const EXCLUDED = { exclusions: { users: [{ user: 'ann', owner: 'bob', reason: 'a test' }] } };

it(
  'exclusions, policies and notices change without a restart, and what is broken changes nothing',
  {
    timeout: 60_000,
  },
  async (t) => {
    const { app, path, write, fetched, reasons, shown } = await running(t);
    assert.doesNotMatch(await fetched(), /HARMLESS/);
    assert.equal(await shown('exclusions.users[0].user'), undefined);

    write(EXCLUDED);
    await app.reload('the test');
    assert.match(await fetched(), /HARMLESS/);
    const hits = async () => (await reasons()).find(({ id }) => id === 'exclusions')?.text ?? '';
    assert.match(await hits(), /^Exclusions in force: 1; .*: [1-9]/);
    assert.deepEqual(await shown('exclusions.users[0].user'), ['ann', 'file']);

    writeFileSync(path, '{ "exclusions": { "users": [{ "user": "ann" }] } }');
    await app.reload('the test');
    assert.match(await fetched(), /HARMLESS/);
    const broken = (await reasons()).find(({ id }) => id === 'configuration-invalid');
    assert.match(broken?.text ?? '', /not used: .*gateway\.yaml:1:\d+ /);

    const counted = await hits();
    write({ ...EXCLUDED, notice: { contact: 'the help desk' }, mode: 'monitor' });
    await app.reload('the test');
    const left = await reasons();
    assert.ok(!left.some(({ id }) => id === 'configuration-invalid'));
    assert.match(left.find(({ id }) => id === 'configuration-restart')?.text ?? '', /in force yet: mode\./);
    assert.equal(await hits(), counted);
    assert.deepEqual(await shown('notice.contact'), ['the help desk', 'file']);
    assert.deepEqual(await shown('mode'), ['protect', 'default']);

    write({ notice: { contact: 'the help desk' } });
    await app.reload('the test');
    assert.match(await fetched(), /the help desk/);

    write({ policy: { malicious: 'deliver' } });
    await app.reload('the test');
    assert.match(await fetched(), /HARMLESS/);
  },
);

it('the file is looked at', { timeout: 60_000 }, async (t) => {
  const { write, fetched } = await running(t, { configCheckMs: 10 });
  assert.doesNotMatch(await fetched(), /HARMLESS/);
  write({ ...EXCLUDED, configCheckMs: 10 });
  const deadline = performance.now() + WAIT_MS;
  while (!(await fetched()).includes('HARMLESS')) assert.ok(performance.now() < deadline, 'not reloaded');
});

it('a policy that something refers to cannot go', { timeout: 60_000 }, async (t) => {
  const listeners = [{ protocol: 'imap', address: '127.0.0.1', port: 0, policy: 'lenient' }];
  const lenient = { policies: [{ name: 'lenient', malicious: 'deliver' }] };
  const { app, write, fetched, reasons } = await running(t, { listeners, ...lenient });
  assert.match(await fetched(), /HARMLESS/);
  write({});
  await app.reload('the test');
  assert.match(await fetched(), /HARMLESS/);
  assert.match(JSON.stringify(await reasons()), /policies has no .*lenient.* any more/);
});
