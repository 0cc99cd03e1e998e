import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { chmod, open, readFile, writeFile, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import {
  allOf,
  digestOf,
  entryFor,
  inMemory,
  quarantineStoreContract,
  rejectsWithQuarantineFailed,
} from '../../test/contract/quarantine-store.contract.ts';
import { RecordingLog } from '../../test/support/recording-log.ts';
import { movableClock, QuarantineFolders } from '../../test/support/quarantine-folders.ts';
import { S3Stub } from '../../test/support/s3-stub.ts';
import { systemFiles, type FileSystem } from './durable-files.ts';
import { S3Objects } from './s3-objects.ts';
import type { SealedQuarantine } from './sealed-quarantine.ts';

const folders = new QuarantineFolders();
let stub: S3Stub;
before(async () => {
  stub = await S3Stub.start();
});
after(async () => {
  await folders.close();
  stub.stop();
});
const freshFolder = () => folders.fresh();
const openAt: QuarantineFolders['openAt'] = (path, settings) => folders.openAt(path, settings);

function pathOf(root: string, id: string): string {
  return join(root, id.slice(0, 2), `${id}.sealed`);
}

async function flipOneBit(path: string, at = 500): Promise<void> {
  const content = await readFile(path);
  content[at] = (content[at] ?? 0) ^ 1;
  await writeFile(path, content);
}

quarantineStoreContract('sealed files', async () => {
  const path = freshFolder();
  const { clock, advance } = movableClock();
  return {
    store: openAt(path, { clock }),
    reopen: () => openAt(path, { clock }),
    damage: (id) => flipOneBit(pathOf(path, id)),
    advance,
  };
});

quarantineStoreContract('sealed objects in S3', async () => {
  const path = freshFolder();
  const { clock, advance } = movableClock();
  const prefix = `${basename(dirname(path))}/`;
  const storage = new S3Objects({
    endpoint: stub.endpoint,
    bucket: 'postern',
    prefix,
    region: 'us-east-1',
    accessKeyId: 'KEY',
    secretAccessKey: 'SECRET',
    folder: path,
  });
  mkdirSync(path, { recursive: true });
  return {
    store: openAt(path, { clock, storage }),
    reopen: () => openAt(path, { clock, storage }),
    damage: async (id) => {
      const object = stub.objects.get(`${prefix}${id}.sealed`);
      if (object !== undefined) object[500] = (object[500] ?? 0) ^ 1;
    },
    advance,
  };
});

const mode = (file: string): number => statSync(file).mode & 0o777;

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && !one.name.startsWith('index.db'))
    .map((one) => join(one.parentPath, one.name));
}

type Fault = { readonly call: 'write' | 'sync' | 'rename'; readonly after: number; readonly code: string };

/** A file system that works until the given call has been made `after` times. */
function failing({ call, after: allowed, code }: Fault): FileSystem {
  let calls = 0;
  const count = () => {
    calls += 1;
    if (calls > allowed) throw Object.assign(new Error(`${code}: the disk says no`), { code });
  };
  const guard = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get: (target, property) => {
        if (property === call) count();
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  return {
    ...systemFiles,
    open: async (...args) => guard(await open(...args)),
    rename: async (...args) => {
      if (call === 'rename') count();
      await systemFiles.rename(...args);
    },
  };
}

describe('sealed quarantine', () => {
  it('writes no plain text of the mail, only into private files', async () => {
    const path = freshFolder();
    const text = 'Subject: hidden words\r\n\r\nthe secret body of a message\r\n'.repeat(50);
    const { id } = await openAt(path).commit(entryFor(''), inMemory(Buffer.from(text)));
    const [object = ''] = filesBelow(path);
    assert.equal(object, pathOf(path, id));
    const raw = readFileSync(object, 'latin1');
    for (const word of ['hidden', 'secret', 'marker', 'INBOX', 'ann']) assert.ok(!raw.includes(word), word);
    assert.deepEqual(
      [mode(object), mode(`${path}.key`), mode(join(path, 'index.db'))],
      [0o600, 0o600, 0o600],
    );
    assert.deepEqual([mode(path), mode(dirname(object)), mode(join(path, 'tmp'))], [0o700, 0o700, 0o700]);
  });

  it('seals the same content differently each time', async () => {
    const bytes = randomBytes(100);
    const raws = [];
    for (const path of [freshFolder(), freshFolder()]) {
      const { id } = await openAt(path).commit(entryFor(''), inMemory(bytes));
      raws.push(readFileSync(pathOf(path, id)).toString('hex', 80));
    }
    assert.notEqual(raws[0], raws[1]);
  });

  it('notices a change of any byte and a missing end', async () => {
    const path = freshFolder();
    const store = openAt(path);
    const { id } = await store.commit(entryFor(''), inMemory(randomBytes(40)));
    const whole = readFileSync(pathOf(path, id));
    for (let at = 0; at < whole.byteLength; at += 7) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x80;
      writeFileSync(pathOf(path, id), changed);
      await rejectsWithQuarantineFailed(store.read(id));
    }
    for (const length of [0, 10, 70, whole.byteLength - 1]) {
      writeFileSync(pathOf(path, id), whole.subarray(0, length));
      await rejectsWithQuarantineFailed(store.read(id));
    }
    writeFileSync(pathOf(path, id), whole);
    assert.equal((await store.read(id)).byteLength, 40);
  });

  // 700 000 bytes: head, three chunks, end; fail at each step of the way.
  const faults: readonly Fault[] = [
    ...[0, 1, 2, 3, 4].map((times): Fault => ({ call: 'write', after: times, code: 'ENOSPC' })),
    ...[0, 1, 2].map((times): Fault => ({ call: 'sync', after: times, code: 'EIO' })),
    { call: 'rename', after: 0, code: 'EROFS' },
  ];
  for (const fault of faults) {
    it(`keeps nothing when ${fault.call} fails with ${fault.code} after ${fault.after}, and recovers`, async () => {
      const bytes = randomBytes(700_000);
      for (const sha256 of [digestOf(bytes), '']) {
        const path = freshFolder();
        await rejectsWithQuarantineFailed(
          openAt(path, { files: failing(fault) }).commit(entryFor(sha256), inMemory(bytes)),
        );
        const whole = openAt(path);
        assert.deepEqual(await allOf(whole), []);
        assert.deepEqual(filesBelow(path), []);
        const { id, count } = await whole.commit(entryFor(digestOf(bytes)), inMemory(bytes));
        assert.equal(count, 1);
        assert.deepEqual(Buffer.from(await whole.read(id)), bytes);
      }
    });
  }

  it('cuts texts that a client chose to 1000 characters', async () => {
    const record = await openAt(freshFolder()).commit(
      entryFor('', { user: 'u'.repeat(1_001), mailbox: 'm'.repeat(1_000) }),
      inMemory(randomBytes(1)),
    );
    assert.deepEqual([record.user.length, record.mailbox.length], [1_000, 1_000]);
  });

  it('makes its index again from the originals when it is lost', async () => {
    const path = freshFolder();
    const first = openAt(path);
    const bytes = Buffer.from('Subject: lost\r\n\r\nx');
    const record = await first.commit(entryFor(digestOf(bytes)), inMemory(bytes));
    await first.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(path, `index.db${suffix}`), { force: true });
    const again = openAt(path);
    await again.prepare();
    assert.deepEqual(await allOf(again), [record]);
    assert.equal(await again.rebuild(), 0);
  });
});

async function used(): Promise<{ path: string; id: string }> {
  const path = freshFolder();
  const store = openAt(path);
  await store.prepare();
  const { id } = await store.commit(entryFor(''), inMemory(randomBytes(9)));
  await store.close();
  return { path, id };
}

const refuses = (store: SealedQuarantine, what: RegExp) =>
  assert.rejects(store.prepare(), (error) => error instanceof Error && what.test(error.message));

describe('the quarantine key', () => {
  it('is made once, with a notice that names the file and not the key', async () => {
    const path = freshFolder();
    const log = new RecordingLog();
    for (let times = 0; times < 2; times += 1) await openAt(path, { log }).prepare();
    assert.equal(log.lines.filter(({ message }) => message.includes('made the quarantine key')).length, 1);
    const key = readFileSync(`${path}.key`, 'utf8').trim().split(':')[1] ?? '';
    assert.equal(Buffer.from(key, 'base64').byteLength, 32);
    assert.ok(!JSON.stringify(log.lines).includes(key));
  });

  it('is never made anew beside originals, also when the index is lost', async () => {
    const { path } = await used();
    rmSync(`${path}.key`);
    await refuses(openAt(path), /is missing, but there are originals/u);
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(path, `index.db${suffix}`), { force: true });
    await refuses(openAt(path), /is missing, but there are originals/u);
    assert.throws(() => statSync(`${path}.key`));
  });

  it('is refused at the start when it is another one, damaged or open to everybody', async () => {
    const { path } = await used();
    const right = readFileSync(`${path}.key`, 'utf8');
    writeFileSync(`${path}.key`, `postern-quarantine-key:${randomBytes(32).toString('base64')}\n`);
    await refuses(openAt(path), /is not that of the originals/u);
    writeFileSync(`${path}.key`, 'something else\n');
    await refuses(openAt(path), /holds something else than keys/u);
    writeFileSync(`${path}.key`, right);
    await chmod(`${path}.key`, 0o604);
    await refuses(openAt(path), /may be read by everybody/u);
  });

  it('can be changed: the first line seals, the others open', async () => {
    const { path, id } = await used();
    const old = readFileSync(`${path}.key`, 'utf8');
    writeFileSync(`${path}.key`, `postern-quarantine-key:${randomBytes(32).toString('base64')}\n${old}`);
    const store = openAt(path);
    await store.prepare();
    const { id: newer } = await store.commit(entryFor(''), inMemory(randomBytes(9)));
    for (const one of [id, newer]) assert.equal((await store.read(one)).byteLength, 9);
    await store.close();
    writeFileSync(`${path}.key`, old);
    await refuses(openAt(path), /is not that of the originals/u);
  });
});

describe('a quarantine in trouble', () => {
  it('says that its index is damaged, refuses to keep, and does not throw at the start', async () => {
    const path = freshFolder();
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'index.db'), 'this is no database'.repeat(100));
    const store = openAt(path);
    await store.prepare();
    const health = await store.health();
    assert.equal(health.level, 'red');
    assert.match(`${health.detail} ${health.remedy}`, /no database.*move the file away/u);
    await rejectsWithQuarantineFailed(store.commit(entryFor(''), inMemory(randomBytes(9))));
    await rejectsWithQuarantineFailed(store.search({ limit: 1 }));
  });

  it('waits for a lock a moment, then defers, and goes on when it is free', async () => {
    const path = freshFolder();
    const store = openAt(path);
    await store.commit(entryFor(''), inMemory(randomBytes(9)));
    const other = new DatabaseSync(join(path, 'index.db'));
    other.exec('BEGIN IMMEDIATE');
    await assert.rejects(store.commit(entryFor(''), inMemory(randomBytes(9))), /locked by another process/u);
    other.exec('COMMIT');
    other.close();
    assert.equal((await store.commit(entryFor(''), inMemory(randomBytes(9)))).count, 1);
  });

  it('refuses at the start a folder that cannot be used', async () => {
    const path = freshFolder();
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'a file where the folder should be');
    await rejectsWithQuarantineFailed(openAt(path).prepare());
  });

  it('says that an object store is away, and keeps nothing meanwhile', async () => {
    const path = freshFolder();
    mkdirSync(path, { recursive: true });
    const s3 = { endpoint: stub.endpoint, bucket: 'postern', prefix: 'away/', region: 'r', folder: path };
    const storage = new S3Objects({ ...s3, accessKeyId: 'KEY', secretAccessKey: 'S' });
    const store = openAt(path, { storage });
    await store.prepare();
    stub.failWith = 403;
    try {
      assert.equal((await store.health()).level, 'red');
      await rejectsWithQuarantineFailed(store.commit(entryFor(''), inMemory(randomBytes(9))));
    } finally {
      stub.failWith = undefined;
    }
    assert.equal((await store.health()).level, 'green');
    assert.deepEqual(await allOf(store), []);
  });
});
