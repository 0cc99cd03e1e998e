import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Seeded } from '../../../test/corpus/seeded.ts';
import { Budget } from '../budget.ts';
import { JoinedContents } from '../joined-contents.ts';
import { ContentKey } from '../content-key.ts';
import { PieceLedger } from '../piece-ledger.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import { compileRules } from './yara-compiler.ts';
import { createYaraEngine } from './yara-engine.ts';

const JOINABLE = `
rule words { strings: $a = "one" fullword $b = "two" wide fullword condition: any of them }
rule letters { strings: $a = /\\bab{1,2}c\\b/ nocase $b = { 00 01 [1-3] 02 } condition: $a or $b }
rule counted { strings: $a = "x" xor(1-2) $b = "yy" condition: #a > 1 and #b >= 2 }
`;

function engineOf(source: string) {
  const compiled = compileRules([{ path: 'rules.yar', namespace: 'test', source }]);
  assert.equal(compiled.kind, 'compiled');
  return createYaraEngine(compiled.serialised);
}

function joined(contents: readonly Buffer[]): Buffer {
  const together = new JoinedContents();
  const ledger = new PieceLedger();
  for (const bytes of contents) {
    const { record } = ledger.note(ContentKey.of(bytes), { range: undefined });
    together.add({ piece: { path: '', bytes, depth: 0 }, record }, false);
  }
  return together.take(Buffer.alloc(together.length)).bytes;
}

describe('contents that are matched together', () => {
  it('match whenever one of them does', async () => {
    const engine = engineOf(JOINABLE);
    const budget = new Budget(TEST_LIMITS, () => 0);
    const random = new Seeded('joined contents');
    const words = ['one', 't\0w\0o\0', 'abbC', '\0\x01', '\x02', 'y', '\0', ' ', '_', 'z', 'zy'];
    let matches = 0;
    for (let round = 0; round < 300; round += 1) {
      const contents = Array.from({ length: 4 }, () =>
        Buffer.from(
          Array.from({ length: random.between(0, 5) }, () => random.pick(words)).join(''),
          'latin1',
        ),
      );
      let matchesOne = false;
      for (const bytes of contents) {
        const findings = await engine.inspect({ path: '', bytes, depth: 0 }, '', budget);
        matchesOne ||= findings.length > 0;
      }
      matches += matchesOne ? 1 : 0;
      assert.ok(!matchesOne || engine.mayMatch?.(joined(contents), budget), JSON.stringify(contents));
    }
    assert.ok(matches > 50 && matches < 300);
  });

  it('are not matched together when a rule asks for more than patterns', () => {
    assert.equal(engineOf(`${JOINABLE} rule s { condition: filesize < 10 }`).mayMatch, undefined);
  });
});
