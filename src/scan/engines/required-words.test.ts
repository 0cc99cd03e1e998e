import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tokensOf } from './condition-tokens.ts';
import { requiredWords } from './required-words.ts';

const PATTERNS = [
  { name: '$a', words: [{ bytes: Buffer.from('aaaaaaa'), isFolded: false }] },
  { name: '$ab', words: [{ bytes: Buffer.from('bbbbbbbb'), isFolded: false }] },
  { name: '$ac', words: [{ bytes: Buffer.from('ccccccccc'), isFolded: false }] },
  { name: '$', words: undefined },
];

/** The first letters of the words of a condition. */
function required(condition: string): string | undefined {
  const words = requiredWords(tokensOf(condition), PATTERNS);
  return words?.map(({ bytes }) => bytes.toString('latin1', 0, 1)).join('');
}

describe('the words that a condition asks for', () => {
  it('are those of the pattern that has to be there', () => {
    for (const condition of ['$a', '#a > 0', '#a >= 1', '($a)', '(($a) and ($))', '$a and #ac >= 0']) {
      assert.equal(required(condition), 'a', condition);
    }
  });

  it('are those of each choice, and of one demand', () => {
    assert.equal(required('$a or $ab'), 'ab');
    assert.equal(required('$a and $ab'), 'b');
    assert.equal(required('$ac and ($a or $ab)'), 'c');
    assert.equal(required('($a and $ab) or ($ac and $)'), 'bc');
  });

  it('are those of so many patterns of a set that too few are left without them', () => {
    assert.equal(required('any of ($a, $ab, $ac)'), 'cba');
    assert.equal(required('2 of ($a, $ab, $ac)'), 'cb');
    assert.equal(required('all of ($a, $ab, $ac)'), 'c');
    assert.equal(required('7 of ($a, $ab)'), 'b');
    assert.equal(required('2 of ($a*)'), 'cb');
    assert.equal(required('2 of them'), 'cba');
    assert.equal(required('all of them'), 'c');
  });

  it('are none where one of what is asked for has none', () => {
    for (const condition of ['$a or $', 'any of them', '$a or #ab >= 0', '$missing', '$a or other', '']) {
      assert.equal(required(condition), undefined, condition);
    }
  });

  it('are none where a pattern is in a set twice, or is not there', () => {
    for (const condition of ['2 of ($a, $a, $ab)', '2 of ($a*, $ab)', 'any of ($x*)', 'any of ($a, $x)']) {
      assert.equal(required(condition), undefined, condition);
    }
  });
});
