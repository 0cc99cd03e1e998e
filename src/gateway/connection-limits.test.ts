import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectionLimits } from './connection-limits.ts';

describe('connection limits', () => {
  it('allow exactly as many as they say, and give a place back', () => {
    const limits = new ConnectionLimits(3, 2);
    assert.equal(limits.enter('192.0.2.1'), undefined);
    assert.equal(limits.enter('192.0.2.1'), undefined);
    assert.equal(limits.enter('192.0.2.1'), 'address');
    assert.equal(limits.enter('192.0.2.2'), undefined);
    assert.equal(limits.enter('192.0.2.3'), 'global');
    limits.leave('192.0.2.1');
    assert.equal(limits.enter('192.0.2.1'), undefined);
  });

  for (const [a, b, isSame] of [
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['2001:db8:1:2::5', '2001:db8:1:2:ffff::', true],
    ['2001:db8:1:2::5', '2001:db8:1:3::5', false],
    ['2001:db8::1', '2001:db8::2', true],
    ['::1', '2001:db8::1', false],
    ['fe80::1%eth0', 'fe80::2%eth0', true],
  ] as const) {
    it(`count ${a} and ${b} as ${isSame ? 'one' : 'two'}`, () => {
      const limits = new ConnectionLimits(10, 1);
      limits.enter(a);
      assert.equal(limits.enter(b), isSame ? 'address' : undefined);
    });
  }
});
