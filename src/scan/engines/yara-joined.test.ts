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

/** Rules with a sieve that is weaker than they are. */
const ANCHORED = `
import "math"
rule start { strings: $a = "one" $b = "two" wide condition: $a at 0 and not $b }
rule size { strings: $a = "zy" condition: uint8(0) == 0x20 and filesize < 12 and (#a > 1 or math.min(1, 2) == 1 and $a) }
rule both { strings: $a = "_z" $b = "y " condition: for all of ($a, $b) : ($) and any of ($a, $b) }
`;

/** Rules that have words, and some that have none. */
const WORDED = `
rule few { strings: $a = "letters" nocase $b = "lett" wide $c = { 6c 65 74 } condition: 2 of them and filesize < 90 }
rule bytes { strings: $a = { 00 65 00 72 00 73 00 ?? 65 } condition: $a }
rule last { strings: $a = "lettlett" $b = "ersl\\x65tters" condition: ($a at 0 or #b > 1) and not filesize == 3 }
`;
const WORDLESS = 'rule other { strings: $a = /erse{1,2}ers/ $b = "LETTLETT" xor(1-2) condition: $a or $b }';
const PARTS = [
  'lett',
  'ers',
  'letters',
  'LETTers',
  'LETT',
  'l\0e\0t\0t\0',
  '\0e\0r\0s\0',
  '.',
  'e',
  'MDUU',
  '_',
  '+',
];

const WORDS = ['one', 't\0w\0o\0', 'abbC', '\0\x01', '\x02', 'y', '\0', ' ', '_', 'z', 'zy'];

/** How often one of four contents matched; fails when the four together do not then, or always do. */
async function matchesTogether(source: string, words: readonly string[]): Promise<number> {
  let engine = engineOf(source);
  const budget = new Budget(TEST_LIMITS, () => 0);
  const random = new Seeded('joined contents');
  let [matches, held] = [0, 0];
  for (let round = 0; round < 300; round += 1) {
    engine = round % 60 === 59 ? engineOf(source) : engine; // before it knows that most match
    const contents = Array.from({ length: 4 }, () =>
      Buffer.from(Array.from({ length: random.between(0, 5) }, () => random.pick(words)).join(''), 'latin1'),
    );
    let matchesOne = false;
    for (const bytes of contents) {
      const findings = await engine.inspect({ path: '', bytes, depth: 0 }, '', budget);
      matchesOne ||= findings.length > 0;
    }
    matches += matchesOne ? 1 : 0;
    const mayMatch = engine.mayMatch?.(joined(contents), budget);
    assert.ok(!matchesOne || mayMatch, JSON.stringify(contents));
    held += mayMatch === false ? 1 : 0;
  }
  assert.ok(held > 10, String(held));
  return matches;
}

describe('contents that are matched together', () => {
  it('match whole words under every key, whose neighbours another key would make letters', () => {
    const engine = engineOf('rule r { strings: $a = "marker" xor fullword condition: $a }');
    const budget = new Budget(TEST_LIMITS, () => 0);
    for (let key = 0; key < 256; key += 1) {
      const bytes = Buffer.from(Buffer.from('marker').map((byte) => byte ^ key));
      assert.equal(engine.mayMatch?.(joined([bytes]), budget), true, String(key));
    }
  });

  for (const [name, source, words] of [
    ['rules that are their own sieve', JOINABLE, WORDS],
    ['rules with a weaker sieve', ANCHORED, WORDS],
    ['rules with words', WORDED, PARTS],
    ['rules with words and others', WORDED + WORDLESS, PARTS],
  ] as const) {
    it(`match ${name} whenever one of them does`, async () => {
      const matches = await matchesTogether(source, words);
      assert.ok(matches > 20 && matches < 300, String(matches));
    });
  }

  it('are looked at one by one for a while when the sieve lets most through', () => {
    const engine = engineOf('rule r { strings: $a = "one" condition: $a at 5 }');
    const budget = new Budget(TEST_LIMITS, () => 0);
    const one = Buffer.from('one');
    const nothing = Buffer.from('nothing');
    assert.equal(engine.mayMatch?.(nothing, budget), false);
    for (let look = 0; look < 64; look += 1) {
      assert.equal(engine.mayMatch?.(one, budget), true);
    }
    assert.equal(engine.mayMatch?.(nothing, budget), true);
    for (let look = 0; look < 1_024; look += 1) {
      engine.mayMatch?.(nothing, budget);
    }
    assert.equal(engine.mayMatch?.(nothing, budget), false);
  });

  it('are not matched together when a rule asks for no pattern', () => {
    assert.equal(engineOf(`${JOINABLE} rule s { condition: filesize < 10 }`).mayMatch, undefined);
  });
});
