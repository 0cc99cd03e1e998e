import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DeferralCounter, deferralKey } from './deferral-counter.ts';

describe('the deferral counter', () => {
  it('counts each message of each user by itself', () => {
    const counter = new DeferralCounter();
    counter.add(deferralKey('ann', 'INBOX;uid=1', 'x'));
    counter.add(deferralKey('ann', 'INBOX;uid=1', 'y'));
    assert.equal(counter.count(deferralKey('ann', 'INBOX;uid=1', '')), 2);
    assert.equal(counter.count(deferralKey('bob', 'INBOX;uid=1', '')), 0);
  });

  it('goes by content where there is no identity', () => {
    const counter = new DeferralCounter();
    counter.add(deferralKey('ann', '', 'abc'));
    assert.equal(counter.count(deferralKey('ann', '', 'abc')), 1);
    assert.equal(counter.count(deferralKey('ann', '', 'abd')), 0);
  });

  it('forgets the oldest one above its size', () => {
    const counter = new DeferralCounter(2);
    counter.add('a');
    counter.add('b');
    counter.add('a');
    assert.deepEqual([counter.count('a'), counter.count('b')], [2, 1]);
    counter.add('c');
    assert.deepEqual([counter.count('a'), counter.count('b'), counter.count('c')], [2, 0, 1]);
    counter.forget('a');
    assert.equal(counter.count('a'), 0);
  });
});
