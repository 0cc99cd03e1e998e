import assert from 'node:assert/strict';
import { readFileSync, globSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadYara } from '../scan/engines/yara-binding.ts';
import { countRules, createRuleFile, createRuleSet } from './rule-set.ts';
import { readRuleFile, sourceOfOne } from './rule-text.ts';

const SOURCE = `import "pe"
// rule not { one }
/* rule nor { this } */
private rule helper { strings: $a = /x\\/"}/ $b = { 4d 5A // }
  } condition: any of them }
rule uses : tag { meta: text = "rule fake { }" condition: helper and pe.is_pe }
global rule everywhere { condition: true }
rule alone
{ condition: 8 \\ 2 == 4 }`;

describe('text of rules', () => {
  it('finds rules and their lines, and not the word in comments, strings and patterns', () => {
    const { imports, rules } = readRuleFile(SOURCE);
    assert.deepEqual(imports, ['import "pe"']);
    assert.deepEqual(
      rules.map(({ name, line, isPrivate, isGlobal }) => [name, line, isPrivate, isGlobal]),
      [
        ['helper', 4, true, false],
        ['uses', 6, false, false],
        ['everywhere', 7, false, true],
        ['alone', 8, false, false],
      ],
    );
  });

  it('takes along what a rule refers to, so that each compiles by itself', () => {
    const file = readRuleFile(SOURCE);
    for (const rule of file.rules) {
      assert.deepEqual(loadYara().validate(sourceOfOne(file, rule), {}).errors, [], rule.name);
    }
    const alone = sourceOfOne(file, file.rules[3] ?? assert.fail());
    assert.deepEqual([alone.includes('helper'), alone.includes('everywhere')], [false, true]);
  });

  it('finds every starter rule', () => {
    for (const path of globSync('config/rules/*.yar')) {
      const source = readFileSync(path, 'utf8');
      const count = countRules(createRuleSet([createRuleFile(path, path, source)]));
      assert.equal(readRuleFile(source).rules.length, count, path);
    }
  });

  it('ends, whatever it is given', () => {
    for (const source of ['', 'rule', 'rule x', 'private global', 'rule x { { {', '} } rule', 'import']) {
      assert.ok(readRuleFile(source).rules.length <= 1, source);
    }
  });
});
