import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { allOf, entryFor, inMemory } from '../../test/contract/quarantine-store.contract.ts';
import { movableClock, QuarantineFolders } from '../../test/support/quarantine-folders.ts';
import { RecordingLog } from '../../test/support/recording-log.ts';
import { QuarantineDatabase } from './quarantine-database.ts';
import { SqliteAuditTrail } from './sqlite-audit-trail.ts';
import { SqliteReleaseBook } from './sqlite-release-book.ts';

const folders = new QuarantineFolders();
after(() => folders.close());
const freshFolder = () => folders.fresh();
const openAt: QuarantineFolders['openAt'] = (path, settings) => folders.openAt(path, settings);

describe('the room of a quarantine', () => {
  it('keeps what fits its quota to the byte, and not one more', async () => {
    const store = openAt(freshFolder(), { quotaBytes: 1_000 });
    await store.commit(entryFor(''), inMemory(randomBytes(400)));
    const last = randomBytes(600);
    await store.commit(entryFor(''), inMemory(last));
    await assert.rejects(store.commit(entryFor(''), inMemory(randomBytes(1))), /the quarantine is full/u);
    assert.equal((await store.commit(entryFor(''), inMemory(last))).count, 2);
    assert.equal((await store.health()).level, 'yellow');
  });

  it('deletes what was not fetched during the retention, when it needs room or is told to', async () => {
    const { clock, advance } = movableClock();
    const store = openAt(freshFolder(), { quotaBytes: 10, retentionDays: 1, clock });
    const { id } = await store.commit(entryFor(''), inMemory(randomBytes(10)));
    advance(86_400_000);
    assert.equal(await store.expire(), 0);
    advance(1);
    const { id: newer } = await store.commit(entryFor(''), inMemory(randomBytes(10)));
    assert.deepEqual([(await store.get(id))?.id, (await store.get(newer))?.id], [undefined, newer]);
    advance(86_400_001);
    assert.deepEqual([await store.expire(), await store.expire()], [1, 0]);
  });

  it('drops the oldest that was released for everybody, when it is set to', async () => {
    const path = freshFolder();
    const { clock, advance } = movableClock();
    const database = new QuarantineDatabase(path);
    const store = openAt(path, { quotaBytes: 30, whenFull: 'drop-released', clock, database });
    const log = new RecordingLog();
    const book = new SqliteReleaseBook(database, new SqliteAuditTrail(database, clock), clock, log);
    const ids: string[] = [];
    for (let index = 0; index < 3; index += 1) {
      ids.push((await store.commit(entryFor(''), inMemory(randomBytes(10)))).id);
      advance(1);
    }
    await assert.rejects(store.commit(entryFor(''), inMemory(randomBytes(10))), /is full/u);
    const request = { reason: 'r', offerAnew: false, actor: 'test' };
    await book.release({ ...request, sha256: ids[1] ?? '', user: '' });
    await book.release({ ...request, sha256: ids[2] ?? '', user: 'ann' });
    const { id } = await store.commit(entryFor(''), inMemory(randomBytes(10)));
    assert.deepEqual(new Set((await allOf(store)).map((one) => one.id)), new Set([ids[0], ids[2], id]));
    await assert.rejects(store.commit(entryFor(''), inMemory(randomBytes(10))), /is full/u);
  });

  it('deletes the oldest when it is set to, except what is too young or still spoken of', async () => {
    const path = freshFolder();
    const { clock, advance } = movableClock();
    const database = new QuarantineDatabase(path);
    const full = { quotaBytes: 40, whenFull: 'oldest-first', minimumDays: 7 } as const;
    const store = openAt(path, { ...full, clock, database });
    const log = new RecordingLog();
    const book = new SqliteReleaseBook(database, new SqliteAuditTrail(database, clock), clock, log);
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      ids.push((await store.commit(entryFor(''), inMemory(randomBytes(10)))).id);
      advance(1);
    }
    const request = { reason: 'r', offerAnew: false, actor: 'test' };
    await book.release({ ...request, sha256: ids[0] ?? '', user: 'ann' });
    advance(7 * 86_400_000 - 3);
    await assert.rejects(store.commit(entryFor(''), inMemory(randomBytes(10))), /is full/u);
    advance(1); // the second is older than the minimum now, to the millisecond
    const { id } = await store.commit(entryFor(''), inMemory(randomBytes(10)));
    assert.deepEqual(
      new Set((await allOf(store)).map((one) => one.id)),
      new Set([ids[0], ids[2], ids[3], id]),
    );
    assert.match((await store.health()).detail, /before their retention is over/u);
    assert.equal((await store.health()).level, 'yellow');
    advance(1);
    await store.commit(entryFor(''), inMemory(randomBytes(10)));
    await assert.rejects(store.commit(entryFor(''), inMemory(randomBytes(11))), /is full/u);
    await store.remove(ids[0] ?? '');
    advance(86_400_000);
    assert.equal((await store.health()).level, 'green');
  });
});
