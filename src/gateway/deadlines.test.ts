import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { Deadlines } from './deadlines.ts';

function setUp() {
  const clock = new FakeClock();
  const due: string[] = [];
  return { clock, due, deadlines: new Deadlines<string>(clock, (name) => due.push(name)) };
}

describe('deadlines', () => {
  it('fire once, in their order', () => {
    const { clock, due, deadlines } = setUp();
    deadlines.set('b', 200);
    deadlines.set('a', 100);
    clock.advance(99);
    assert.deepEqual(due, []);
    clock.advance(1);
    assert.deepEqual(due, ['a']);
    clock.advance(1000);
    assert.deepEqual(due, ['a', 'b']);
  });

  it('are pushed back without a new timer', () => {
    const { clock, due, deadlines } = setUp();
    deadlines.set('idle', 100);
    for (let i = 0; i < 50; i += 1) {
      clock.advance(90);
      deadlines.set('idle', 100);
      assert.equal(clock.pendingTimers, 1);
    }
    clock.advance(99);
    assert.deepEqual(due, []);
    clock.advance(1);
    assert.deepEqual(due, ['idle']);
  });

  it('do not fire once cleared or closed, and leave no timer behind', () => {
    const { clock, due, deadlines } = setUp();
    deadlines.set('a', 100);
    deadlines.set('b', 100);
    deadlines.clear('a');
    assert.equal(deadlines.has('a'), false);
    deadlines.close();
    assert.equal(clock.pendingTimers, 0);
    clock.advance(1000);
    assert.deepEqual(due, []);
  });
});
