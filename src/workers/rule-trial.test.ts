import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createRuleFile, createRuleSet, type RuleSet } from '../rules/rule-set.ts';
import { loadRules } from '../rules/rule-loader.ts';
import { MARKER, mail, OPTIONS, request, rulesFor, verdictOf } from './pool-fixture.ts';
import { createScanPool, type ScanPool } from './scan-pool.ts';

const digestOf = (name: string, digest: string) => createRuleFile(name, name, `${digest}\n`);

function rules(source: string, more: Parameters<typeof createRuleSet>[1] = {}): RuleSet {
  return createRuleSet([createRuleFile('x.yar', 'x', source)], more);
}

describe('new rules in a pool', () => {
  let pool: ScanPool;
  before(async () => {
    pool = await createScanPool({ ...OPTIONS, rules: await loadRules(['config/rules/eicar.yar']) });
  });
  after(async () => await pool.close());

  it('are refused when they call ordinary mail malicious, by name of the rule', async () => {
    const { generation } = pool;
    await assert.rejects(
      pool.replaceRules(rules('rule Greedy { strings: $a = "invoice" condition: $a }')),
      /x\/Greedy calls ordinary mail malicious/,
    );
    assert.equal(pool.generation, generation);
  });

  it('are refused when they miss the EICAR file that the ones in use find', async () => {
    assert.ok(pool.findsEicar);
    await assert.rejects(pool.replaceRules(rulesFor(MARKER)), /EICAR/);
  });

  it('do not start a gateway that calls ordinary mail malicious', async () => {
    const greedy = rules('rule Greedy { condition: true }');
    await assert.rejects(createScanPool({ ...OPTIONS, rules: greedy }), /ordinary mail/);
  });
});

describe('what stands beside the rules of a pool', () => {
  const text = mail(`This has ${MARKER} in it.`);

  it('only records what rules on trial find, and denies and allows by digest', async () => {
    const pool = await createScanPool({
      ...OPTIONS,
      rules: rules('rule Nothing { condition: false }', { shadow: rulesFor(MARKER).files }),
    });
    try {
      const report = await pool.scan(request(text));
      assert.equal(verdictOf(report), 'clean');
      assert.deepEqual(report.observed?.shadow[0]?.rule, 'Marker');
      const deny = [digestOf('deny.txt', report.sha256)];
      await pool.replaceRules(rules('rule Nothing { condition: false }', { deny }));
      assert.equal(verdictOf(await pool.scan(request(text))), 'malicious');
      const allow = [digestOf('allow.txt', report.sha256)];
      await pool.replaceRules(createRuleSet(rulesFor(MARKER).files, { allow }));
      assert.equal(verdictOf(await pool.scan(request(text))), 'clean');
      assert.equal(verdictOf(await pool.scan(request(mail(`${MARKER} elsewhere`)))), 'malicious');
    } finally {
      await pool.close();
    }
  });

  it('is refused with file and line', async () => {
    const deny = [digestOf('deny.txt', '# a list\nnonsense')];
    const shadow = [createRuleFile('try.yar', 'try', 'rule broken {')];
    await assert.rejects(
      createScanPool({ ...OPTIONS, rules: rules('rule a { condition: false }', { deny, shadow }) }),
      /try\.yar:1:\d+: E001[^]*deny\.txt:2:1: digest/,
    );
  });
});
