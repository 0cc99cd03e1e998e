import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { entryFor, inMemory } from '../../test/contract/quarantine-store.contract.ts';
import { findingOf } from '../../test/support/judged-message.ts';
import { silentLogger } from '../base/log.ts';
import { systemClock } from '../base/clock.ts';
import { configSchema } from '../base/config/schema.ts';
import { IndexSeal } from './index-seal.ts';
import { KeyRing } from './key-ring.ts';
import { openQuarantine } from './open-quarantine.ts';

const base = mkdtempSync(join(tmpdir(), 'postern-index-'));
after(() => rmSync(base, { recursive: true }));
let folders = 0;

function openAt(path = join(base, `q${(folders += 1)}`)) {
  const config = configSchema.parse({ upstream: { host: 'mail.example' }, quarantine: { path } });
  return { path, ...openQuarantine(config.quarantine, systemClock, silentLogger) };
}

/** Everything below the folder, as bytes. */
function everything(path: string): string {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return files.map((one) => readFileSync(join(one.parentPath, one.name), 'latin1')).join('\n');
}

const WORDS = ['Payroll', 'mallory@example.org', 'salaries.xlsm'];
const MAIL = Buffer.from('From: mallory@example.org\r\nSubject: Payroll of May\r\n\r\nSecret figures');
const VERDICT = { kind: 'malicious', findings: [findingOf({ part: '2/salaries.xlsm' })] } as const;

describe('the index on disk', () => {
  it('says nothing of the mail in plain text, and finds it all the same', async () => {
    const { archive, path } = openAt();
    await archive.commit(entryFor('', { verdict: VERDICT }), inMemory(MAIL));
    const { items } = await archive.search({ limit: 5, subject: 'pAYROLL', sender: 'MALLORY' });
    assert.deepEqual(
      items.map(({ subject, sender, verdict }) => [subject, sender, verdict]),
      [['Payroll of May', 'mallory@example.org', VERDICT]],
    );
    assert.deepEqual((await archive.search({ limit: 5, subject: 'payrolls' })).items, []);
    assert.deepEqual((await archive.search({ limit: 5, subject: 'payroll', sender: 'eve' })).items, []);
    const raw = everything(path);
    for (const word of [...WORDS, 'payroll', 'Secret figures']) assert.ok(!raw.includes(word), word);
    await archive.close();
  });

  it('seals what an earlier version wrote, and leaves no trace of it', async () => {
    const first = openAt();
    const { id } = await first.archive.commit(entryFor('', { verdict: VERDICT }), inMemory(MAIL));
    await first.archive.close();
    const database = new DatabaseSync(join(first.path, 'index.db'));
    const entry = JSON.stringify({ ...entryFor('', { verdict: VERDICT }), sha256: id });
    database
      .prepare(
        `UPDATE items SET glance = NULL, sealed = NULL, subject = 'Payroll of May', subject_key = 'payroll of may',
          sender = 'mallory@example.org', sender_key = 'mallory@example.org', entry = ?`,
      )
      .run(entry);
    database.close();
    assert.ok(everything(first.path).includes('Payroll'));
    const again = openAt(first.path);
    const { items } = await again.archive.search({ limit: 5, subject: 'payroll' });
    assert.deepEqual(
      items.map(({ subject, verdict }) => [subject, verdict]),
      [['Payroll of May', VERDICT]],
    );
    await again.archive.close();
    const raw = everything(first.path);
    for (const word of [...WORDS, 'payroll']) assert.ok(!raw.includes(word), word);
  });

  it('pages through what fits a text, also when hits are far apart', async () => {
    const { archive } = openAt();
    for (let index = 0; index < 30; index += 1) {
      const subject = index % 10 === 0 ? `needle ${index}` : `hay ${index}`;
      await archive.commit(entryFor(''), inMemory(Buffer.from(`Subject: ${subject}\r\n\r\n`)));
    }
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await archive.search({ limit: 1, subject: 'needle', cursor });
      found.push(...page.items.map(({ subject }) => subject));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    assert.deepEqual(found.sort(), ['needle 0', 'needle 10', 'needle 20']);
    await archive.close();
  });
});

describe('the seal of a row', () => {
  it('opens for its own row with its own key only, and never when a bit was changed', async () => {
    const ring = await KeyRing.create(join(base, 'one.key'));
    const seal = new IndexSeal(ring);
    const sealed = seal.seal('Grüße', 'a');
    assert.equal(seal.open(sealed, 'a'), 'Grüße');
    assert.notDeepEqual(seal.seal('Grüße', 'a'), sealed);
    assert.throws(() => seal.open(sealed, 'b'), /damaged/u);
    const other = new IndexSeal(await KeyRing.create(join(base, 'two.key')));
    assert.throws(() => other.open(sealed, 'a'), /is not in the quarantine key file/u);
    for (let at = 8; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.throws(() => seal.open(changed, 'a'), /damaged/u);
    }
  });
});
