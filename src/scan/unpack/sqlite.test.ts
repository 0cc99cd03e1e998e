import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { openAll, type Opened } from './open-all.ts';
import { createSqliteUnpacker } from './sqlite.ts';

/** A database file made by `statements`. */
function database(pageBytes: number, fill: (file: DatabaseSync) => void): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'postern-sqlite-'));
  try {
    const path = join(folder, 'a.db');
    const file = new DatabaseSync(path);
    file.exec(
      `PRAGMA page_size = ${pageBytes}; CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, data BLOB);`,
    );
    fill(file);
    file.close();
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function insert(file: DatabaseSync, data: Buffer | string): void {
  file.prepare('INSERT INTO t (name, data) VALUES (?, ?)').run('a name', data);
}

/** Bytes in no order, the same each time, so that every page differs. */
function noise(length: number): Buffer {
  let state = 1;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    }),
  );
}

function open(bytes: Buffer): Promise<Opened> {
  return openAll(bytes, { unpackers: [createSqliteUnpacker()] });
}

function holds({ pieces }: Opened, value: Buffer): boolean {
  return pieces.some(({ bytes }) => value.equals(bytes));
}

describe('SQLite', () => {
  const value = noise(100_000);
  for (const pageBytes of [512, 4096, 65_536]) {
    it(`joins a value that is cut into pages of ${pageBytes} bytes`, async () => {
      assert.equal(holds(await open(database(pageBytes, (file) => insert(file, value))), value), true);
    });
  }

  it('joins values of indexes and those that fill gaps of deleted ones', async () => {
    const index = noise(9000).toString('hex');
    const bytes = database(1024, (file) => {
      file.exec('CREATE INDEX i ON t (data)');
      for (let row = 0; row < 20; row += 1) {
        insert(file, noise(3000 + row));
      }
      file.exec('DELETE FROM t WHERE id % 2 = 0');
      insert(file, value);
      insert(file, index);
    });
    const opened = await open(bytes);
    assert.equal(holds(opened, value), true);
    assert.equal(holds(opened, Buffer.from(index)), true);
    assert.deepEqual(opened.causes, []);
  });

  it('leaves what stands on one page to the page', async () => {
    assert.deepEqual((await open(database(4096, (file) => insert(file, noise(2000))))).pieces, []);
  });

  it('ends where overflow pages go round in a circle', async () => {
    const bytes = database(1024, (file) => insert(file, noise(60_000)));
    for (let page = 2; page < bytes.length / 1024; page += 1) {
      bytes.writeUInt32BE(3 + (page % 5), page * 1024);
    }
    const { pieces } = await open(bytes);
    assert.ok(pieces.reduce((sum, piece) => sum + piece.bytes.length, 0) <= bytes.length * 2);
  });

  it('reads nothing under page sizes that there are not', async () => {
    for (const pageBytes of [0, 256]) {
      const bytes = database(4096, (file) => insert(file, value));
      bytes.writeUInt16BE(pageBytes, 16);
      assert.deepEqual((await open(bytes)).pieces, []);
    }
  });
});
