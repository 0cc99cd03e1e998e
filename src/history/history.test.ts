import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { CLEAN, FakeScanner, finding, MALICIOUS } from '../../test/support/fake-scanner.ts';
import { RecordingLog } from '../../test/support/recording-log.ts';
import { BatchingLog } from './batching-log.ts';
import { historyDatabase } from './history-database.ts';
import { type HistoryLimits, HistoryWriter } from './history-writer.ts';
import type { JudgedMessage } from './judgement-log.ts';
import { QuarantineRetroHunt } from './quarantine-retro-hunt.ts';
import { SqliteHistory } from './sqlite-history.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-history-'));
const closing: (() => void)[] = [];
after(() => {
  closing.forEach((close) => close());
  rmSync(folder, { recursive: true });
});

const DIGEST = 'ab'.repeat(32);
const LIMITS: HistoryLimits = { retentionDays: 10, maxDetections: 1_000, maxFetches: 1_000 };
let files = 0;

function open(limits: Partial<HistoryLimits> = {}, path = join(folder, `${(files += 1)}.db`)) {
  const file = historyDatabase(path);
  closing.push(() => file.close());
  const clock = new FakeClock();
  const log = new RecordingLog();
  const lost: number[] = [];
  const writer = new HistoryWriter(file, { ...LIMITS, ...limits });
  const written: number[] = [];
  const hooks = {
    onLost: (count: number) => void lost.push(count),
    onWritten: (count: number) => void written.push(count),
  };
  const journal = new BatchingLog(writer, hooks, clock, log);
  return { journal, history: new SqliteHistory(file), clock, log, lost, writer, written };
}

function judged(fields: Partial<JudgedMessage> = {}): JudgedMessage {
  return {
    scanId: 's1',
    subject: 'message',
    protocol: 'imaps',
    user: 'ann',
    client: '192.0.2.7',
    application: 'Thunderbird',
    mailbox: 'INBOX',
    uid: '7',
    identity: 'INBOX;uidvalidity=12;uid=7',
    isUpload: false,
    verdict: MALICIOUS,
    action: 'neutralise',
    ledgerCause: undefined,
    sha256: DIGEST,
    bytes: 100,
    generation: 'g1',
    ...fields,
  };
}

describe('the history', () => {
  it('keeps who, where, what and why of a detection', () => {
    const { journal, history, clock } = open();
    journal.record(judged());
    clock.advance(1_000);
    const [detection] = history.search({ limit: 5 }).items;
    assert.deepEqual(detection, {
      id: 1,
      at: new Date(clock.now() - 1_000).toISOString(),
      scanId: 's1',
      protocol: 'imaps',
      user: 'ann',
      client: '192.0.2.7',
      application: 'Thunderbird',
      mailbox: 'INBOX',
      uidValidity: '12',
      uid: '7',
      isUpload: false,
      verdict: 'malicious',
      cause: '',
      action: 'neutralise',
      sha256: DIGEST,
      bytes: 100,
      generation: 'g1',
      findings: [finding()],
      observed: false,
    });
  });

  it('writes nothing on the path of a message, and all of it a second later', () => {
    const { journal, history, clock } = open();
    journal.record(judged());
    clock.advance(999);
    assert.equal(history.search({ limit: 5 }).items.length, 0);
    clock.advance(1);
    assert.equal(history.search({ limit: 5 }).items.length, 1);
  });

  it('knows who got a content, clean as well, newest first', () => {
    const { journal, history } = open();
    journal.record(judged({ verdict: CLEAN, action: 'deliver', user: 'bob' }));
    journal.record(judged());
    journal.record(judged({ sha256: 'cd'.repeat(32) }));
    journal.flush();
    const fetches = history.fetchesOf(DIGEST, 10).map(({ user, verdict, action }) => [user, verdict, action]);
    assert.deepEqual(fetches, [
      ['ann', 'malicious', 'neutralise'],
      ['bob', 'clean', 'deliver'],
    ]);
    assert.equal(history.search({ limit: 10 }).items.length, 2);
  });

  it('keeps what rules on trial matched apart from what was found', () => {
    const { journal, history } = open();
    const trial = finding('Trial');
    journal.record(judged({ verdict: CLEAN, action: 'deliver', user: 'bob', observed: [trial] }));
    journal.record(judged({ observed: [trial] }));
    journal.record(judged({ verdict: CLEAN, action: 'deliver', observed: [] }));
    journal.flush();
    const rows = (query: object) =>
      history.search({ limit: 10, ...query }).items.map(({ user, verdict, observed, findings }) => {
        return [user, verdict, observed, findings.map(({ rule }) => rule).join()];
      });
    assert.deepEqual(rows({}), [['ann', 'malicious', false, finding().rule]]);
    assert.deepEqual(rows({ observed: true }), [
      ['ann', 'malicious', true, 'Trial'],
      ['bob', 'clean', true, 'Trial'],
    ]);
    assert.deepEqual(rows({ observed: true, rule: 'trial', user: 'bob' }), [['bob', 'clean', true, 'Trial']]);
  });

  it('deletes observations by their own number, so that a rule that matches everything takes no detection', () => {
    const { journal, history, writer, clock } = open({ maxDetections: 2 });
    journal.record(judged());
    for (let i = 0; i < 5; i += 1) journal.record(judged({ verdict: CLEAN, observed: [finding()] }));
    journal.flush();
    writer.prune(clock.now());
    assert.equal(history.search({ limit: 10 }).items.length, 1);
    assert.equal(history.search({ limit: 10, observed: true }).items.length, 2);
  });

  it('finds by every condition, and pages', () => {
    const { journal, history } = open();
    journal.record(judged());
    const bomb = { kind: 'unscannable', cause: 'bomb', findings: [] } as const;
    journal.record(judged({ verdict: bomb, user: 'bob', action: 'defer', sha256: 'cd'.repeat(32) }));
    journal.flush();
    const users = (query: object) => history.search({ limit: 10, ...query }).items.map(({ user }) => user);
    assert.deepEqual(users({}), ['bob', 'ann']);
    assert.deepEqual(users({ verdict: 'malicious' }), ['ann']);
    assert.deepEqual(users({ cause: 'bomb' }), ['bob']);
    assert.deepEqual(users({ rule: 'TEST_r' }), ['ann']);
    assert.deepEqual(users({ user: 'bob' }), ['bob']);
    assert.deepEqual(users({ action: 'defer' }), ['bob']);
    assert.deepEqual(users({ digest: 'cdcd' }), ['bob']);
    assert.deepEqual(users({ rule: "' OR 1=1" }), []);
    const first = history.search({ limit: 1 });
    assert.deepEqual(
      history.search({ limit: 1, cursor: first.next ?? '' }).items.map(({ user }) => user),
      ['ann'],
    );
  });

  it('counts each day what an administrator looks for', () => {
    const { journal, history, clock } = open();
    journal.record(judged());
    journal.record(judged({ verdict: CLEAN, action: 'deliver' }));
    journal.record(judged({ verdict: CLEAN, action: 'deliver', ledgerCause: 'released' }));
    clock.advance(86_400_000);
    journal.record(judged());
    journal.flush();
    const { days, total, topRules } = history.statistics('2023-01-01', '2030-01-01');
    assert.deepEqual(
      days.map(({ scanned, infected, neutralised, unscanned }) => [
        scanned,
        infected,
        neutralised,
        unscanned,
      ]),
      [
        [3, 1, 1, { released: 1 }],
        [1, 1, 1, {}],
      ],
    );
    assert.deepEqual([total.scanned, total.bytes], [4, 400]);
    assert.deepEqual(topRules, [{ rule: 'Test_Rule', namespace: 'test', detections: 2, contents: 1 }]);
  });

  it('keeps as many rows as it may, and none that are too old', () => {
    const { writer, history, clock } = open({ maxDetections: 3, maxFetches: 2 });
    writer.write([1, 2, 3, 4].map((uid) => ({ at: clock.now(), judged: judged({ uid: String(uid) }) })));
    writer.prune(clock.now());
    assert.deepEqual(
      history.search({ limit: 10 }).items.map(({ uid }) => uid),
      ['4', '3', '2'],
    );
    assert.deepEqual(
      history.fetchesOf(DIGEST, 10).map(({ uid }) => uid),
      ['4', '3'],
    );
    writer.prune(clock.now() + 10 * 86_400_000 + 1);
    assert.deepEqual(history.search({ limit: 10 }).items, []);
    assert.deepEqual(history.statistics('2023-01-01', '2030-01-01').topRules, []);
  });

  it('writes a burst in batches, each of which deletes more old rows than it adds', () => {
    const { journal, history, clock, written } = open({ maxDetections: 10 });
    for (let index = 0; index < 250; index += 1) journal.record(judged({ uid: String(index) }));
    const uids = (): readonly string[] => history.search({ limit: 1_000 }).items.map(({ uid }) => uid);
    clock.advance(1_000);
    assert.deepEqual([uids().length, uids().at(0)], [10, '99']);
    clock.advance(10);
    assert.equal(uids().at(0), '199');
    clock.advance(999);
    assert.equal(uids().at(0), '199', 'less than a batch waits for more');
    clock.advance(1);
    assert.deepEqual([uids().length, uids().at(0)], [10, '249']);
    assert.deepEqual(written, [200, 50]);
  });

  it('deletes a bounded number of old rows at a time, the oldest first', () => {
    const { writer, history, clock } = open({ maxDetections: 1 });
    writer.write(
      Array.from({ length: 202 }, (_, uid) => ({ at: clock.now(), judged: judged({ uid: `${uid}` }) })),
    );
    const uids = (): readonly string[] => history.search({ limit: 1_000 }).items.map(({ uid }) => uid);
    writer.prune(clock.now());
    assert.deepEqual(uids(), ['201', '200']);
    writer.prune(clock.now());
    assert.deepEqual(uids(), ['201']);
  });

  it('keeps what waits while the file is unusable, counts what is too much, and never throws', () => {
    const path = join(folder, 'broken.db');
    writeFileSync(path, 'no database at all'.repeat(100));
    const { journal, lost, clock, log } = open({}, path);
    for (let index = 0; index < 20_002; index += 1) journal.record(judged());
    clock.advance(5_000);
    journal.close();
    assert.deepEqual([lost.length, lost.at(-1)], [3, 20_000]);
    assert.equal(journal.problem, 'the history cannot be written');
    assert.equal(log.lines.filter(({ level }) => level === 'error').length, 1);
  });
});

function hunting(content: string, before: JudgedMessage['verdict']) {
  const opened = open();
  const { clock, log, history } = opened;
  const item = {
    id: DIGEST,
    sha256: DIGEST,
    scanId: 's',
    verdict: before,
    protocol: 'imap',
    user: 'ann',
    client: '',
    mailbox: 'INBOX',
    uid: '1',
    generation: 'g0',
    bytes: 1,
    firstSeen: '',
    lastSeen: '',
    count: 1,
    subject: '',
    sender: '',
  } as const;
  const archive = {
    search: async () => ({ items: [item], next: null }),
    read: async () => Buffer.from(content),
  };
  const hunt = new QuarantineRetroHunt({ scanner: new FakeScanner(), archive, history, clock, log });
  return { ...opened, hunt };
}

describe('the retro-hunt', () => {
  it('says who was given what is bad today', async () => {
    const encrypted = { kind: 'unscannable', cause: 'encrypted', findings: [] } as const;
    const { hunt, journal } = hunting('INFECTED', encrypted);
    journal.record(judged({ verdict: encrypted, action: 'deliver', user: 'bob' }));
    journal.record(judged({ verdict: encrypted, action: 'neutralise', user: 'ann' }));
    journal.flush();
    const report = await hunt.run(5);
    assert.deepEqual([report.judged, report.failed, report.generation], [1, 0, 'test-1']);
    const [bad] = report.nowBad;
    assert.deepEqual([bad?.sha256, bad?.before.verdict, bad?.source], [DIGEST, 'unscannable', 'quarantine']);
    assert.deepEqual(
      bad?.delivered.map(({ user }) => user),
      ['bob'],
    );
  });

  it('finds in the history what was clean for one and bad for the next', async () => {
    const { hunt, journal } = hunting('harmless', CLEAN);
    const other = 'ef'.repeat(32);
    journal.record(judged({ sha256: other, verdict: CLEAN, action: 'deliver', user: 'bob' }));
    journal.record(judged({ sha256: other, user: 'ann' }));
    journal.record(judged({ sha256: 'aa'.repeat(32) }));
    journal.flush();
    const { nowBad } = await hunt.run(5);
    assert.deepEqual(
      nowBad.map(({ sha256, source }) => [sha256, source]),
      [[other, 'history']],
    );
    assert.deepEqual(
      nowBad[0]?.delivered.map(({ user }) => user),
      ['bob'],
    );
  });

  it('does not repeat what was known to be bad and given to nobody', async () => {
    const { hunt } = hunting('INFECTED', MALICIOUS);
    assert.deepEqual((await hunt.run(5)).nowBad, []);
  });
});
