import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createQuotedTextUnpacker } from './inline/coded-text.ts';
import { TextLikeness } from './inline/text-likeness.ts';

const unpacker = createQuotedTextUnpacker(new TextLikeness());

function isQuoted(text: string): boolean {
  return unpacker.recognises({ path: '1', depth: 1, bytes: Buffer.from(text) });
}

describe('a text that is quoted-printable without saying so', () => {
  it('has a soft break', () => {
    for (const text of [
      'POS=\nTERN',
      'a word =\r\nand more',
      'f(a) =\nb',
      'x=\n  indented',
      'a="1" b=\r\nc',
    ]) {
      assert.equal(isQuoted(text), true, text);
    }
  });

  it('is no script with values in the next lines', () => {
    for (const text of ['const a =\n  b;', 'if (a ===\r\n\tb)', 'total +=\n    1', 'f = (a) =>\n  a']) {
      assert.equal(isQuoted(text), false, text);
    }
  });

  it('has escapes behind every sign, and enough of them', () => {
    assert.equal(isQuoted('=50=4F=53=54'), true);
    assert.equal(isQuoted('=50=4F=53'), false);
    assert.equal(isQuoted('=50=4F=53=54 a=b'), false);
  });
});
