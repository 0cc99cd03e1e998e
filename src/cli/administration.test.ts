import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { entryFor, inMemory } from '../../test/contract/quarantine-store.contract.ts';
import { historyPathOf } from '../administration.ts';
import { systemClock } from '../base/clock.ts';
import { configSchema } from '../base/config/schema.ts';
import { silentLogger } from '../base/log.ts';
import { historyDatabase } from '../history/history-database.ts';
import { HistoryWriter } from '../history/history-writer.ts';
import { openQuarantine } from '../quarantine/open-quarantine.ts';
import { RecordedIo } from './recorded-io.ts';
import { runCli } from './run-cli.ts';
import { ScriptedRoof } from './scripted-roof.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-cli-administration-'));
const path = join(folder, 'q');
const configFile = join(folder, 'postern.yaml');
writeFileSync(configFile, `upstream: { host: mail.example }\nquarantine: { path: ${path} }\nrules: [src]\n`);
after(() => rmSync(folder, { recursive: true }));

const CONTENT = Buffer.from('Subject: bill \u001b[31m\r\n\r\nverdict=malicious');

async function* typed(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function postern(argv: readonly string[], input = '') {
  const io = new RecordedIo({ env: { POSTERN_CONFIG: configFile }, stdin: typed(input) });
  const roof = new ScriptedRoof();
  const code = await runCli(argv, io, roof);
  return { code, out: io.output, err: io.errors, lines: io.lines, uses: roof.uses };
}

let id = '';
before(async () => {
  const config = configSchema.parse({ upstream: { host: 'mail.example' }, quarantine: { path } });
  const { archive } = openQuarantine(config.quarantine, systemClock, silentLogger);
  const encrypted = { kind: 'unscannable', cause: 'encrypted', findings: [] } as const;
  ({ id } = await archive.commit(entryFor('', { verdict: encrypted }), inMemory(CONTENT)));
  await archive.close();
  const file = historyDatabase(historyPathOf(config));
  const judged = {
    scanId: 's',
    subject: 'message',
    protocol: 'imaps',
    user: 'bob',
    client: '192.0.2.9',
    application: '',
    mailbox: 'INBOX',
    uid: '3',
    identity: '',
    isUpload: false,
    verdict: encrypted,
    action: 'deliver',
    ledgerCause: 'encrypted',
    sha256: id,
    bytes: 7,
    generation: 'g0',
  } as const;
  new HistoryWriter(file, config.history).write([{ at: systemClock.now(), judged }]);
  file.close();
});

describe('postern quarantine', () => {
  it('filters, previews, releases, withdraws and audits', async () => {
    assert.equal((await postern(['quarantine', 'list', '--subject', 'BILL', '--json'])).lines.length, 1);
    assert.match((await postern(['quarantine', 'list', '--cause', 'bomb'])).out, /nothing fits/u);
    const preview = await postern(['quarantine', 'preview', id.slice(0, 8)]);
    assert.match(preview.out, /verdict=malicious/u);
    assert.ok(!preview.out.includes('\u001b'));
    assert.equal((await postern(['quarantine', 'release', id])).code, 2);
    const released = await postern(['quarantine', 'release', id, '--reason', 'false alarm', '--user', 'bob']);
    assert.equal(released.code, 0);
    assert.match((await postern(['quarantine', 'releases'])).out, /bob .* holds +false alarm/u);
    assert.equal((await postern(['quarantine', 'withdraw', released.out.trim()])).code, 0);
    assert.match((await postern(['quarantine', 'releases'])).out, /nothing is released/u);
    const audit = await postern(['quarantine', 'audit']);
    for (const word of ['preview', 'release', 'withdraw', 'command:'])
      assert.ok(audit.out.includes(word), word);
  });

  it('exports a zip with a password', async () => {
    const target = join(folder, 'out.zip');
    assert.equal((await postern(['quarantine', 'export', id, '--zip', '-o', target])).code, 0);
    const zip = readFileSync(target, 'latin1');
    assert.ok(zip.startsWith('PK\u0003\u0004') && zip.includes(`${id}.eml`) && !zip.includes('verdict='));
  });

  it('refuses filters that mean nothing', async () => {
    for (const wrong of [
      ['--cause', 'colour'],
      ['--from', 'soon'],
      ['--limit', '0'],
    ]) {
      assert.equal((await postern(['quarantine', 'list', ...wrong])).code, 2);
    }
  });
});

describe('postern detections', () => {
  it('lists, counts, and hunts for what is bad today', async () => {
    const [listed = ''] = (await postern(['detections', 'list', '--json'])).lines;
    assert.equal(JSON.parse(listed).user, 'bob');
    assert.match((await postern(['detections', 'list'])).out, /unscannable: encrypted +deliver .* bob /u);
    assert.match((await postern(['detections', 'stats'])).out, /all +1 +0 .* encrypted 1/u);
    const hunt = await postern(['detections', 'retro-hunt']);
    assert.deepEqual([hunt.code, hunt.uses], [1, [{ verdictsOnly: true }]]);
    assert.match(hunt.out, /1 contents are bad today/u);
    assert.match(hunt.out, /bob INBOX 3 from 192\.0\.2\.9/u);
    assert.equal((await postern(['detections'])).code, 2);
  });
});

describe('postern admin', () => {
  it('makes the first administrator from a password on standard input', async () => {
    const added = await postern(['admin', 'user', 'add', 'ann'], 'a long password\n');
    assert.deepEqual([added.code, added.out], [0, '']);
    assert.match((await postern(['admin', 'user', 'list'])).out, /ann +administrator/u);
    assert.equal((await postern(['admin', 'user', 'add', 'ann'], 'a long password\n')).code, 2);
    assert.equal((await postern(['admin', 'user', 'add', 'bob'], 'x'.repeat(11))).code, 2);
    assert.equal((await postern(['admin', 'user', 'add', 'bob', '--role', 'king'], 'x'.repeat(12))).code, 2);
    assert.equal((await postern(['admin', 'user', 'password', 'ann'], 'x'.repeat(12))).code, 0);
    assert.equal((await postern(['admin', 'user', 'remove', 'ann'])).code, 0);
    assert.match((await postern(['quarantine', 'audit'])).out, /user-added +ann/u);
  });

  it('makes a token, says it once, and removes it', async () => {
    const made = await postern(['admin', 'token', 'add', 'exchange', '--role', 'operator']);
    assert.match(made.out, /^postern_[\w-]{43}\n$/u);
    const listed = await postern(['admin', 'token', 'list', '--json']);
    assert.ok(listed.out.includes('exchange') && !listed.out.includes(made.out.trim()));
    assert.equal((await postern(['admin', 'token', 'remove', 'exchange'])).code, 0);
    assert.equal((await postern(['admin', 'token', 'remove', 'exchange'])).code, 2);
  });
});
