import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { judgedMessage } from '../../test/support/judged-message.ts';
import { RecordingLog } from '../../test/support/recording-log.ts';
import type { AlertBatch } from './alert.ts';
import { type Channel, DeliveryFailed } from './channel.ts';
import { Notifier } from './notifier.ts';

/** Refuses as often as told, then takes everything. */
class Receiver implements Channel {
  readonly name = 'siem';
  readonly got: AlertBatch[] = [];
  #refusals: number;

  constructor(refusals: number) {
    this.#refusals = refusals;
  }

  async send(batch: AlertBatch): Promise<void> {
    this.got.push(batch);
    this.#refusals -= 1;
    if (this.#refusals >= 0) throw new DeliveryFailed('answers 400', false);
  }

  async close(): Promise<void> {}
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('a dead letter is tried once more when asked, or forgotten', async () => {
  const clock = new FakeClock();
  const channel = new Receiver(3);
  const settings = { minSeverity: 'low', intervalMs: 0, repeatMs: 0, maxAttempts: 6 } as const;
  const notifier = new Notifier({ settings, channels: [channel], clock, log: new RecordingLog() });
  for (const count of [1, 2]) {
    notifier.record(judgedMessage());
    clock.advance(1);
    await settled();
    assert.equal(notifier.deadLetters.length, count);
  }
  const [newest, oldest] = notifier.deadLetters;
  assert.ok(newest !== undefined && oldest !== undefined && newest.id !== oldest.id);
  assert.ok(notifier.discard(newest.id));
  assert.ok(!notifier.discard(newest.id) && !notifier.retry(newest.id));

  assert.ok(notifier.retry(oldest.id));
  await settled();
  const [again, ...more] = notifier.deadLetters;
  assert.deepEqual(
    [again?.batch.id, more.length],
    [oldest.batch.id, 0],
    'refused again: a letter of its own',
  );
  assert.ok(again !== undefined && again.id !== oldest.id && notifier.retry(again.id));
  await settled();
  assert.deepEqual(notifier.deadLetters, []);
  assert.equal(channel.got.at(-1)?.id, oldest.batch.id, 'the same delivery in every attempt');
  assert.equal(notifier.deadLetterCount, 3);
  await notifier.close(1_000);
});
