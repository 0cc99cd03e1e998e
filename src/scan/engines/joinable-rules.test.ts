import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isJoinable } from './joinable-rules.ts';

function rule(condition: string, strings = '$a = "one" $b = "two"', head = 'rule r'): string {
  return `${head} { meta: author = "a } b" n = -1 strings: ${strings} condition: ${condition} }`;
}

const JOINABLE: readonly string[] = [
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
  '',
];

const NOT_JOINABLE: readonly string[] = [
  rule('not $a'),
  rule('none of them'),
  rule('0 of them'),
  rule('#a < 3'),
  rule('#a == 3'),
  rule('#a > #b'),
  rule('#a > 3KB'),
  rule('#a > 3 - 2'),
  rule('$a and filesize < 1000'),
  rule('$a at 0'),
  rule('$a in (0..100)'),
  rule('@a < @b'),
  rule('uint16(0) == 0x5a4d and $a'),
  rule('for any i in (1..2) : (@a[i] < 3)'),
  rule('50% of them'),
  rule('other and $a'),
  rule('true'),
  rule('$a /* } */'),
  rule('$a // }\n'),
  rule('$a', '$a = /^one/'),
  rule('$a', '$a = /one$/'),
  rule('$a', '$a = /one\\B/'),
  rule('$a', '$a = "one" unheard'),
  rule('$a', undefined, 'global rule r'),
  `import "pe" ${rule('$a')}`,
  `include "other.yar" ${rule('$a')}`,
  `${rule('$a')} junk`,
  'rule r { condition: ',
];

describe('rules that may be matched on many contents at once', () => {
  it('ask for patterns and nothing else', () => {
    for (const source of JOINABLE) {
      assert.equal(isJoinable(source), true, source);
    }
  });

  it('are not those that ask for places, sizes, absence or other rules', () => {
    for (const source of NOT_JOINABLE) {
      assert.equal(isJoinable(source), false, source);
    }
  });
});
