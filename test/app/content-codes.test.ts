import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { createApp } from '../../src/app.ts';
import { configSchema } from '../../src/base/config/schema.ts';
import { createPinoLogger } from '../../src/base/pino-logger.ts';
import { readMailbox } from '../../src/cli/demo/client/mailbox-reader.ts';
import { createDemoServer } from '../../src/cli/demo/server/demo-server.ts';
import { ContentKey, LARGE_BYTES } from '../../src/scan/content-key.ts';
import { greeting, scripted } from '../support/resp-peer.ts';

const TOKEN = 'a-token-for-the-test';
const MARKER = 'THE-HARMLESS-MARKER';
const RULES = `rule Marker { meta: class = "malicious" strings: $a = "${MARKER}" condition: $a }
rule Killer { meta: class = "suspicious" strings: $a = "more of the same" condition: $a }`;
/** What the code of a content looks like: its length, and 128 bits in hexadecimal digits (ADR 0009). */
const ANY_CODE = /\b\d+:[0-9a-f]{32}\b/u;
const FAR_ABOVE = 5 * 1024 * 1024;

function mail(subject: string, text: string, bytes: number, ...fields: readonly string[]): Buffer {
  const lines = 'more of the same\r\n'.repeat(Math.ceil(bytes / 18));
  return Buffer.from([`Subject: ${subject}`, 'From: a@b.example', ...fields, '', text, lines].join('\r\n'));
}

const MESSAGES = [
  mail('clean', 'hello', 2 * LARGE_BYTES),
  mail('marked', MARKER, 2 * LARGE_BYTES),
  mail('of the errand thread', MARKER, FAR_ABOVE),
  mail('ends its thread', 'hello', 2 * LARGE_BYTES, 'X-Postern-Fault: exit'),
  mail('ends its thread', 'hello', 2 * LARGE_BYTES, 'X-Postern-Fault: exit'),
];

/** Everything that a gateway says while it serves these messages twice, by who hears it. */
async function saidBy(t: TestContext): Promise<Map<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-codes-'));
  const said = new Map<string, string>();
  const add = (who: string, text: string): unknown => said.set(who, (said.get(who) ?? '') + text);
  const url = await scripted(t, (command, socket) => {
    add('the shared cache', command.join(' '));
    return command[0] === 'GET' ? '$-1\r\n' : greeting(command, socket);
  });
  const server = await createDemoServer({ users: { ann: 'pw' } });
  t.after(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(join(folder, 'marker.yar'), RULES);
  writeFileSync(join(folder, 'server.pem'), server.certificate);
  for (const message of MESSAGES) server.deliver('ann', message, { flags: [] });
  const config = configSchema.parse({
    upstream: {
      host: server.address,
      ports: server.ports,
      tls: { ca: join(folder, 'server.pem'), serverName: 'localhost' },
    },
    listeners: [{ protocol: 'imap', address: '127.0.0.1', port: 0 }],
    rules: [join(folder, 'marker.yar')],
    scan: { workers: 1, sharedVerdicts: { url, secret: 's'.repeat(32), timeoutMs: 1_000 } },
    quarantine: { path: join(folder, 'q') },
    admin: { port: 0, token: TOKEN },
  });
  const log = createPinoLogger({ level: 'debug', write: (line) => add('the log', line) });
  const app = await createApp(config, { log, faults: true });
  t.after(() => app.stop('the test ends'));
  await app.start();
  const read = async (path: string, sent?: Buffer): Promise<string> => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'message/rfc822' };
    const asked = sent === undefined ? { headers } : { method: 'POST' as const, headers, body: sent };
    const { body } = await request(`http://127.0.0.1:${app.adminPort}${path}`, asked);
    const text = await body.text();
    add(path, text);
    return text;
  };
  const deadline = performance.now() + 60_000;
  while (!(await read('/metrics')).includes('\npostern_shared_cache_down 0\n')) {
    assert.ok(performance.now() < deadline);
    await pause(20);
  }
  const [{ port } = { port: 0 }] = app.endpoints;
  const where = { host: '127.0.0.1', port, tls: 'starttls', user: 'ann', password: 'pw' } as const;
  await readMailbox('imap', where);
  await readMailbox('imap', where);
  for (const path of ['/metrics', '/status', '/readyz', '/api/v1/detections', '/api/v1/quarantine']) {
    await read(path);
  }
  for (const message of MESSAGES) {
    await read(`/api/v1/contents/${hash('sha256', message)}/fetches`);
    await read('/api/v1/scan', message);
  }
  await app.stop('the test ends');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) add(`the file ${entry.name}`, readFileSync(path, 'latin1'));
  }
  return said;
}

it('the code of a content is told to nobody', { timeout: 120_000 }, async (t) => {
  const said = await saidBy(t);
  const heard = [...said.values()].join('\n');
  const [clean = Buffer.alloc(0), marked = Buffer.alloc(0)] = MESSAGES;
  assert.match(ContentKey.of(clean).key, ANY_CODE);
  assert.ok(heard.includes(hash('sha256', marked)), 'what was judged is spoken of');
  assert.match(said.get('the shared cache') ?? '', /SET postern:verdict:/u);
  assert.match(said.get('/api/v1/scan') ?? '', /"verdict":"malicious"/u);
  assert.match(said.get('the log') ?? '', /a scan task ended without an answer/u);
  const codes = MESSAGES.map((message) => ContentKey.of(message).key.split(':')[1] ?? '');
  for (const [who, text] of said) {
    assert.doesNotMatch(text, ANY_CODE, who);
    for (const code of codes) {
      assert.ok(!text.includes(code) && !text.includes(Buffer.from(code, 'hex').toString('latin1')), who);
    }
  }
});
