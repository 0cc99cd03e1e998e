import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addsNames } from './added-names.ts';

const adds = (text: string): boolean => addsNames(Buffer.from(text, 'latin1'));

describe('names that are added', () => {
  for (const text of [
    'location.href=one+two+three;',
    'Shell one & two & three',
    'Shell one() + two() + three',
    'Start-Process ($one + $two + $three)',
    'system($one.$two.$three);',
    'IEX "$one$two$three"',
    'IEX "$($one)$(${two})"',
    'IEX "${one}${two}"',
    "print(f'{one}{two}')",
    "print('%s%s' % (one, two))",
    "print('{}{}'.format(one, two))",
  ]) {
    it(`are seen in ${text}`, () => assert.equal(adds(text), true));
  }

  for (const text of [
    'The location of the shell: fish & chips, salt + pepper.',
    'https://example.org/location?one=1&two=2&three=3',
    'a&nbsp;b&nbsp;c&amp;location',
    'location = one + 2 + 3',
    'execute $one or $two, for $5.$10',
    '{one} {two}',
    '100 % (of 200)',
  ]) {
    it(`are not seen in ${text}`, () => assert.equal(adds(text), false));
  }

  it('have 64 characters at most', () => {
    const name = 'n'.repeat(64);
    assert.equal(adds(`+${name}+a`), true);
    assert.equal(adds(`+${name}n+a`), false);
  });
});
