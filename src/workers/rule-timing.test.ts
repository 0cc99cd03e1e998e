import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { createRuleFile, createRuleSet } from '../rules/rule-set.ts';
import { RuleTiming } from './rule-timing.ts';

const RULES = `
private rule helper { strings: $a = "invoice" condition: $a }
rule cheap { strings: $a = "a text that nothing has" condition: $a }
rule dear { strings: $a = /[a-z]{1,200}@[a-z]{1,200}\\.org/ condition: $a and helper }
`;

async function ended(timing: RuleTiming): Promise<void> {
  const end = performance.now() + 60_000;
  while (timing.timing.state === 'running' && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('rule timing', () => {
  it('measures every rule that acts or is on trial, dearest first, one measurement at a time', async () => {
    const timing = new RuleTiming(systemClock, silentLogger);
    assert.equal(timing.timing.state, 'never');
    const trial = createRuleFile('t.yar', 'trial', 'rule tried { condition: false }');
    const set = createRuleSet([createRuleFile('a.yar', 'a', RULES)], { shadow: [trial] });
    assert.ok(timing.start(set));
    assert.ok(!timing.start(set));
    await ended(timing);
    const { state, times, generation, truncated, at } = timing.timing;
    assert.deepEqual([state, generation, truncated], ['done', set.generation, false]);
    assert.ok(at !== null && times.every(({ msPerMb }) => msPerMb !== null));
    assert.deepEqual(times.map(({ rule }) => rule).sort(), ['cheap', 'dear', 'tried']);
    assert.equal(times.find(({ isShadow }) => isShadow)?.rule, 'tried');
    const costs = times.map(({ msPerMb }) => msPerMb ?? 0);
    assert.deepEqual(
      costs,
      costs.toSorted((a, b) => b - a),
    );
  });

  it('ends with the process, however far it is', async () => {
    const timing = new RuleTiming(systemClock, silentLogger);
    timing.start(createRuleSet([createRuleFile('a.yar', 'a', RULES)]));
    await timing.close();
    await ended(timing);
    assert.equal(timing.timing.state, 'failed');
  });
});
