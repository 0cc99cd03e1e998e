import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasCompatibleLetters } from './compatible-text.ts';
import { openAll, yields } from './open-all.ts';

const MARKER = 'POSTERN-TEST-MARK';

function moved(text: string, first: number): string {
  return text.replace(/[A-Z]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) - 0x41 + first));
}

/** Four such letters; the next one begins so many bytes behind the one before. */
function spread(apart: number): Buffer {
  return Buffer.from(['Ａ', 'Ｂ', 'Ｃ', 'Ｄ'].join('.'.repeat(apart - 3)));
}

describe('letters that look like others', () => {
  for (const [kind, text] of Object.entries({
    'of full width': Array.from(MARKER, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0)).join(''),
    'in circles': moved(MARKER, 0x24b6),
    'of formulas': moved(MARKER, 0x1d400),
    'in squares': moved(MARKER, 0x1f130),
  })) {
    it(`are read as plain ones: ${kind}`, async () => {
      assert.equal(yields(await openAll(Buffer.from(`Please see ${text} below.`)), MARKER), true);
    });
  }

  it('are a reason to read a text again from the fourth on', () => {
    assert.equal(hasCompatibleLetters(Buffer.from('这是，全角的。ＡＢ公司 １２３４５６')), false);
    assert.equal(hasCompatibleLetters(Buffer.from('ＡＢＣ')), false);
    assert.equal(hasCompatibleLetters(Buffer.from('ＡＢＣＤ')), true);
    assert.equal(hasCompatibleLetters(Buffer.from('plain letters')), false);
  });

  it('count where they stand near each other, as in data by accident they do not', () => {
    const letters = Buffer.from('ＡＢＣＤ');
    const noise = Buffer.alloc(100_000, 0xff);
    assert.equal(hasCompatibleLetters(Buffer.concat([noise, letters, noise])), true);
    assert.equal(hasCompatibleLetters(spread(64)), true);
    assert.equal(hasCompatibleLetters(spread(65)), false);
  });
});
