import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_TALLIED, RuleTally } from './rule-tally.ts';

const hit = (rule: string, engine = 'yara') => ({ engine, namespace: 'n', rule });

describe('rule tally', () => {
  it('counts messages, not pieces, and keeps engines apart', () => {
    const tally = new RuleTally();
    tally.add([hit('a'), hit('a'), hit('a', 'shadow')], 1);
    tally.add([hit('a'), hit('b')], 2);
    assert.deepEqual(
      tally.list().map(({ engine, rule, messages, lastAt }) => [engine, rule, messages, lastAt]),
      [
        ['yara', 'a', 2, 2],
        ['shadow', 'a', 1, 1],
        ['yara', 'b', 1, 2],
      ],
    );
  });

  it('is bounded and forgets what was hit longest ago', () => {
    const tally = new RuleTally();
    for (let i = 0; i < MAX_TALLIED; i += 1) {
      tally.add([hit(`r${i}`)], i);
    }
    tally.add([hit('r0')], MAX_TALLIED);
    assert.equal(tally.list().length, MAX_TALLIED);
    tally.add([hit('new')], MAX_TALLIED);
    const names = new Set(tally.list().map(({ rule }) => rule));
    assert.deepEqual([names.size, names.has('r0'), names.has('r1')], [MAX_TALLIED, true, false]);
  });
});
