import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { RecordingLog } from '../../test/support/recording-log.ts';
import { MAX_DELIVERIES, RetroHuntDesk } from './retro-hunt-desk.ts';

const fetched = {
  at: '',
  user: 'u',
  client: '',
  application: '',
  protocol: 'imap',
  mailbox: '',
  uid: '',
  verdict: 'clean',
  action: 'deliver',
  generation: 'g',
};

async function reportOf(...deliveries: readonly number[]) {
  const nowBad = deliveries.map((count, index) => ({
    sha256: String(index),
    findings: [],
    before: { verdict: 'clean', generation: 'g' },
    source: 'history' as const,
    delivered: Array.from({ length: count }, () => fetched),
  }));
  const rest = { generation: 'g', startedAt: '', days: 1, judged: 0, failed: 0, truncated: false };
  const clock = new FakeClock();
  const desk = new RetroHuntDesk({ run: async () => ({ ...rest, nowBad }) }, clock, new RecordingLog());
  desk.start(1, 'user:ann');
  await new Promise((resolve) => setImmediate(resolve));
  return desk.state.report;
}

it('a report is kept whole up to its limit, and says that it is cut beyond', async () => {
  const whole = await reportOf(MAX_DELIVERIES - 1, 1);
  assert.deepEqual([whole?.truncated, whole?.nowBad[1]?.delivered.length], [false, 1]);
  const cut = await reportOf(MAX_DELIVERIES, 1);
  assert.deepEqual([cut?.truncated, cut?.nowBad.length, cut?.nowBad[1]?.delivered.length], [true, 2, 0]);
});
