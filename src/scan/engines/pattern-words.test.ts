import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hexWords, MIN_WORD_BYTES, textWords, type Word } from './pattern-words.ts';

function shown(words: readonly Word[] | undefined): string | undefined {
  return words?.map(({ bytes, isFolded }) => `${bytes.toString('latin1')}${isFolded ? ' i' : ''}`).join('|');
}

function text(source: string, ...modifiers: string[]): string | undefined {
  return shown(textWords(`"${source}"`, modifiers));
}

function hex(source: string): string | undefined {
  return shown(hexWords(`{${source}}`));
}

describe('the words of a pattern', () => {
  it('are its own bytes, in both widths where it asks for both', () => {
    assert.equal(text('letters'), 'letters');
    assert.equal(text('letters', 'ascii', 'fullword', 'private'), 'letters');
    assert.equal(text('lett', 'wide'), 'l\0e\0t\0t\0');
    assert.equal(text('letters', 'wide', 'ascii'), 'letters|l\0e\0t\0t\0e\0r\0s\0');
    assert.equal(text('LeTTers', 'nocase'), 'letters i');
    assert.equal(hex(' 6c 65 74 74\\n65 72 73 '.replace('\\n', '\n')), 'letters');
  });

  it('leave out what is written as an escape or is no ASCII', () => {
    assert.equal(text(String.raw`a\x41letters\\b`), 'letters');
    assert.equal(text(String.raw`a\"letters\t`), 'letters');
    assert.equal(text('äletters'), 'letters');
  });

  it('leave out what a pattern of bytes leaves open', () => {
    assert.equal(hex('01 ?? 6c657474657273 [2-4] 6c 6?'), 'letters');
    assert.equal(hex('~01 6c657474657273 ( 01 02 03 04 05 06 07 08 09 | ( 02 | 03 ) ) 04'), 'letters');
    assert.equal(hex('01 02 03 ~04 05 06 07 08'), undefined);
    assert.equal(hex('01 02 03 ( 04 | 05 ) 06 07 08 09'), undefined);
  });

  it('are none below the least length in any width', () => {
    const short = 'x'.repeat(MIN_WORD_BYTES - 1);
    assert.equal(text(short), undefined);
    assert.equal(text(`${short}x`), `${short}x`);
    assert.equal(text('xxx', 'wide'), undefined);
    assert.equal(text('xxxx', 'wide', 'ascii'), undefined);
    assert.equal(hex('01 02 03 04 05 06'), undefined);
  });

  it('are none where the pattern matches other bytes than its own', () => {
    for (const modifier of ['xor', 'xor(1-3)', 'base64', 'base64wide', 'base64("abc")']) {
      assert.equal(text('letters', modifier), undefined, modifier);
    }
  });
});
