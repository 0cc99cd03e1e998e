import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { GatewayError } from '../base/errors.ts';
import type { ScanReport } from '../scan/scanner.ts';
import { maxWaitMs } from './dispatcher.ts';
import { FakeClock, mail, MARKER, OPTIONS, request, rulesFor, verdictOf } from './pool-fixture.ts';
import { createScanPool, type ScanPool, type ScanPoolOptions } from './scan-pool.ts';
import { inSharedMemory } from './self-test.ts';
import type { TaskFailure } from './thread-pool.ts';

/** A fault that lasts until somebody ends it. */
const FOREVER = 'X-Postern-Fault: delay=9999999';
const failures: TaskFailure[] = [];
const wait = (deadlineMs: number) => maxWaitMs({ deadlineMs, timeoutMs: 10_000 });
/** Lets what was just asked for reach the threads. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function withPool(
  options: Partial<ScanPoolOptions>,
  use: (pool: ScanPool) => Promise<void>,
): Promise<void> {
  failures.length = 0;
  const hooks = { onTaskFailure: (cause: TaskFailure) => failures.push(cause), ...options.hooks };
  const pool = await createScanPool({ ...OPTIONS, ...options, hooks });
  try {
    await use(pool);
  } finally {
    await pool.close();
  }
}

async function assertWorks(pool: ScanPool): Promise<void> {
  const [infected, clean] = await Promise.all([
    pool.scan(request(mail(MARKER))),
    pool.scan(request(mail('clean'))),
  ]);
  assert.deepEqual([infected, clean].map(verdictOf), ['malicious', 'clean']);
}

function detailOf({ verdict }: ScanReport): string {
  return verdict.kind === 'unscannable' ? (verdict.detail ?? '') : '';
}

describe('scan pool whose worker fails', () => {
  let pool: ScanPool;
  before(async () => {
    pool = await createScanPool({
      ...OPTIONS,
      hooks: { onTaskFailure: (cause: TaskFailure) => failures.push(cause) },
    });
  });
  after(async () => {
    await pool.close();
  });

  const cases = [
    { fault: 'throw', detail: /fault asked for/, causes: ['threw'] },
    { fault: 'exit', detail: /worker died/, causes: ['crashed', 'crashed'] },
    { fault: 'heap', detail: /ran out of memory/, causes: ['out-of-memory', 'out-of-memory'] },
  ];
  for (const { fault, detail, causes } of cases) {
    it(`calls a message engine-failed on which it meets ${fault}, tries a lost one twice at most, and heals`, async () => {
      failures.length = 0;
      const report = await pool.scan(request(mail(MARKER, `X-Postern-Fault: ${fault}`)));
      assert.equal(verdictOf(report), 'unscannable engine-failed');
      assert.match(detailOf(report), detail);
      assert.deepEqual(report.guilt, { kind: 'body' });
      assert.deepEqual(failures, causes);
      await assertWorks(pool);
    });
  }

  it('keeps the session of everybody else when all workers fail at once', async () => {
    const faulty = Array.from({ length: 4 }, async () => {
      return await pool.scan(request(mail('x', 'X-Postern-Fault: exit')));
    });
    const reports = await Promise.all([...faulty, pool.scan(request(mail(MARKER)))]);
    assert.equal(reports.map(verdictOf).at(-1), 'malicious');
    assert.equal(new Set(reports.slice(0, -1).map(verdictOf)).size, 1);
  });

  it('ignores the fault line when faults are off', async () => {
    await withPool({ faults: false }, async (sober) => {
      assert.equal(verdictOf(await sober.scan(request(mail(MARKER, 'X-Postern-Fault: exit')))), 'malicious');
      assert.deepEqual(failures, []);
    });
  });
});

describe('scan pool out of time', () => {
  for (const fault of ['loop', 'delay=9999999']) {
    it(`calls ${fault} a timeout at its limit, not before, gives the thread up and goes on`, async () => {
      const clock = new FakeClock();
      // The clock of the threads is the real one, and a busy machine needs its time for their self-test.
      await withPool({ timeoutMs: 20_000, clock }, async (pool) => {
        const scan = pool.scan(request(mail(MARKER, `X-Postern-Fault: ${fault}`)));
        await turn();
        clock.advance(19_999);
        await turn();
        assert.equal(pool.stats().running, 1);
        clock.advance(1);
        const report = await scan;
        assert.equal(verdictOf(report), 'unscannable timeout');
        assert.equal(report.timings.totalMs, 20_000);
        assert.deepEqual(failures, ['timeout']);
        await assertWorks(pool);
      });
    });
  }

  it('calls overloaded what waits too long, and does not start it any more', async () => {
    const clock = new FakeClock();
    await withPool({ timeoutMs: 2_000, deadlineMs: 3_000, clock }, async (pool) => {
      const hung = pool.scan(request(mail('x', FOREVER)));
      const late = pool.scan(request(mail(MARKER)));
      await turn();
      clock.advance(1_499);
      assert.equal(pool.stats().queued, 1);
      clock.advance(1);
      assert.equal(verdictOf(await late), 'unscannable overloaded');
      assert.equal((await late).timings.queueMs, 1_500);
      assert.equal(pool.stats().queued, 0);
      clock.advance(500);
      assert.equal(verdictOf(await hung), 'unscannable timeout');
      await assertWorks(pool);
    });
  });

  it('leaves a waiting scan time for its whole run', () => {
    assert.deepEqual([wait(60_000), wait(10_000), wait(1_000)], [50_000, 5_000, 500]);
  });
});

describe('scan pool with more work than workers', () => {
  it('turns away at once what does not fit into the queue', async () => {
    await withPool({ maxQueue: 2, timeoutMs: 3_000 }, async (pool) => {
      const running = pool.scan(request(mail('x', 'X-Postern-Fault: delay=200')));
      const waiting = [1, 2].map(async () => await pool.scan(request(mail(MARKER))));
      assert.equal(pool.stats().queued, 2);
      const refused = await pool.scan(request(mail(MARKER)));
      assert.equal(verdictOf(refused), 'unscannable overloaded');
      assert.match(detailOf(refused), /2 scans wait already/);
      assert.equal(pool.stats().running, 1);
      const reports = await Promise.all([running, ...waiting]);
      assert.deepEqual(reports.map(verdictOf), ['clean', 'malicious', 'malicious']);
    });
  });

  it('serves a user with one message before the rest of another one’s sync', async () => {
    await withPool({}, async (pool) => {
      const order: string[] = [];
      const scan = async (user: string, lane: 'bulk' | 'interactive'): Promise<void> => {
        await pool.scan(request(mail(user), { user, lane }));
        order.push(user);
      };
      const hold = pool.scan(request(mail('x', 'X-Postern-Fault: delay=100')));
      const sync = Array.from({ length: 5 }, async () => await scan('sync', 'bulk'));
      await Promise.all([hold, ...sync, scan('reader', 'interactive'), scan('other', 'bulk')]);
      assert.equal(order[0], 'reader');
      assert.ok(order.indexOf('other') <= 2);
    });
  });

  it('is not called broken for being busy', async () => {
    const clock = new FakeClock();
    await withPool({ clock }, async (pool) => {
      const scans = [1, 2].map(async () => await pool.scan(request(mail('x', FOREVER))));
      assert.equal(await pool.selfTest(), true);
      await pool.close();
      await Promise.all(scans);
      assert.equal(await pool.selfTest(), false);
    });
  });

  it('neutralises, locates and hashes while every worker hangs', async () => {
    await withPool({ timeoutMs: 60_000 }, async (pool) => {
      const hung = pool.scan(request(mail('x', FOREVER)));
      const message = inSharedMemory(mail(MARKER));
      const patches = await pool.neutralise(message, { kind: 'body' }, 'removed');
      assert.equal(patches.length, 1);
      assert.equal((await pool.locate(message, inSharedMemory(Buffer.from(MARKER)))).offsets.length, 1);
      assert.equal((await pool.digest(message))?.length, 64);
      assert.equal(pool.stats().running, 1);
      await pool.close();
      assert.equal(verdictOf(await hung), 'unscannable engine-failed');
    });
  });
});

describe('scan pool whose caller leaves', () => {
  it('drops a scan that waits', async () => {
    await withPool({}, async (pool) => {
      const running = pool.scan(request(mail('x', 'X-Postern-Fault: delay=100')));
      const controller = new AbortController();
      const waiting = pool.scan(request(mail(MARKER)), controller.signal);
      controller.abort(new Error('client left'));
      await assert.rejects(waiting, /client left/);
      assert.equal(pool.stats().queued, 0);
      await running;
      await assertWorks(pool);
    });
  });

  it('lets a scan go that runs, without a loss of its thread', async () => {
    const reports: ScanReport[] = [];
    await withPool({ hooks: { onReport: (report) => reports.push(report) } }, async (pool) => {
      const controller = new AbortController();
      const slow = request(mail(MARKER, 'X-Postern-Fault: delay=100'));
      const running = pool.scan(slow, controller.signal);
      controller.abort(new Error('client left'));
      await assert.rejects(running, /client left/);
      await assertWorks(pool);
      assert.deepEqual(reports.map(verdictOf), ['malicious', 'malicious', 'clean']);
      assert.deepEqual(failures, []);
    });
  });

  it('finishes for callers who keep the report', async () => {
    await withPool({}, async (pool) => {
      const controller = new AbortController();
      const running = pool.judge(request(mail(MARKER, 'X-Postern-Fault: delay=50')), {
        leave: controller.signal,
      });
      controller.abort();
      assert.equal(verdictOf(await running), 'malicious');
    });
  });

  it('does not begin for a caller who has left already', async () => {
    await withPool({}, async (pool) => {
      await assert.rejects(pool.scan(request(mail(MARKER)), AbortSignal.abort(new Error('gone'))), /gone/);
      assert.equal(pool.stats().running, 0);
    });
  });
});

describe('scan pool that is closed', () => {
  it('answers everything with a verdict and neutralises the whole body', async () => {
    await withPool({}, async (pool) => {
      const running = pool.scan(request(mail('x', FOREVER)));
      const waiting = pool.scan(request(mail(MARKER)));
      await pool.close();
      await pool.close();
      const reports = [await running, await waiting, await pool.scan(request(mail(MARKER)))];
      assert.deepEqual(reports.map(verdictOf), [
        'unscannable engine-failed',
        'unscannable overloaded',
        'unscannable overloaded',
      ]);
      const message = inSharedMemory(mail(MARKER));
      const patches = await pool.neutralise(message, { kind: 'ranges', ranges: [] }, 'removed');
      assert.equal(patches.length, 1);
      assert.deepEqual(await pool.locate(message, message), { offsets: [], more: false });
      assert.equal(await pool.digest(message), undefined);
    });
  });

  it('gives a compilation up', async () => {
    await withPool({}, async (pool) => {
      const replaced = pool.replaceRules(rulesFor('OTHER'));
      await Promise.all([pool.close(), assert.rejects(replaced, GatewayError)]);
    });
  });
});
