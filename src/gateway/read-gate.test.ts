import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TurnBudget } from './flow/turn-budget.ts';
import { ReadGate } from './read-gate.ts';

const KIB = 1024;

const setUp = () => {
  const ends: (() => void)[] = [];
  const turns = new TurnBudget((task) => ends.push(task));
  const side = (): { gate: ReadGate; isRead: () => boolean } => {
    const channel = {
      isRead: true,
      pause: () => (channel.isRead = false),
      resume: () => (channel.isRead = true),
    };
    return { gate: new ReadGate(channel, turns), isRead: () => channel.isRead };
  };
  return { turns, side, endTurn: (): void => ends.splice(0).forEach((task) => task()) };
};

describe('a side that is read', () => {
  it('goes on in the next turn when it spent the present one', () => {
    const { side, endTurn } = setUp();
    const { gate, isRead } = side();
    gate.count(256 * KIB - 1);
    assert.equal(isRead(), true);
    gate.count(1);
    assert.equal(isRead(), false);
    endTurn();
    assert.equal(isRead(), true);
  });

  it('is read on with commands and answers while others spend the turn', () => {
    const { side } = setUp();
    const [heavy, light, heavier] = [side(), side(), side()];
    heavy.gate.count(256 * KIB);
    light.gate.count(64 * KIB);
    heavier.gate.count(64 * KIB + 1);
    assert.deepEqual([light.isRead(), heavier.isRead()], [true, false]);
  });

  it('counts only what it brought in this turn', () => {
    const { turns, side, endTurn } = setUp();
    const { gate, isRead } = side();
    gate.count(64 * KIB);
    endTurn();
    turns.spend(256 * KIB);
    gate.count(1);
    assert.equal(isRead(), true);
  });

  it('waits for its turn behind others, each of whom is paid for ahead', () => {
    const { side, endTurn } = setUp();
    const [first, second] = [side(), side()];
    first.gate.count(256 * KIB);
    second.gate.count(256 * KIB);
    endTurn();
    assert.deepEqual([first.isRead(), second.isRead()], [true, false]);
    first.gate.count(256 * KIB);
    assert.equal(first.isRead(), false);
    endTurn();
    assert.deepEqual([first.isRead(), second.isRead()], [false, true]);
  });

  it('stays unread while anything else speaks against it', () => {
    const { side, endTurn } = setUp();
    const { gate, isRead } = side();
    gate.count(256 * KIB);
    gate.close('pressure');
    endTurn();
    assert.equal(isRead(), false);
    gate.open('pressure');
    assert.equal(isRead(), true);
  });
});
