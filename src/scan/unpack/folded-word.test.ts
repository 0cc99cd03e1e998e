import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { FoldedWord } from './folded-word.ts';

describe('a word in capital or small letters', () => {
  const word = new FoldedWord('base64');

  it('is found at the start, at the end and behind its own beginning', () => {
    for (const [text, at] of [
      ['base64', 0],
      ['xBASE64', 1],
      ['basebasBaSe64', 7],
      ['base6', -1],
      ['', -1],
    ] as const) {
      assert.equal(word.indexIn(Buffer.from(text)), at, text);
    }
  });

  it('is found from a place on', () => {
    assert.equal(word.indexIn(Buffer.from('base64 base64'), 1), 7);
    assert.equal(word.indexIn(Buffer.from('base64'), 1), -1);
  });

  it('is found where a search in text finds it', () => {
    const texts = fc.array(fc.constantFrom('b', 'A', 's', 'E', '6', '4', 'base64', '\u00c1', '@', 'bas'));
    fc.assert(
      fc.property(texts, (parts) => {
        const text = parts.join('');
        assert.equal(word.indexIn(Buffer.from(text, 'latin1')), text.toLowerCase().indexOf('base64'));
      }),
    );
  });
});
