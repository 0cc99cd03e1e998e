import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { finding } from '../../test/support/fake-scanner.ts';
import { RecordingLog } from '../../test/support/recording-log.ts';
import { historyDatabase } from './history-database.ts';
import type { JudgedMessage } from './judgement-log.ts';
import type { NowBad, RetroHuntReport } from './retro-hunt-report.ts';
import { RuleChangeHunts, SETTLE_MS } from './rule-change-hunts.ts';
import { SqliteHuntShelf } from './sqlite-hunt-shelf.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-hunts-'));
const closing: (() => void)[] = [];
after(() => {
  closing.forEach((close) => close());
  rmSync(folder, { recursive: true });
});
let files = 0;

function bad(sha256: string, users: readonly string[]): NowBad {
  const fetch = { at: '2026-01-01T00:00:00.000Z', client: '192.0.2.7', application: '', protocol: 'imaps' };
  const delivered = users.map((user) => ({
    ...fetch,
    user,
    mailbox: 'INBOX',
    uid: '7',
    verdict: 'clean',
    action: 'deliver',
    generation: 'g0',
  }));
  const before = { verdict: 'clean', generation: 'g0' };
  return { sha256, findings: [finding()], before, source: 'history', delivered };
}

function open(days: number, run?: (signal?: AbortSignal) => Promise<void>) {
  const file = historyDatabase(join(folder, `${(files += 1)}.db`));
  closing.push(() => file.close());
  const shelf = new SqliteHuntShelf(file);
  const clock = new FakeClock();
  const log = new RecordingLog();
  const told: JudgedMessage[] = [];
  const state: { generation: string; nowBad: NowBad[]; runs: number[] } = {
    generation: 'g1',
    nowBad: [],
    runs: [],
  };
  const hunt = {
    run: async (asked: number, signal?: AbortSignal): Promise<RetroHuntReport> => {
      state.runs.push(asked);
      await run?.(signal);
      const { generation, nowBad } = state;
      const startedAt = '2026-01-02T00:00:00.000Z';
      return { generation, startedAt, days: asked, judged: 3, failed: 0, truncated: false, nowBad };
    },
  };
  const alerts = { record: (judged: JudgedMessage) => void told.push(judged) };
  const hunts = new RuleChangeHunts({ hunt, days, shelf, alerts, clock, log });
  const change = async (generation: string) => {
    state.generation = generation;
    hunts.changed(generation);
    clock.advance(SETTLE_MS);
    await hunts.settled();
  };
  return { hunts, shelf, clock, log, told, state, change };
}

describe('the retro-hunt behind a change of the rules', () => {
  it('runs when the rules have settled, once for a burst of changes', async () => {
    const { hunts, clock, state, shelf } = open(5);
    hunts.changed('g0');
    clock.advance(SETTLE_MS - 1);
    hunts.changed('g1');
    clock.advance(SETTLE_MS - 1);
    assert.deepEqual(state.runs, []);
    clock.advance(1);
    await hunts.settled();
    assert.deepEqual(state.runs, [5]);
    assert.equal(shelf.list(10).length, 1);
  });

  it('never runs with 0 days', async () => {
    const { hunts, clock, state } = open(0);
    hunts.changed('g1');
    clock.advance(10 * SETTLE_MS);
    await hunts.settled();
    assert.deepEqual(state.runs, []);
    assert.equal(clock.pendingTimers, 0);
  });

  it('is not repeated for rules that were hunted with, as after a restart', async () => {
    const { change, state } = open(5);
    await change('g1');
    await change('g1');
    await change('g2');
    assert.equal(state.runs.length, 2);
  });

  it('tells who was given what is bad now, once for each content', async () => {
    const { change, state, told, log, shelf } = open(5);
    state.nowBad = [bad('ab'.repeat(32), ['bob', 'ann'])];
    await change('g1');
    state.nowBad = [...state.nowBad, bad('cd'.repeat(32), ['eve'])];
    await change('g2');
    assert.deepEqual(
      told.map(({ user, action, verdict }) => [user, action, verdict.kind]),
      ['bob', 'ann', 'eve'].map((user) => [user, 'deliver', 'malicious']),
    );
    assert.equal(log.lines.filter(({ level }) => level === 'warn').length, 2);
    assert.deepEqual(
      shelf.list(10).map(({ generation, nowBad }) => [generation, nowBad.length]),
      [
        ['g2', 2],
        ['g1', 1],
      ],
    );
  });

  it('keeps a bounded report, and says that it was cut', () => {
    const { shelf } = open(5);
    const users = Array.from({ length: 101 }, (_, i) => `user${i}`);
    const base = { generation: 'g', startedAt: '', days: 1, judged: 1, failed: 0, truncated: false };
    shelf.add({ ...base, nowBad: [bad('ab'.repeat(32), users.slice(1))] });
    shelf.add({ ...base, nowBad: [bad('ab'.repeat(32), users)] });
    const [over, at] = shelf.list(10);
    assert.deepEqual([at?.truncated, at?.nowBad[0]?.delivered.length], [false, 100]);
    assert.deepEqual([over?.truncated, over?.nowBad[0]?.delivered.length], [true, 100]);
    for (let i = 0; i < 60; i += 1) shelf.add({ ...base, nowBad: [] });
    assert.equal(shelf.list(1_000).length, 50);
  });

  it('ends with the process, and a failed hunt is an error in the log only', async () => {
    const ended = open(5, async (signal) => {
      await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('over'))));
    });
    ended.hunts.changed('g1');
    ended.clock.advance(SETTLE_MS);
    await ended.hunts.close();
    ended.hunts.changed('g2');
    assert.equal(ended.clock.pendingTimers, 0);
    assert.deepEqual(ended.log.lines, []);
    const failed = open(5, () => Promise.reject(new Error('locked')));
    await failed.change('g1');
    assert.equal(failed.log.lines.filter(({ level }) => level === 'error').length, 1);
  });
});
