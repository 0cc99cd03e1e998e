import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { RecordingLog } from '../../test/support/recording-log.ts';
import type { AlertBatch } from './alert.ts';
import { type Channel, DeliveryFailed } from './channel.ts';
import { DeadLetters } from './dead-letters.ts';
import { MAX_WAITING, Outbox } from './outbox.ts';

const batch = (id: string): AlertBatch => ({ id, alerts: [], unlisted: 1 });
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Answers as told; without an answer it takes everything. */
class ScriptedChannel implements Channel {
  readonly name = 'scripted';
  readonly got: string[] = [];
  readonly answers: Error[] = [];
  isClosed = false;

  async send({ id }: AlertBatch): Promise<void> {
    this.got.push(id);
    const answer = this.answers.shift();
    if (answer !== undefined) throw answer;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

function setUp(maxAttempts = 3) {
  const channel = new ScriptedChannel();
  const clock = new FakeClock();
  const log = new RecordingLog();
  const dead = new DeadLetters(clock, log);
  return { channel, clock, log, dead, outbox: new Outbox({ channel, maxAttempts, dead, clock, log }) };
}

const later = () => new DeliveryFailed('away', true);

describe('the outbox', () => {
  it('tries again, each time after twice the wait, and keeps the order', async () => {
    const { channel, clock, outbox, dead } = setUp();
    channel.answers.push(later(), later());
    outbox.put(batch('a'));
    outbox.put(batch('b'));
    await settled();
    clock.advance(1_000);
    await settled();
    clock.advance(1_999);
    await settled();
    assert.deepEqual(channel.got, ['a', 'a']);
    clock.advance(1);
    await settled();
    assert.deepEqual(channel.got, ['a', 'a', 'a', 'b']);
    assert.equal(dead.total, 0);
  });

  it('makes a dead letter of what failed as often as is allowed, and goes on', async () => {
    const { channel, clock, outbox, dead, log } = setUp(2);
    channel.answers.push(later(), later());
    outbox.put(batch('a'));
    outbox.put(batch('b'));
    await settled();
    clock.advance(1_000);
    await settled();
    assert.deepEqual(channel.got, ['a', 'a', 'b']);
    assert.deepEqual(
      dead.letters.map((letter) => [letter.receiver, letter.why, letter.batch.id]),
      [['scripted', 'away', 'a']],
    );
    assert.ok(log.messages().includes('an alert did not arrive'));
  });

  it('does not repeat what can never succeed, nor hides a defect of a channel', async () => {
    const { channel, outbox, dead, clock } = setUp(2);
    channel.answers.push(new DeliveryFailed('no such receiver', false), new TypeError('a defect'));
    outbox.put(batch('a'));
    await settled();
    assert.deepEqual([channel.got, dead.total], [['a'], 1]);
    outbox.put(batch('b'));
    await settled();
    clock.advance(1_000);
    await settled();
    assert.deepEqual(channel.got, ['a', 'b', 'b']);
  });

  it('lets as many wait as its limit says, and writes off one over', async () => {
    const { channel, outbox, dead } = setUp();
    channel.answers.push(later());
    outbox.put(batch('first'));
    await settled();
    for (let i = 1; i < MAX_WAITING; i += 1) outbox.put(batch(`b${i}`));
    assert.deepEqual([outbox.waiting, dead.total], [MAX_WAITING, 0]);
    outbox.put(batch('over'));
    assert.deepEqual([outbox.waiting, dead.total], [MAX_WAITING, 1]);
  });

  it('tries once more when it is closed, and then writes off', async () => {
    const { channel, outbox, dead } = setUp();
    channel.answers.push(later(), later());
    outbox.put(batch('a'));
    await settled();
    await outbox.close(1_000);
    assert.deepEqual(channel.got, ['a', 'a']);
    assert.deepEqual([dead.total, channel.isClosed], [1, true]);
    outbox.put(batch('late'));
    assert.equal(dead.total, 2);
  });

  it('does not wait longer than its deadline for a receiver that hangs', async () => {
    const { channel, outbox, dead, clock } = setUp();
    channel.send = () => new Promise(() => undefined);
    outbox.put(batch('a'));
    const closed = outbox.close(1_000);
    clock.advance(1_000);
    await closed;
    assert.deepEqual([dead.total, channel.isClosed], [1, true]);
  });
});
