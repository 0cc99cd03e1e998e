import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { open, readFile, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { systemClock, type Clock } from '../base/clock.ts';
import {
  digestOf,
  entryFor,
  inMemory,
  quarantineStoreContract,
  rejectsWithQuarantineFailed,
} from '../../test/contract/quarantine-store.contract.ts';
import { systemFiles, type FileSystem } from './durable-files.ts';
import { FileQuarantineStore } from './file-quarantine-store.ts';

const base = mkdtempSync(join(tmpdir(), 'postern-quarantine-'));
after(() => rmSync(base, { recursive: true }));

let folders = 0;
function freshFolder(): string {
  folders += 1;
  return join(base, `q${folders}`, 'quarantine');
}

function pathOf(root: string, id: string, kind = 'eml'): string {
  return join(root, id.slice(0, 2), `${id}.${kind}`);
}

quarantineStoreContract('files', async () => {
  const path = freshFolder();
  let now = Date.UTC(2026, 0, 1);
  const clock: Clock = { ...systemClock, now: () => now };
  return {
    store: new FileQuarantineStore({ path, clock }),
    reopen: () => new FileQuarantineStore({ path, clock }),
    damage: async (id) => {
      const content = await readFile(pathOf(path, id));
      content[500] = (content[500] ?? 0) ^ 1;
      await writeFile(pathOf(path, id), content);
    },
    advance: (ms) => {
      now += ms;
    },
  };
});

const mode = (file: string) => statSync(file).mode & 0o777;

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => one.name);
}

type Fault = { readonly call: 'write' | 'sync' | 'rename'; readonly after: number; readonly code: string };

function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: the disk says no`), { code });
}

/** A file system that works until the given call has been made `after` times. */
function failing({ call, after: allowed, code }: Fault): FileSystem {
  let calls = 0;
  const count = () => {
    calls += 1;
    if (calls > allowed) {
      throw diskError(code);
    }
  };
  const guard = (handle: FileHandle, name: 'write' | 'sync'): FileHandle =>
    new Proxy(handle, {
      get: (target, property) => {
        if (property === name && name === call) {
          count();
        }
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  return {
    ...systemFiles,
    open: async (...args) => guard(guard(await open(...args), 'write'), 'sync'),
    rename: async (...args) => {
      if (call === 'rename') {
        count();
      }
      await systemFiles.rename(...args);
    },
  };
}

describe('file quarantine store', () => {
  it('keeps originals and records from everybody else', async () => {
    const path = freshFolder();
    const bytes = randomBytes(10);
    const { id } = await new FileQuarantineStore({ path }).commit(entryFor(digestOf(bytes)), inMemory(bytes));
    assert.deepEqual([mode(pathOf(path, id)), mode(pathOf(path, id, 'json'))], [0o600, 0o600]);
    assert.deepEqual(
      [mode(path), mode(join(path, id.slice(0, 2))), mode(join(path, 'tmp'))],
      [0o700, 0o700, 0o700],
    );
  });

  // 700 000 bytes are three chunks, and the record is the fourth write: fail at each step of the way.
  const faults: readonly Fault[] = [
    ...[0, 1, 2, 3].map((times): Fault => ({ call: 'write', after: times, code: 'ENOSPC' })),
    ...[0, 1, 2, 3, 4, 5, 6, 7].map((times): Fault => ({ call: 'sync', after: times, code: 'EIO' })),
    ...[0, 1].map((times): Fault => ({ call: 'rename', after: times, code: 'EROFS' })),
  ];
  for (const fault of faults) {
    it(`keeps nothing when ${fault.call} fails with ${fault.code} after ${fault.after}, and recovers`, async () => {
      const bytes = randomBytes(700_000);
      const message = inMemory(bytes);
      for (const sha256 of [digestOf(bytes), '']) {
        const path = freshFolder();
        const broken = new FileQuarantineStore({ path, files: failing(fault) });
        await rejectsWithQuarantineFailed(broken.commit(entryFor(sha256), message));
        const whole = new FileQuarantineStore({ path });
        assert.deepEqual(await whole.list(), []);
        assert.deepEqual(filesBelow(path), []);
        const { id, count } = await whole.commit(entryFor(digestOf(bytes)), message);
        assert.equal(count, 1);
        assert.deepEqual(Buffer.from(await whole.read(id)), bytes);
      }
    });
  }

  it('syncs the content, the record and the folder of each before it resolves', async () => {
    const path = freshFolder();
    const events: string[] = [];
    const files: FileSystem = {
      ...systemFiles,
      open: async (...args) => {
        const handle = await open(...args);
        const kind = String(args[0]).endsWith('.part') ? 'file' : 'folder';
        return new Proxy(handle, {
          get: (target, property) => {
            if (property === 'sync') {
              events.push(`sync ${kind}`);
            }
            const value: unknown = Reflect.get(target, property, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
      },
      rename: async (from, to) => {
        events.push(`rename ${String(to).split('.').at(-1)}`);
        await systemFiles.rename(from, to);
      },
    };
    const store = new FileQuarantineStore({ path, files });
    await store.commit(entryFor(''), inMemory(randomBytes(5)));
    const bytes = Buffer.from('second in the same shard tree');
    await store.commit(entryFor(digestOf(bytes)), inMemory(bytes));
    const essential = events.filter(
      (event, index) => event !== 'sync folder' || events[index - 1]?.startsWith('rename'),
    );
    const one = ['sync file', 'rename eml', 'sync folder', 'sync file', 'rename json', 'sync folder'];
    assert.deepEqual(essential, [...one, ...one]);
  });

  it('lists what it can read beside a damaged record', async () => {
    const path = freshFolder();
    const store = new FileQuarantineStore({ path });
    const bytes = randomBytes(10);
    const { id } = await store.commit(entryFor(digestOf(bytes)), inMemory(bytes));
    for (const [name, text] of [
      ['0'.repeat(64), '{'],
      ['1'.repeat(64), '{"id":"1"}'],
      ['notes', 'x'],
    ]) {
      mkdirSync(join(path, 'aa'), { recursive: true });
      writeFileSync(join(path, 'aa', `${name}.json`), String(text));
    }
    assert.deepEqual(
      (await store.list()).map((one) => one.id),
      [id],
    );
  });

  it('cuts texts that a client chose to 1000 characters', async () => {
    const store = new FileQuarantineStore({ path: freshFolder() });
    const record = await store.commit(
      entryFor('', { user: 'u'.repeat(1_001), mailbox: 'm'.repeat(1_000) }),
      inMemory(randomBytes(1)),
    );
    assert.deepEqual([record.user.length, record.mailbox.length], [1_000, 1_000]);
  });

  it('prepares: removes leftovers older than an hour, and only those', async () => {
    const path = freshFolder();
    mkdirSync(join(path, 'tmp'), { recursive: true });
    const hourAgo = Date.now() / 1000 - 3_601;
    for (const [name, seconds] of [
      ['old.part', hourAgo],
      ['young.part', hourAgo + 60],
      ['other', hourAgo],
    ] as const) {
      writeFileSync(join(path, 'tmp', name), '');
      utimesSync(join(path, 'tmp', name), seconds, seconds);
    }
    await new FileQuarantineStore({ path }).prepare();
    assert.deepEqual(filesBelow(path).sort(), ['other', 'young.part']);
  });

  it('says at once that a folder cannot be used', async () => {
    const path = freshFolder();
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'a file where the folder should be');
    await rejectsWithQuarantineFailed(new FileQuarantineStore({ path }).prepare());
    await rejectsWithQuarantineFailed(new FileQuarantineStore({ path }).list());
  });
});
