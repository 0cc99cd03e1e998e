import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { DistantPool } from './distant-pool.ts';

/** More objects than the courier's heap holds, and little memory to make them from. */
const COURIER_KILLER = Array.from({ length: 1_500_000 }, (_, index) => [index]);
const NEVER = new AbortController().signal;

let folder = '';

async function withPool(use: (pool: DistantPool<unknown, unknown>) => Promise<void>): Promise<void> {
  const entry = pathToFileURL(join(folder, 'entry.mjs')).href;
  const spec = { entry, threads: 1, heapMb: 32, data: undefined, env: {} };
  const pool = new DistantPool<unknown, unknown>(spec, () => undefined);
  try {
    await use(pool);
  } finally {
    await pool.destroy();
  }
}

describe('a pool behind a courier', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-courier-'));
    await writeFile(
      join(folder, 'entry.mjs'),
      'export default (job) => { if (job === "loop") for (;;); return { ok: true, value: job }; };',
    );
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  it('loses what a courier had when that dies, and goes on with another', async () => {
    await withPool(async (pool) => {
      assert.deepEqual(await pool.run('a', NEVER), { kind: 'answered', value: 'a' });
      const beside = pool.run('loop', NEVER);
      const killer = await pool.run(COURIER_KILLER, NEVER);
      assert.equal(killer.kind === 'failed' && killer.cause, 'crashed');
      assert.equal((await beside).kind, 'failed');
      assert.deepEqual(pool.state, { alive: 0, started: 0 });
      assert.deepEqual(await pool.run('b', NEVER), { kind: 'answered', value: 'b' });
      assert.deepEqual(pool.state, { alive: 1, started: 1 });
    });
  });

  it('answers what runs as crashed when it is closed, and whatever comes later', async () => {
    await withPool(async (pool) => {
      const running = pool.run('loop', NEVER);
      await pool.destroy();
      const end = await running;
      assert.equal(end.kind === 'failed' && end.cause, 'crashed');
      const late = await pool.run('a', NEVER);
      assert.equal(late.kind === 'failed' && late.cause, 'crashed');
    });
  });
});
