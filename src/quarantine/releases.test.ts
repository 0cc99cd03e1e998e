import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { entryFor, inMemory } from '../../test/contract/quarantine-store.contract.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { RecordingLog } from '../../test/support/recording-log.ts';
import { configSchema } from '../base/config/schema.ts';
import { openQuarantine } from './open-quarantine.ts';
import type { QuarantineEntry } from './quarantine-store.ts';

const base = mkdtempSync(join(tmpdir(), 'postern-releases-'));
const closing: (() => Promise<void>)[] = [];
after(async () => {
  await Promise.all(closing.map((close) => close()));
  rmSync(base, { recursive: true });
});

let folders = 0;

function openAt(path = join(base, `q${(folders += 1)}`)) {
  const config = configSchema.parse({ upstream: { host: 'mail.example' }, quarantine: { path } });
  const clock = new FakeClock();
  const log = new RecordingLog();
  const quarantine = openQuarantine(config.quarantine, clock, log);
  closing.push(() => quarantine.archive.close());
  return { ...quarantine, clock, log, path };
}

const CONTENT = Buffer.from('Subject: x\r\n\r\nINFECTED');

async function kept(opened: ReturnType<typeof openAt>, ...sightings: readonly Partial<QuarantineEntry>[]) {
  const all = sightings.length === 0 ? [{}] : sightings;
  let id = '';
  for (const fields of all) {
    ({ id } = await opened.archive.commit(entryFor('', fields), inMemory(CONTENT)));
  }
  return id;
}

const REQUEST = { user: '', reason: 'false alarm', offerAnew: false, actor: 'user:eve' };

describe('a release', () => {
  it('holds for its user or for everybody until it is withdrawn, in every process', async () => {
    const opened = openAt();
    const sha256 = await kept(opened);
    const other = openAt(opened.path);
    const forAnn = await opened.releases.release({ ...REQUEST, sha256, user: 'ann' });
    const found = (user: string) => other.releases.find(sha256, user)?.id;
    assert.deepEqual([found('ann'), found('bob'), found('')], [forAnn.id, undefined, undefined]);
    const forAll = await other.releases.release({ ...REQUEST, sha256 });
    assert.deepEqual([opened.releases.find(sha256, 'bob')?.id, found('')], [forAll.id, forAll.id]);
    assert.equal((await opened.releases.withdraw(forAll.id, 'user:eve'))?.withdrawnBy, 'user:eve');
    assert.deepEqual([found('bob'), found('ann')], [undefined, forAnn.id]);
    assert.equal(await opened.releases.withdraw(forAll.id, 'user:eve'), undefined);
    assert.equal(await opened.releases.withdraw('none', 'user:eve'), undefined);
  });

  it('is the same when it is given twice, and listed with its history', async () => {
    const opened = openAt();
    const sha256 = await kept(opened);
    const first = await opened.releases.release({ ...REQUEST, sha256 });
    assert.equal((await opened.releases.release({ ...REQUEST, sha256 })).id, first.id);
    await opened.releases.withdraw(first.id, 'user:eve');
    assert.deepEqual((await opened.releases.list({ limit: 10 })).items, []);
    const [listed] = (await opened.releases.list({ limit: 10, all: true, sha256 })).items;
    assert.deepEqual(
      [listed?.id, listed?.reason, listed?.withdrawnBy],
      [first.id, 'false alarm', 'user:eve'],
    );
  });

  it('is in the audit trail, as is its end', async () => {
    const opened = openAt();
    const sha256 = await kept(opened);
    const { id } = await opened.releases.release({ ...REQUEST, sha256 });
    await opened.releases.withdraw(id, 'user:mallory');
    const { items } = opened.audit.list({ limit: 10 });
    assert.deepEqual(
      items.map(({ actor, action, object }) => [actor, action, object]),
      [
        ['user:mallory', 'withdraw', sha256],
        ['user:eve', 'release', sha256],
      ],
    );
    assert.equal(opened.audit.list({ limit: 1 }).next, String(items[0]?.id));
  });

  it('pages', async () => {
    const opened = openAt();
    for (const user of ['a', 'b', 'c']) {
      await opened.releases.release({ ...REQUEST, sha256: 'ab'.repeat(32), user });
      opened.clock.advance(1);
    }
    const first = await opened.releases.list({ limit: 2 });
    const second = await opened.releases.list({ limit: 2, cursor: first.next ?? '' });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ user }) => user),
      ['c', 'b', 'a'],
    );
    assert.equal(second.next, null);
  });
});

describe('an offer', () => {
  const seen = [
    { user: 'ann', mailbox: 'INBOX' },
    { user: 'ann', mailbox: 'Archive' },
    { user: 'bob', mailbox: 'INBOX' },
    { user: 'carl', mailbox: '', protocol: 'pop3' },
  ] as const;

  it('is made for every IMAP mailbox in which the substitute was seen, and taken once', async () => {
    const opened = openAt();
    const sha256 = await kept(opened, ...seen);
    const release = await opened.releases.release({ ...REQUEST, sha256, offerAnew: true });
    assert.equal(release.pendingOffers, 3);
    const offers = opened.offers.take('ann', 10);
    assert.deepEqual(offers.map(({ mailbox }) => mailbox).sort(), ['Archive', 'INBOX']);
    assert.deepEqual([opened.offers.take('ann', 10), opened.offers.take('carl', 10)], [[], []]);
    const [offer] = offers;
    assert.ok(offer !== undefined);
    assert.deepEqual(Buffer.from(await opened.offers.read(offer)), CONTENT);
    for (const one of offers) opened.offers.settle(one, { kind: 'appended' });
    opened.clock.advance(86_400_000);
    assert.deepEqual(opened.offers.take('ann', 10), []);
    const again = await opened.releases.release({ ...REQUEST, sha256, offerAnew: true });
    assert.equal(again.pendingOffers, 1);
  });

  it('is for one user when the release is', async () => {
    const opened = openAt();
    const sha256 = await kept(opened, ...seen);
    await opened.releases.release({ ...REQUEST, sha256, user: 'bob', offerAnew: true });
    assert.deepEqual([opened.offers.take('ann', 1).length, opened.offers.take('bob', 1).length], [0, 1]);
  });

  it('comes back when the session that took it is gone, and ends after five refusals', async () => {
    const opened = openAt();
    const sha256 = await kept(opened, { user: 'bob' });
    await opened.releases.release({ ...REQUEST, sha256, offerAnew: true });
    assert.equal(opened.offers.take('bob', 1).length, 1);
    opened.clock.advance(600_000);
    for (let attempt = 2; attempt <= 5; attempt += 1) {
      const [offer] = opened.offers.take('bob', 1);
      assert.ok(offer !== undefined, `attempt ${attempt}`);
      opened.offers.settle(offer, { kind: 'failed', reason: 'NO [OVERQUOTA]' });
      assert.deepEqual(opened.offers.take('bob', 1), [], 'not at every login of a phone');
      opened.clock.advance(86_400_000);
    }
    assert.deepEqual(opened.offers.take('bob', 1), []);
  });

  it('is tried again ten minutes after a refusal, then after forty', async () => {
    const opened = openAt();
    const sha256 = await kept(opened, { user: 'bob' });
    await opened.releases.release({ ...REQUEST, sha256, offerAnew: true });
    for (const waitMs of [600_000, 2_400_000]) {
      const [offer] = opened.offers.take('bob', 1);
      assert.ok(offer !== undefined);
      opened.offers.settle(offer, { kind: 'failed', reason: 'NO [OVERQUOTA]' });
      opened.clock.advance(waitMs - 1);
      assert.deepEqual(opened.offers.take('bob', 1), []);
      opened.clock.advance(1);
    }
    const [offer] = opened.offers.take('bob', 1);
    assert.ok(offer !== undefined);
    opened.offers.settle(offer, { kind: 'appended' });
    const told = opened.audit.list({ limit: 10 }).items.map(({ action, actor }) => [action, actor]);
    assert.deepEqual(told, [
      ['offer-delivered', 'gateway'],
      ['offer-failed', 'gateway'],
      ['offer-failed', 'gateway'],
      ['release', 'user:eve'],
    ]);
  });

  it('is given up when five sessions ended without an answer, and may then be made again', async () => {
    const opened = openAt();
    const sha256 = await kept(opened, { user: 'bob' });
    const request = { ...REQUEST, sha256, offerAnew: true };
    await opened.releases.release(request);
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      assert.equal(opened.offers.take('bob', 1).length, 1, `attempt ${attempt}`);
      opened.clock.advance(600_000);
    }
    assert.deepEqual(opened.offers.take('bob', 1), []);
    assert.equal(opened.audit.list({ limit: 1 }).items[0]?.action, 'offer-failed');
    assert.equal((await opened.releases.release(request)).pendingOffers, 1);
  });

  it('is made again by a release after one that was withdrawn', async () => {
    const opened = openAt();
    const sha256 = await kept(opened, { user: 'bob' });
    const request = { ...REQUEST, sha256, offerAnew: true };
    const { id } = await opened.releases.release(request);
    await opened.releases.withdraw(id, 'user:eve');
    assert.equal((await opened.releases.release(request)).pendingOffers, 1);
  });

  it('ends with its release', async () => {
    const opened = openAt();
    const sha256 = await kept(opened, { user: 'bob' });
    const { id } = await opened.releases.release({ ...REQUEST, sha256, offerAnew: true });
    await opened.releases.withdraw(id, 'user:eve');
    assert.deepEqual(opened.offers.take('bob', 1), []);
  });
});
