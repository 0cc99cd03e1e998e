import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { AttemptThrottle, MAX_KEYS } from './attempt-throttle.ts';

function failing(times: number, throttle: AttemptThrottle, key: string): void {
  for (let i = 0; i < times; i += 1) throttle.failed([key]);
}

describe('the throttle of attempts', () => {
  it('lets three mistakes pass, then doubles the wait up to a minute', () => {
    const throttle = new AttemptThrottle(new FakeClock());
    failing(3, throttle, 'a');
    assert.equal(throttle.waitMs(['a']), 0);
    const waits = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000];
    for (const wait of waits) {
      throttle.failed(['a']);
      assert.equal(throttle.waitMs(['a', 'another']), wait);
    }
  });

  it('remembers so many keys and not one more; who tries again is not forgotten for it', () => {
    const throttle = new AttemptThrottle(new FakeClock());
    failing(4, throttle, 'oldest');
    failing(4, throttle, 'busy');
    for (let i = 0; i < MAX_KEYS - 2; i += 1) throttle.failed([`name ${i}`]);
    assert.ok(throttle.waitMs(['oldest']) > 0);
    throttle.failed(['busy']);
    throttle.failed(['one more']);
    assert.equal(throttle.waitMs(['oldest']), 0);
    assert.ok(throttle.waitMs(['busy']) > 0);
  });

  it('forgets after a quarter of an hour, and at once after success', () => {
    const clock = new FakeClock();
    const throttle = new AttemptThrottle(clock);
    failing(4, throttle, 'a');
    throttle.succeeded(['a']);
    throttle.failed(['a']);
    assert.equal(throttle.waitMs(['a']), 0);
    failing(3, throttle, 'a');
    clock.advance(15 * 60_000 + 1);
    throttle.failed(['a']);
    assert.equal(throttle.waitMs(['a']), 0);
  });
});
