import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { BAN_MS, KillerList } from './killer-list.ts';
import { mail, MARKER, OPTIONS, request, verdictOf } from './pool-fixture.ts';
import type { NamedContent } from './scan-job.ts';
import { createScanPool, type ScanPool } from './scan-pool.ts';
import type { TaskFailure } from './thread-pool.ts';

const failures: TaskFailure[] = [];
const SLOW = mail(MARKER, 'X-Postern-Fault: delay=150');
const named = (content: Buffer): NamedContent => ({ key: content.toString('latin1'), sha256: undefined });
const KILLER = mail('x', 'X-Postern-Fault: exit');

describe('scans of one content', () => {
  let pool: ScanPool;
  before(async () => {
    const hooks = { onTaskFailure: (cause: TaskFailure) => failures.push(cause) };
    pool = await createScanPool({ ...OPTIONS, workers: 2, hooks });
  });
  beforeEach(() => {
    failures.length = 0;
  });
  after(async () => {
    await pool.close();
  });

  const judge = async (content: Buffer, user: string, leave?: AbortSignal) => {
    return await pool.judge(request(content, { user }), { content: named(content), leave });
  };

  it('occupy one worker together, and nobody else waits for them', async () => {
    const twins = ['a', 'b', 'c', 'd'].map(async (user) => await judge(SLOW, user));
    assert.deepEqual([pool.stats().running, pool.stats().queued], [1, 0]);
    const other = pool.scan(request(mail('clean')));
    assert.deepEqual([pool.stats().running, pool.stats().queued], [2, 0]);
    assert.equal(verdictOf(await other), 'clean');
    const reports = await Promise.all(twins);
    assert.deepEqual(new Set(reports.map(verdictOf)), new Set(['malicious']));
  });

  it('are all settled by the first, also those who waited for a worker', async () => {
    const holds = [1, 2].map(async () => await pool.scan(request(mail('x', 'X-Postern-Fault: delay=50'))));
    const twins = ['a', 'b', 'c'].map(async (user) => await judge(SLOW, user));
    assert.equal(pool.stats().queued, 3);
    await Promise.all(holds);
    assert.deepEqual((await Promise.all(twins)).map(verdictOf), ['malicious', 'malicious', 'malicious']);
    assert.deepEqual([pool.stats().running, pool.stats().queued], [0, 0]);
  });

  it('go on when the one that is scanned is left', async () => {
    const controller = new AbortController();
    const first = judge(SLOW, 'a', controller.signal);
    const second = judge(SLOW, 'b');
    controller.abort();
    assert.equal(verdictOf(await second), 'malicious');
    await first;
  });

  it('lose only the one who leaves while he waits', async () => {
    const controller = new AbortController();
    const first = judge(SLOW, 'a');
    const second = judge(SLOW, 'b', controller.signal);
    controller.abort(new Error('left'));
    await assert.rejects(second, /left/);
    assert.equal(verdictOf(await first), 'malicious');
  });

  it('do not share a report on bytes that could not be read', async () => {
    const content = mail(MARKER);
    const broken = {
      kind: 'memory',
      buffer: new SharedArrayBuffer(1),
      byteLength: content.byteLength,
    } as const;
    const first = pool.judge(request(broken), { content: named(content) });
    const second = pool.judge(request(content), { content: named(content) });
    assert.equal(verdictOf(await first), 'unscannable engine-failed');
    assert.equal(verdictOf(await second), 'malicious');
  });

  it('cost two threads when they kill, and no third one for a while', async () => {
    const reports = await Promise.all([judge(KILLER, 'a'), judge(KILLER, 'b')]);
    reports.push(await judge(KILLER, 'c'));
    assert.deepEqual(new Set(reports.map(verdictOf)), new Set(['unscannable engine-failed']));
    assert.deepEqual(failures, ['crashed', 'crashed']);
    assert.equal(verdictOf(await judge(mail(MARKER), 'c')), 'malicious');
  });
});

describe('killer list', () => {
  it('bans for its time, not longer', () => {
    let now = 0;
    const list = new KillerList(() => now);
    list.add('a');
    now = BAN_MS - 1;
    assert.deepEqual([list.has('a'), list.has('b')], [true, false]);
    now = BAN_MS;
    assert.equal(list.has('a'), false);
  });

  it('is bounded and forgets the oldest', () => {
    const list = new KillerList(() => 0);
    const digests = Array.from({ length: 1_001 }, (_, index) => `d${index}`);
    for (const digest of digests) {
      list.add(digest);
    }
    assert.deepEqual([list.has('d0'), list.has('d1'), list.has('d1000')], [false, true, true]);
  });
});
