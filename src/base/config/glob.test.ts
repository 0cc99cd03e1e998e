import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { globMatches } from './glob.ts';

describe('patterns with *', () => {
  it('match the whole text, whatever its case', () => {
    for (const [pattern, text, expected] of [
      ['outlook', 'Outlook', true],
      ['outlook', 'Outlook 16', false],
      ['*@example.org', 'ann@EXAMPLE.org', true],
      ['*@example.org', 'ann@example.org.evil', false],
      ['2.*', '2.1', true],
      ['a*a', 'a', false],
      ['a*b*c', 'a-b-b-c', true],
      ['a*b*c', 'a-c-b', false],
      ['*', '', true],
      ['', '', true],
    ] as const) {
      assert.equal(globMatches(pattern, text), expected, `${pattern} ${text}`);
    }
  });
});
