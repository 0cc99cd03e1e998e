import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { BULK_SHARE, type Lane, LaneQueue } from './lane-queue.ts';

interface Named {
  readonly lane: Lane;
  readonly user: string;
  readonly name: string;
}
const waiter = (user: string, name: string, lane: Lane = 'interactive'): Named => ({ user, name, lane });

function drain(queue: LaneQueue<Named>): string[] {
  const names: string[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    names.push(next.name);
  }
  return names;
}

function filled(limit: number, ...waiters: readonly Named[]): LaneQueue<Named> {
  const queue = new LaneQueue<Named>(limit);
  for (const one of waiters) {
    assert.equal(queue.push(one), undefined);
  }
  return queue;
}

describe('lane queue', () => {
  it('keeps the order of one user and lets users take turns', () => {
    const queue = filled(
      9,
      waiter('a', 'a1'),
      waiter('a', 'a2'),
      waiter('a', 'a3'),
      waiter('b', 'b1'),
      waiter('c', 'c1'),
    );
    assert.deepEqual(drain(queue), ['a1', 'b1', 'c1', 'a2', 'a3']);
  });

  it('serves interactive work first', () => {
    const queue = filled(9, waiter('a', 'bulk', 'bulk'), waiter('a', 'first'), waiter('b', 'second'));
    assert.deepEqual(drain(queue), ['first', 'second', 'bulk']);
  });

  it('gives bulk work one turn in five while interactive work keeps coming', () => {
    const interactive = Array.from({ length: 2 * BULK_SHARE }, (_, index) => waiter('a', `i${index}`));
    const queue = filled(99, waiter('b', 'b0', 'bulk'), waiter('b', 'b1', 'bulk'), ...interactive);
    const order = drain(queue);
    assert.deepEqual([order.indexOf('b0'), order.indexOf('b1')], [BULK_SHARE - 1, 2 * BULK_SHARE - 1]);
  });

  it('takes as many as its limit and turns away one more of the same user', () => {
    const queue = filled(2, waiter('a', 'a1'), waiter('a', 'a2'));
    const late = waiter('a', 'a3');
    assert.equal(queue.push(late), late);
    assert.deepEqual(drain(queue), ['a1', 'a2']);
  });

  it('sends away the newest of the longest line for a user who holds fewer places', () => {
    const newest = waiter('a', 'a3');
    const queue = filled(3, waiter('a', 'a1'), waiter('a', 'a2'), newest);
    assert.equal(queue.push(waiter('b', 'b1')), newest);
    assert.deepEqual(drain(queue), ['a1', 'b1', 'a2']);
  });

  it('sends bulk work away for interactive work, never the other way round', () => {
    const bulk = waiter('b', 'bulk', 'bulk');
    const queue = filled(1, bulk);
    assert.equal(queue.push(waiter('b', 'now')), bulk);
    const late = waiter('c', 'late', 'bulk');
    assert.equal(queue.push(late), late);
    assert.deepEqual(drain(queue), ['now']);
  });

  it('forgets who left', () => {
    const leaving = waiter('a', 'a1');
    const queue = filled(9, leaving, waiter('a', 'a2'));
    assert.equal(queue.remove(leaving), true);
    assert.equal(queue.remove(leaving), false);
    assert.deepEqual(drain(queue), ['a2']);
  });

  it('loses nobody and holds no more than its limit, whatever comes', () => {
    const anyWaiter = fc.record({
      user: fc.constantFrom('a', 'b', 'c'),
      name: fc.string(),
      lane: fc.constantFrom<Lane>('interactive', 'bulk'),
    });
    fc.assert(
      fc.property(
        fc.array(anyWaiter, { maxLength: 40 }),
        fc.integer({ min: 1, max: 10 }),
        (waiters, limit) => {
          const queue = new LaneQueue<Named>(limit);
          const left = waiters.map((one) => queue.push(one)).filter((one) => one !== undefined);
          assert.ok(queue.size <= limit);
          assert.equal(drain(queue).length + left.length, waiters.length);
          assert.equal(queue.size, 0);
        },
      ),
    );
  });
});
