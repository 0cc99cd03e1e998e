import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rtfText } from './rtf-text.ts';

function shown(text: string): string {
  return rtfText(Buffer.from(text, 'latin1'), text).toString('utf8');
}

describe('the text of an RTF document', () => {
  it('has no optional hyphens, and the hyphens and blanks at which no line ends', () => {
    assert.equal(shown(String.raw`{\rtf1 PO\-ST\-ERN\_TE\-ST\~now\*}`), 'POSTERN-TEST now');
  });

  it('has what stands behind a backslash as it is', () => {
    assert.equal(shown(String.raw`{\rtf1 a\{b\}c\\d}`), String.raw`a{b}c\d`);
  });
});
