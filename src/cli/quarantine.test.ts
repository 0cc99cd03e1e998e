import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../base/clock.ts';
import { configSchema } from '../base/config/schema.ts';
import { silentLogger } from '../base/log.ts';
import { openQuarantine } from '../quarantine/open-quarantine.ts';
import type { QuarantineItem } from '../quarantine/quarantine-archive.ts';
import { RecordedIo } from './recorded-io.ts';
import { runCli } from './run-cli.ts';
import { ScriptedRoof } from './scripted-roof.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-cli-quarantine-'));
const path = join(folder, 'q');
after(() => rmSync(folder, { recursive: true }));

const ORIGINAL = Buffer.from('Subject: \u00ff bytes\r\n\r\n\u0000\u0001', 'latin1');
const ID = createHash('sha256').update(ORIGINAL).digest('hex');

async function quarantine(...argv: readonly string[]) {
  const io = new RecordedIo();
  const code = await runCli(['quarantine', ...argv, '--path', path], io, new ScriptedRoof());
  return { io, code };
}

describe('postern quarantine', () => {
  let stored: QuarantineItem;
  before(async () => {
    const buffer = new SharedArrayBuffer(ORIGINAL.byteLength);
    new Uint8Array(buffer).set(ORIGINAL);
    const entry = {
      sha256: ID,
      scanId: 's1',
      verdict: { kind: 'unscannable', cause: 'bomb', findings: [] },
      protocol: 'pop3',
      user: 'ann\u001b[31m',
      client: '127.0.0.1',
      mailbox: 'INBOX',
      uid: '7',
      generation: 'g1',
    } as const;
    const message = { kind: 'memory', buffer, byteLength: ORIGINAL.byteLength } as const;
    const config = configSchema.parse({ upstream: { host: 'mail.example' }, quarantine: { path } });
    const { archive } = openQuarantine(config.quarantine, systemClock, silentLogger);
    await archive.commit(entry, message);
    const [item] = (await archive.search({ limit: 1 })).items;
    assert.ok(item !== undefined);
    stored = item;
    await archive.close();
  });

  it('lists what is kept as a table without control characters, and as JSON lines', async () => {
    const table = await quarantine('list');
    assert.equal(table.code, 0);
    assert.ok(table.io.output.includes(ID.slice(0, 12)));
    assert.match(table.io.output, /unscannable: bomb/u);
    assert.ok(!table.io.output.includes('\u001b'));
    const { io } = await quarantine('list', '--json');
    assert.deepEqual(
      io.lines.map((line) => JSON.parse(line)),
      [stored],
    );
  });

  it('shows one by its identifier or a unique beginning of it', async () => {
    for (const id of [ID, ID.slice(0, 8), ID.slice(0, 20).toUpperCase()]) {
      const { io, code } = await quarantine('show', id, '--json');
      assert.deepEqual([code, JSON.parse(io.output)], [0, stored]);
    }
    assert.match((await quarantine('show', ID)).io.output, new RegExp(`^id +${ID}$`, 'mu'));
  });

  it('refuses identifiers that are too short, no identifiers, or unknown', async () => {
    for (const id of [ID.slice(0, 7), '../../../etc/passwd', 'f'.repeat(64)]) {
      const { code, io } = await quarantine('show', id);
      assert.equal(code, 2, id);
      assert.equal(io.errors.split('\n').length, 2);
    }
  });

  it('exports the exact bytes to a new private file, and overwrites nothing', async () => {
    const target = join(folder, 'out.eml');
    assert.equal((await quarantine('export', ID, '-o', target)).code, 0);
    assert.deepEqual(readFileSync(target), ORIGINAL);
    assert.equal(statSync(target).mode & 0o777, 0o600);
    writeFileSync(target, 'mine');
    const { code, io } = await quarantine('export', ID, '-o', target);
    assert.equal(code, 2);
    assert.match(io.errors, /exists already and is not overwritten/u);
    assert.equal(readFileSync(target, 'utf8'), 'mine');
  });

  it('exports to standard output only when told so', async () => {
    const { io, code } = await quarantine('export', ID, '-o', '-');
    assert.deepEqual([code, Buffer.concat(io.chunks)], [0, ORIGINAL]);
    const silent = await quarantine('export', ID);
    assert.deepEqual([silent.code, silent.io.output], [2, '']);
  });

  it('refuses to export a damaged original', async () => {
    const damaged = join(path, ID.slice(0, 2), `${ID}.sealed`);
    const whole = readFileSync(damaged);
    writeFileSync(damaged, 'changed');
    const { code, io } = await quarantine('export', ID, '-o', '-');
    assert.deepEqual([code, io.output], [2, '']);
    assert.match(io.errors, /is damaged/u);
    writeFileSync(damaged, whole);
  });

  it('says when there is no quarantine, and makes none', async () => {
    const io = new RecordedIo();
    const none = join(folder, 'none');
    assert.equal(await runCli(['quarantine', 'list', '--path', none], io, new ScriptedRoof()), 2);
    assert.match(io.errors, /there is no quarantine at/u);
    assert.throws(() => statSync(none));
  });

  it('says what it can do when it does not understand', async () => {
    for (const argv of [[], ['burn', ID], ['show'], ['list', 'x'], ['show', ID, ID]]) {
      const { code, io } = await quarantine(...argv);
      assert.equal(code, 2);
      assert.match(io.errors, /say one of: list, show ID, preview ID, export ID/u);
    }
  });
});
