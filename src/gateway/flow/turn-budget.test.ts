import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TurnBudget } from './turn-budget.ts';

const TURN_BYTES = 256 * 1024;

/** A budget whose turns end when the test says so. */
const setUp = () => {
  const ends: (() => void)[] = [];
  const turns = new TurnBudget((task) => ends.push(task));
  const told: string[] = [];
  const endTurn = (): void => ends.splice(0).forEach((task) => task());
  return { turns, told, ends, endTurn };
};

describe('the bytes of one turn', () => {
  it('are spent at the limit, and there again in the next turn', () => {
    const { turns, endTurn } = setUp();
    turns.spend(TURN_BYTES - 1);
    assert.equal(turns.isSpent, false);
    turns.spend(1);
    assert.equal(turns.isSpent, true);
    endTurn();
    assert.equal(turns.isSpent, false);
  });

  it('make one appointment for a turn, and none while nothing moves', () => {
    const { turns, ends, endTurn } = setUp();
    turns.spend(1);
    turns.spend(1);
    assert.equal(ends.length, 1);
    endTurn();
    assert.equal(ends.length, 0);
  });

  it('go to those who wait in the order of asking, a later turn for whom they do not reach', () => {
    const { turns, told, endTurn } = setUp();
    for (const name of ['a', 'b', 'c']) {
      turns.later(() => {
        told.push(name);
        turns.spend(TURN_BYTES / 2);
      });
    }
    endTurn();
    assert.deepEqual(told, ['a', 'b']);
    endTurn();
    assert.deepEqual(told, ['a', 'b', 'c']);
  });

  it('let who asks again come after everybody else, and not twice in a turn', () => {
    const { turns, told, endTurn } = setUp();
    const greedy = (): void => {
      told.push('greedy');
      turns.later(greedy);
    };
    turns.later(greedy);
    turns.later(() => told.push('other'));
    endTurn();
    assert.deepEqual(told, ['greedy', 'other']);
    endTurn();
    assert.deepEqual(told, ['greedy', 'other', 'greedy']);
  });

  it('return to the event loop between turns', async () => {
    const turns = new TurnBudget();
    const told: string[] = [];
    turns.later(() => told.push('resumed'));
    told.push('asked');
    queueMicrotask(() => told.push('microtask'));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(told, ['asked', 'microtask', 'resumed']);
  });
});
