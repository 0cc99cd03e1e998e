import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readsLikeWords } from './encoded-run.ts';

describe('a run of letters', () => {
  it('reads like words when small letters are more than in any data', () => {
    assert.equal(
      readsLikeWords(Buffer.from('attributehandlerlistenerDefaultTypePromptTypeinstallRequirement')),
      true,
    );
    assert.equal(
      readsLikeWords(Buffer.from(Buffer.from('a harmless text, in base64'.repeat(4)).toString('base64'))),
      false,
    );
    assert.equal(readsLikeWords(Buffer.from('00112233445566778899aabbccddeeff'.repeat(3))), false);
  });

  it('does so from 65 of 100 on', () => {
    assert.equal(readsLikeWords(Buffer.from('A'.repeat(36) + 'a'.repeat(64))), false);
    assert.equal(readsLikeWords(Buffer.from('A'.repeat(35) + 'a'.repeat(65))), true);
  });
});
