import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { digestOf, entryFor, inMemory } from '../../../test/contract/quarantine-store.contract.ts';
import { ApiFixture } from '../../../test/support/api-fixture.ts';
import { silentLogger } from '../../base/log.ts';
import { systemClock } from '../../base/clock.ts';
import { configSchema } from '../../base/config/schema.ts';
import { createMessagePreviewer } from '../../quarantine/message-previewer.ts';
import { openQuarantine } from '../../quarantine/open-quarantine.ts';
import { writeZip } from '../../quarantine/zip-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-quarantine-api-'));
const config = configSchema.parse({
  upstream: { host: 'm.example' },
  quarantine: { path: join(folder, 'q') },
});
const { archive, releases, audit } = openQuarantine(config.quarantine, systemClock, silentLogger);
const fixture = new ApiFixture({
  quarantine: archive,
  releases,
  audit,
  previewer: createMessagePreviewer(),
  zip: writeZip,
});
after(async () => {
  fixture.close();
  await archive.close();
  rmSync(folder, { recursive: true });
});

const HOSTILE = '<script>alert(1)</script>"\'{{7*7}}\u202e';
const MESSAGE = Buffer.from(
  [
    `Subject: ${HOSTILE}`,
    'From: "<b>" <a@b.example>',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=x',
    '',
    '--x',
    'Content-Type: text/html',
    '',
    '<img src=x onerror=alert(1)><p>Hello &amp; welcome</p>',
    '--x',
    `Content-Disposition: attachment; filename="a<svg onload=alert(1)>.exe"`,
    'Content-Type: application/octet-stream',
    '',
    'INFECTED',
    '--x--',
    '',
  ].join('\r\n'),
);
const ID = digestOf(MESSAGE);

async function store(fields = {}): Promise<void> {
  await archive.commit(entryFor(ID, fields), inMemory(MESSAGE));
}

describe('the quarantine by API', () => {
  it('lists, finds and shows an original; hostile names are text', async () => {
    await store();
    const page = await fixture.api.get(
      `/api/v1/quarantine?subject=${encodeURIComponent('SCRIPT>')}&rule=mark`,
    );
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type') ?? '', /^application\/json/u);
    const item = await fixture.api.get(`/api/v1/quarantine/${ID}`);
    assert.deepEqual([item.json['id'], item.json['verdict'], item.json['cause']], [ID, 'malicious', '']);
    assert.equal(item.json['subject'], HOSTILE.replaceAll(/\p{C}/gu, ' ').trim());
    assert.equal(
      (await fixture.api.get('/api/v1/quarantine?subject=nothing')).text,
      '{"items":[],"next":null}',
    );
  });

  it('previews headers, text without markup, and attachments by name only', async () => {
    const { status, json } = await fixture.api.get(`/api/v1/quarantine/${ID}/preview`);
    assert.equal(status, 200);
    const text = String(json['text']);
    assert.ok(text.includes('Hello'));
    assert.ok(!text.includes('onerror'));
    assert.ok(!JSON.stringify(json).includes('INFECTED'));
    assert.match(JSON.stringify(json['parts']), /"bytes":8,"sha256":"[0-9a-f]{64}"/u);
  });

  it('exports a zip with a password, or the exact bytes, as a download', async () => {
    const raw = await fixture.api.post(`/api/v1/quarantine/${ID}/export`, { format: 'raw' });
    assert.deepEqual(raw.bytes, MESSAGE);
    assert.equal(raw.headers.get('content-type'), 'application/octet-stream');
    assert.equal(raw.headers.get('content-disposition'), `attachment; filename="${ID}.eml"`);
    const zip = await fixture.api.post(`/api/v1/quarantine/${ID}/export`, {});
    assert.equal(zip.bytes.toString('latin1', 0, 4), 'PK\u0003\u0004');
    assert.ok(!zip.bytes.includes('INFECTED'));
  });

  it('lets operators release what is no malware, and administrators all', async () => {
    const operator = { authorization: `Bearer ${await fixture.token('operator')}` };
    const path = `/api/v1/quarantine/${ID}/release`;
    assert.equal((await fixture.api.post(path, { reason: 'please' }, operator)).status, 403);
    const bytes = Buffer.from('Subject: y\r\n\r\nencrypted');
    const cause = { kind: 'unscannable', cause: 'encrypted', findings: [] } as const;
    const { id } = await archive.commit(entryFor('', { verdict: cause }), inMemory(bytes));
    const harmless = `/api/v1/quarantine/${id}/release`;
    assert.equal((await fixture.api.post(harmless, { reason: ' ' }, operator)).status, 400);
    assert.equal(
      (await fixture.api.post(harmless, { reason: 'known sender', user: 'ann' }, operator)).status,
      201,
    );
    assert.deepEqual([releases.find(id, 'ann')?.user, releases.find(id, 'bob')], ['ann', undefined]);
    const released = await fixture.api.post(path, { reason: 'false alarm' });
    assert.equal(released.status, 201);
    assert.ok(releases.find(ID, 'anybody'));
    const withdrawn = await fixture.api.send('DELETE', `/api/v1/releases/${String(released.json['id'])}`);
    assert.equal(withdrawn.status, 200);
    assert.equal(releases.find(ID, 'anybody'), undefined);
  });

  it('deletes for ever, and has all of it in the audit trail', async () => {
    assert.equal((await fixture.api.send('DELETE', `/api/v1/quarantine/${ID}`)).status, 204);
    assert.equal((await fixture.api.get(`/api/v1/quarantine/${ID}`)).status, 404);
    assert.equal((await fixture.api.post(`/api/v1/quarantine/${ID}/export`, {})).status, 404);
    const actions = audit.list({ limit: 50 }).items.map(({ action }) => action);
    for (const action of ['preview', 'export', 'release', 'withdraw', 'delete'] as const) {
      assert.ok(actions.includes(action), action);
    }
  });
});
