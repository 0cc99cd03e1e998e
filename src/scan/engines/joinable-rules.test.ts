import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sieveOf } from './joinable-rules.ts';

function rule(condition: string, strings = '$a = "one" $b = "two"', head = 'rule r'): string {
  return `${head} { meta: author = "a } b" n = -1 strings: ${strings} condition: ${condition} }`;
}

/** The condition that is left of one rule. */
function left(condition: string): string | undefined {
  return /condition: +(.*) and \(any of them or true\) \}$/.exec(sieveOf(rule(condition))?.source ?? '')?.[1];
}

const OWN_SIEVES: readonly string[] = [
  'rule r : tag other { strings: $ = "x" wide ascii condition: any of them }',
  rule('$a'),
  rule('$a and ($b or any of ($a*))'),
  rule('2 of them'),
  rule('all of ($a, $b)'),
  rule('#a > 3 and #b >= 1'),
  rule('$a', '$a = { 01 ?? [2-4] ~02 ( 03 | 04 ) } private'),
  rule('$a', '$a = /ab[^c]\\b/i nocase fullword'),
  rule('$a', '$a = "x" xor(1-3) $b = "y" base64("abc")'),
  `/* } */ ${rule('$a')} // more\n${rule('$b', '$b = "{"', 'private rule s')}`,
  `import "pe" ${rule('$a')}`,
  '',
];

const WITHOUT_SIEVE: readonly string[] = [
  ...['not $a', 'none of them', '0 of them', '#a < 3', '#a == 3', '#a > #b', '#a > 3KB', '#a > 3 - 2'].map(
    (condition) => rule(condition),
  ),
  ...['@a < @b', 'uint16(0) == 0x5a4d', '50% of them', 'other', 'true', '$a or filesize < 9', ''].map(
    (condition) => rule(condition),
  ),
  rule('for any i in (1..2) : ($a and $b)'),
  rule('not ($a and $b)'),
  rule('$a and 6 / 2 == 3'),
  rule('$a', '$a = /^one/'),
  rule('$a', '$a = /one$/'),
  rule('$a', '$a = /one\\B/'),
  rule('$a', '$a = "one" unheard'),
  rule('$a', undefined, 'global rule r'),
  `include "other.yar" ${rule('$a')}`,
  `${rule('$a')} junk`,
  'rule r { condition: ',
];

describe('the sieve of rules', () => {
  it('is the rules themselves where they ask for patterns and nothing else', () => {
    for (const source of OWN_SIEVES) {
      assert.equal(sieveOf(source)?.source, source, source);
    }
  });

  it('leaves out what is asked on places, sizes, absence and other rules', () => {
    assert.equal(left('$a and filesize < 1000'), '($a)');
    assert.equal(left('uint16(0) == 0x5a4d /* } */ and ($a or ($b and not $a)) // }\n'), '((($a or ($b))))');
    assert.equal(left('$a at 0 or $b in (0..100)'), '(($a or $b))');
    assert.equal(
      left('#a > 1 and #a < 9 and other and pe.name == "a } b" and any of them'),
      '(#a > 1 and any of them)',
    );
  });

  it('takes a text in a condition for a text, whatever stands in it', () => {
    for (const text of ['http://x', '/* ', ' ( ', ' and $a and ', String.raw`\" or (`]) {
      assert.equal(left(`$a and pe.name == "${text}" or filesize < 9`), undefined, text);
      assert.equal(left(`pe.name == "${text}" and $b`), '($b)', text);
    }
    assert.equal(sieveOf(rule('$a and x == "(" or filesize < 9 or x == ")"')), undefined);
  });

  it('asks for no whole word where it is not known what stands beside it', () => {
    const sieve = sieveOf(rule('any of them', '$a = "one" fullword xor wide $b = "two" xor(1-9) fullword'));
    assert.equal(sieve?.source, rule('any of them', '$a = "one"  xor wide $b = "two" xor(1-9) '));
  });

  it('is not there for rules that ask for no pattern, and for what is not understood', () => {
    for (const source of WITHOUT_SIEVE) {
      assert.equal(sieveOf(source), undefined, source);
    }
  });

  it('has the words of each rule, and beside them the rules that have none', () => {
    const worded = rule('$a at 0 and filesize < 9', '$a = "letters"');
    const wordless = rule('any of them', '$a = /letters/ $b = "letters" xor fullword', 'rule s');
    const sieve = sieveOf(`import "pe" ${worded} /* a */ ${wordless} // b`);
    assert.deepEqual(sieve?.words, [{ bytes: Buffer.from('letters'), isFolded: false }]);
    const kept = wordless.replace('fullword', '');
    assert.equal(sieve?.rest, `import "pe"  /* a */ ${kept} // b`);
    assert.equal(sieveOf(worded)?.rest, undefined);
    assert.deepEqual(sieveOf(wordless)?.words, []);
  });
});
