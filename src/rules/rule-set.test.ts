import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countRules, createRuleFile, createRuleSet } from './rule-set.ts';

const A = createRuleFile('a.yar', 'a', 'rule a { condition: true }');
const B = createRuleFile('b.yar', 'b', 'rule b { condition: true }');

describe('rule set', () => {
  it('has the same generation in whatever order the files were read', () => {
    assert.equal(createRuleSet([A, B]).generation, createRuleSet([B, A]).generation);
  });

  it('changes its generation with content, namespace and number of files, not with the place', () => {
    const generation = createRuleSet([A]).generation;
    assert.match(generation, /^[0-9a-f]{12}$/);
    assert.notEqual(
      createRuleSet([createRuleFile('a.yar', 'a', 'rule x { condition: true }')]).generation,
      generation,
    );
    assert.notEqual(createRuleSet([createRuleFile('a.yar', 'z', A.source)]).generation, generation);
    assert.notEqual(createRuleSet([A, B]).generation, generation);
    assert.equal(createRuleSet([createRuleFile('moved/a.yar', 'a', A.source)]).generation, generation);
  });

  it('counts rules, not the word in comments and strings', () => {
    const source = [
      '/* rule no1 { */ // rule no2 {',
      '  // rule no3 {',
      'private rule one : tag { condition: true }',
      'global private rule two { strings: $a = "a rule three" condition: $a }',
      'rule',
      '  three { condition: true }',
    ].join('\n');
    assert.equal(countRules(createRuleSet([createRuleFile('c.yar', 'c', source)])), 3);
  });
});
