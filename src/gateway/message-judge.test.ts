import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { CLEAN, FakeScanner, MALICIOUS } from '../../test/support/fake-scanner.ts';
import { MemoryQuarantine } from '../../test/support/memory-quarantine.ts';
import { RecordingLog } from '../../test/support/recording-log.ts';
import { configSchema } from '../base/config/schema.ts';
import { createMetrics } from '../base/metrics.ts';
import type { JudgedMessage } from '../history/judgement-log.ts';
import { DeferralCounter } from './deferral-counter.ts';
import { MessageJudge } from './message-judge.ts';

const CONTENT = Buffer.from('Subject: x\r\n\r\nINFECTED');

function judging(released: ReadonlySet<string> = new Set()) {
  const scanner = new FakeScanner();
  const registry = new Registry();
  const told: JudgedMessage[] = [];
  const quarantine = new MemoryQuarantine();
  const parts = {
    scanner,
    quarantine,
    policy: configSchema.parse({ upstream: { host: 'mail.example' } }),
    deferrals: new DeferralCounter(),
    releases: {
      find: (sha256: string, user: string) => (released.has(user) ? { id: 'r1', sha256, user } : undefined),
    },
    journal: { record: (judged: JudgedMessage) => void told.push(judged) },
    metrics: createMetrics(registry),
  };
  const log = new RecordingLog();
  const judgedFor = { listener: 'imaps', family: 'imap', client: '192.0.2.1', log } as const;
  return { scanner, registry, told, quarantine, parts, judgedFor };
}

function request(user = 'ann', isUpload = false) {
  const buffer = new SharedArrayBuffer(CONTENT.byteLength);
  new Uint8Array(buffer).set(CONTENT);
  const message = { kind: 'memory', buffer, byteLength: CONTENT.byteLength } as const;
  return {
    scan: { id: 's1', subject: 'message', message, lane: 'interactive', user },
    context: { identity: 'INBOX;uidvalidity=1;uid=7', mailbox: 'INBOX', uid: '7' },
    isUpload,
  } as const;
}

const { signal } = new AbortController();
const SIGNALS = { live: signal, scan: signal };

const thunderbird = { name: 'Thunderbird', version: '140' };

describe('the judge of messages', () => {
  it('lets a released content through to whom it is released for, and enters it in the ledger', async () => {
    const { parts, judgedFor, registry, told, quarantine } = judging(new Set(['ann']));
    const judge = new MessageJudge(parts, judgedFor);
    assert.deepEqual(await judge.judge(request('ann'), SIGNALS), { action: 'deliver', isAnswered: true });
    assert.equal(quarantine.stored.length, 0);
    assert.equal((await judge.judge(request('bob'), SIGNALS)).action, 'neutralise');
    assert.equal((await judge.judge(request('ann', true), SIGNALS)).action, 'neutralise');
    const ledger = await registry.getSingleMetric('postern_unscanned_total')?.get();
    assert.deepEqual(
      ledger?.values.map(({ labels, value }) => [labels, value]),
      [[{ protocol: 'imaps', cause: 'released' }, 1]],
    );
    assert.deepEqual(
      told.map(({ user, action, ledgerCause }) => [user, action, ledgerCause]),
      [
        ['ann', 'deliver', 'released'],
        ['bob', 'neutralise', undefined],
        ['ann', 'neutralise', undefined],
      ],
    );
  });

  it('keeps a substitute for the rest of the session when the rules change their mind', async () => {
    const { parts, judgedFor, scanner } = judging();
    const judge = new MessageJudge(parts, judgedFor);
    const first = await judge.judge(request(), SIGNALS);
    scanner.judge = () => CLEAN;
    const again = await judge.judge(request(), SIGNALS);
    assert.deepEqual([first.action, again.action], ['neutralise', 'neutralise']);
    assert.deepEqual(again.overlay, first.overlay);
    assert.equal((await new MessageJudge(parts, judgedFor).judge(request(), SIGNALS)).action, 'deliver');
  });

  it('lets a release end that', async () => {
    const released = new Set<string>();
    const { parts, judgedFor, scanner } = judging(released);
    const judge = new MessageJudge(parts, judgedFor);
    assert.equal((await judge.judge(request(), SIGNALS)).action, 'neutralise');
    released.add('ann');
    assert.equal((await judge.judge(request(), SIGNALS)).action, 'deliver');
    released.clear();
    scanner.judge = () => MALICIOUS;
    assert.equal((await judge.judge(request(), SIGNALS)).action, 'neutralise');
  });

  it('tells of every judgement, clean ones as well', async () => {
    const { parts, judgedFor, scanner, told } = judging();
    scanner.judge = () => CLEAN;
    await new MessageJudge(parts, judgedFor).judge({ ...request(), application: thunderbird }, SIGNALS);
    const [judged] = told;
    assert.deepEqual(
      [judged?.verdict.kind, judged?.application, judged?.identity, judged?.client],
      ['clean', 'Thunderbird 140', 'INBOX;uidvalidity=1;uid=7', '192.0.2.1'],
    );
  });
});
