import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { GatewayError } from '../../src/base/errors.ts';
import type { QuarantineArchive, QuarantineItem } from '../../src/quarantine/quarantine-archive.ts';
import type { QuarantineEntry } from '../../src/quarantine/quarantine-store.ts';
import type { MessageBytes } from '../../src/scan/scanner.ts';

/** One empty store and what the suite needs to disturb it. */
export interface StoreUnderTest {
  readonly store: QuarantineArchive;
  /** The same store as another process would see it. */
  readonly reopen: () => QuarantineArchive;
  /** Changes one byte of a stored original behind the back of the store. */
  readonly damage: (id: string) => Promise<void>;
  /** Moves the clock of the store. */
  readonly advance: (ms: number) => void;
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function inMemory(bytes: Uint8Array): MessageBytes {
  const buffer = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(buffer).set(bytes);
  return { kind: 'memory', buffer, byteLength: bytes.byteLength };
}

export function entryFor(sha256: string, fields: Partial<QuarantineEntry> = {}): QuarantineEntry {
  const finding = {
    engine: 'yara',
    rule: 'marker',
    namespace: 'test',
    class: 'malicious',
    severity: 'high',
    part: '2',
    sha256,
  } as const;
  return {
    sha256,
    scanId: 's1',
    verdict: { kind: 'malicious', findings: [finding] },
    protocol: 'imap',
    user: 'ann',
    client: '127.0.0.1',
    mailbox: 'INBOX',
    uid: '7',
    generation: 'g1',
    ...fields,
  };
}

export function rejectsWithQuarantineFailed(promise: Promise<unknown>): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(error instanceof GatewayError, String(error));
    assert.equal(error.code, 'QUARANTINE_FAILED');
    return true;
  });
}

export async function allOf(store: QuarantineArchive): Promise<readonly QuarantineItem[]> {
  return (await store.search({ limit: 200 })).items;
}

/** Every implementation of `QuarantineArchive` (and so of `QuarantineStore`) runs this. */
export function quarantineStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  const folder = mkdtempSync(join(tmpdir(), 'postern-contract-'));
  after(() => rmSync(folder, { recursive: true }));

  function inFile(bytes: Uint8Array): { message: MessageBytes; close: () => void } {
    const path = join(folder, 'spool');
    writeFileSync(path, bytes);
    const fd = openSync(path, 'r');
    unlinkSync(path); // as the spool of the gateway does it
    return { message: { kind: 'file', fd, byteLength: bytes.byteLength }, close: () => closeSync(fd) };
  }

  const sizes: readonly number[] = [0, 1, 256 * 1024, 256 * 1024 + 1, 3_000_000];

  describe(`quarantine store contract: ${name}`, () => {
    for (const size of sizes) {
      it(`returns ${size} bytes from memory exactly, also to another process`, async () => {
        const { store, reopen } = await open();
        const bytes = randomBytes(size);
        const record = await store.commit(entryFor(digestOf(bytes)), inMemory(bytes));
        assert.equal(record.id, digestOf(bytes));
        assert.equal(record.bytes, size);
        assert.deepEqual(Buffer.from(await reopen().read(record.id)), bytes);
      });

      it(`returns ${size} bytes from an open file exactly`, async () => {
        const { store } = await open();
        const bytes = randomBytes(size);
        const { message, close } = inFile(bytes);
        const record = await store.commit(entryFor(digestOf(bytes)), message);
        close();
        assert.deepEqual(Buffer.from(await store.read(record.id)), bytes);
      });
    }

    it('computes the digest when no worker could', async () => {
      const { store } = await open();
      const bytes = randomBytes(300_000);
      const cause = {
        kind: 'unscannable',
        cause: 'engine-failed',
        findings: [],
        detail: 'it crashed',
      } as const;
      const record = await store.commit(entryFor('', { verdict: cause }), inMemory(bytes));
      assert.equal(record.id, digestOf(bytes));
      assert.equal(record.sha256, digestOf(bytes));
      assert.deepEqual((await store.get(record.id))?.verdict, cause);
      assert.deepEqual(Buffer.from(await store.read(record.id)), bytes);
    });

    it('keeps what is known of the message, for another process as well', async () => {
      const { store, reopen } = await open();
      const bytes = randomBytes(10);
      const entry = entryFor(digestOf(bytes), { user: 'bob', mailbox: 'Søren', uid: '4294967295' });
      const record = await store.commit(entry, inMemory(bytes));
      assert.deepEqual(await reopen().get(record.id), record);
      const { id, bytes: length, firstSeen, lastSeen, count, ...kept } = record;
      assert.deepEqual(kept, { ...entry, subject: '', sender: '' });
      assert.deepEqual([id, length, count, firstSeen], [entry.sha256, 10, 1, lastSeen]);
    });

    it('stores the same content once and counts it', async () => {
      const { store, advance } = await open();
      const bytes = randomBytes(5_000);
      const first = await store.commit(entryFor(digestOf(bytes)), inMemory(bytes));
      advance(60_000);
      const again = await store.commit(entryFor(digestOf(bytes), { user: 'bob' }), inMemory(bytes));
      advance(60_000);
      const unknown = await store.commit(entryFor(''), inMemory(bytes));
      assert.deepEqual([again.count, unknown.count], [2, 3]);
      assert.equal(again.firstSeen, first.firstSeen);
      assert.equal(Date.parse(unknown.lastSeen) - Date.parse(first.firstSeen), 120_000);
      assert.equal(again.user, first.user);
      assert.equal((await allOf(store)).length, 1);
    });

    it('lets concurrent commits of one content share one original', async () => {
      const { store } = await open();
      const bytes = randomBytes(700_000);
      const records = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          store.commit(entryFor(index % 2 === 0 ? digestOf(bytes) : ''), inMemory(bytes)),
        ),
      );
      assert.deepEqual(
        records.map(({ count }) => count).sort((a, b) => a - b),
        [1, 2, 3, 4, 5, 6, 7, 8],
      );
      assert.equal((await allOf(store)).length, 1);
      assert.deepEqual(Buffer.from(await store.read(digestOf(bytes))), bytes);
    });

    it('lists the newest first', async () => {
      const { store, advance } = await open();
      const ids: string[] = [];
      for (let index = 0; index < 3; index += 1) {
        const bytes = randomBytes(20);
        ids.unshift((await store.commit(entryFor(digestOf(bytes)), inMemory(bytes))).id);
        advance(1_000);
      }
      assert.deepEqual(
        (await allOf(store)).map(({ id }) => id),
        ids,
      );
    });

    it('finds by cause, rule, user, sender, subject, time and digest, all of them together', async () => {
      const { store, advance } = await open();
      const commit = async (header: string, fields: Partial<QuarantineEntry>) => {
        const bytes = Buffer.from(`${header}\r\n\r\n${randomBytes(8).toString('hex')}`);
        const { id } = await store.commit(entryFor(digestOf(bytes), fields), inMemory(bytes));
        advance(1_000);
        return id;
      };
      const bomb = { kind: 'unscannable', cause: 'bomb', findings: [] } as const;
      const invoice = await commit(
        'From: Ann <ann@a.example>\r\nSubject: =?utf-8?Q?F=C3=A4llig?= invoice',
        {},
      );
      const other = await commit('Subject: Report\r\nFrom: bob@b.example', { user: 'bob', verdict: bomb });
      const record = await store.get(other);
      const found = async (query: object) =>
        (await store.search({ limit: 10, ...query })).items.map(({ id }) => id);
      assert.deepEqual(await found({}), [other, invoice]);
      assert.deepEqual(await found({ cause: 'bomb' }), [other]);
      assert.deepEqual(await found({ rule: 'MARK' }), [invoice]);
      assert.deepEqual(await found({ user: 'bob' }), [other]);
      assert.deepEqual(await found({ user: 'bo' }), []);
      assert.deepEqual(await found({ sender: 'ANN@' }), [invoice]);
      assert.deepEqual(await found({ subject: 'FÄLLIG I' }), [invoice]);
      assert.deepEqual(await found({ subject: "%'; DROP TABLE items" }), []);
      assert.deepEqual(await found({ digest: invoice.slice(0, 12) }), [invoice]);
      const middle = Date.parse(record?.lastSeen ?? '');
      assert.deepEqual(await found({ from: middle }), [other]);
      assert.deepEqual(await found({ to: middle }), [invoice]);
      assert.deepEqual(await found({ user: 'bob', subject: 'fällig' }), []);
    });

    it('finds what another user fetched as well', async () => {
      const { store } = await open();
      const bytes = randomBytes(9);
      const { id } = await store.commit(entryFor(digestOf(bytes)), inMemory(bytes));
      await store.commit(entryFor(digestOf(bytes), { user: 'bob' }), inMemory(bytes));
      assert.deepEqual((await store.search({ user: 'bob', limit: 5 })).items[0]?.id, id);
    });

    it('pages through everything exactly once, also when times are equal', async () => {
      const { store, advance } = await open();
      for (let index = 0; index < 7; index += 1) {
        const bytes = randomBytes(9);
        await store.commit(entryFor(digestOf(bytes)), inMemory(bytes));
        if (index % 3 === 2) advance(1);
      }
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const { items, next } = await store.search({ limit: 2, cursor });
        assert.ok(items.length <= 2);
        seen.push(...items.map(({ id }) => id));
        cursor = next ?? undefined;
      } while (cursor !== undefined);
      assert.deepEqual(
        seen,
        (await allOf(store)).map(({ id }) => id),
      );
      assert.equal(new Set(seen).size, 7);
    });

    it('deletes content and record, for another process as well', async () => {
      const { store, reopen } = await open();
      const bytes = randomBytes(50);
      const { id } = await store.commit(entryFor(digestOf(bytes)), inMemory(bytes));
      assert.deepEqual(
        [await store.remove(id), await store.remove(id), await store.remove('x')],
        [true, false, false],
      );
      assert.equal(await reopen().get(id), undefined);
      await rejectsWithQuarantineFailed(reopen().read(id));
      assert.deepEqual(await store.usage(), { ...(await store.usage()), objects: 0, bytes: 0 });
    });

    it('is empty at first, and knows no identifier that is none', async () => {
      const { store } = await open();
      assert.deepEqual(await allOf(store), []);
      for (const id of ['', 'x', '../../etc/passwd', `${'0'.repeat(63)}/`, 'A'.repeat(64), '0'.repeat(64)]) {
        assert.equal(await store.get(id), undefined, id);
        await rejectsWithQuarantineFailed(store.read(id));
      }
    });

    it('refuses content that does not have the digest it comes with, and keeps nothing', async () => {
      const { store } = await open();
      const claimed = digestOf(Buffer.from('other'));
      await rejectsWithQuarantineFailed(store.commit(entryFor(claimed), inMemory(randomBytes(100))));
      await rejectsWithQuarantineFailed(store.commit(entryFor('../../x'), inMemory(randomBytes(100))));
      assert.deepEqual(await allOf(store), []);
      assert.equal(await store.get(claimed), undefined);
    });

    it('refuses a message that ends early, and keeps nothing', async () => {
      const { store } = await open();
      const bytes = randomBytes(1_000);
      const { message, close } = inFile(bytes);
      await rejectsWithQuarantineFailed(store.commit(entryFor(''), { ...message, byteLength: 1_001 }));
      close();
      assert.deepEqual(await allOf(store), []);
    });

    it('never returns a damaged original, and replaces it when the message comes again', async () => {
      const { store, reopen, damage } = await open();
      const bytes = randomBytes(1_000);
      const { id } = await store.commit(entryFor(digestOf(bytes)), inMemory(bytes));
      await damage(id);
      await rejectsWithQuarantineFailed(store.read(id));
      const later = reopen();
      await later.commit(entryFor(id), inMemory(bytes));
      assert.deepEqual(Buffer.from(await later.read(id)), bytes);
    });
  });
}
