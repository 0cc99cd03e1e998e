import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rtfTexts } from './rtf-text.ts';

function readings(text: string): string[] {
  return rtfTexts(Buffer.from(text, 'latin1'), text).map((reading) => reading.toString('utf8'));
}

function shown(text: string): string {
  return readings(text)[0] ?? '';
}

/** Hidden text in groups in each other. */
function inGroups(count: number): string {
  return `A${'{'.repeat(count)}\\*x${'}'.repeat(count)}B`;
}

describe('the text of an RTF document', () => {
  it('has no optional hyphens, and the hyphens and blanks at which no line ends', () => {
    assert.equal(shown(String.raw`{\rtf1 PO\-ST\-ERN\_TE\-ST\~now\*}`), 'POSTERN-TEST now');
  });

  it('has what stands behind a backslash as it is', () => {
    assert.equal(shown(String.raw`{\rtf1 a\{b\}c\\d}`), String.raw`a{b}c\d`);
  });

  it('has no hidden letters in the second reading, where they stand inside a word', () => {
    const cut = String.raw`{\rtf1 POST{\*\bkmkstart a}ERN{\v b}-T\v c\v0 EST}`;
    assert.deepEqual(readings(cut), ['POSTaERNb-TcEST', 'POSTERN-TEST']);
    assert.deepEqual(readings(String.raw`{\rtf1 PO{\info{\title x}}ST}`), ['POxST', 'POST']);
    const deleted = String.raw`{\rtf1 POST{\deleted a}ERN\deleted\v b\v0 c\deleted0 -T\deleted d\plain EST}`;
    assert.deepEqual(readings(deleted), ['POSTaERNbc-TdEST', 'POSTERN-TEST']);
    const plain = String.raw`{\rtf1 POST{\*\x \u98?}ERN\v x\plain -TEST}`;
    assert.deepEqual(readings(plain), ['POSTbERNx-TEST', 'POSTERN-TEST']);
  });

  it('is read once when what is hidden stands between words', () => {
    assert.equal(
      readings(String.raw`{\rtf1{\*\generator a;}one {\*\bkmkstart a}two{\v three} four}`).length,
      1,
    );
  });

  it('has hidden groups fewer than 1024 in each other', () => {
    assert.deepEqual(readings(inGroups(1023)), ['AxB', 'AB']);
    assert.deepEqual(readings(inGroups(1024)), ['AxB']);
  });

  it('goes on with groups deeper than are counted', () => {
    const deep = `{\\rtf1 A{\\*\\a ${'{x'.repeat(3000)}${'}'.repeat(3000)}}B}`;
    assert.equal(readings(deep)[1], 'AB');
  });
});
