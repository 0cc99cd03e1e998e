import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AnnouncedTexts } from './announced-texts.ts';
import { MarkIndex } from './mark-search.ts';

const texts = new AnnouncedTexts(new MarkIndex());

function read(script: string): string[] {
  return texts.in(Buffer.from(script)).map(String);
}

describe('short texts in digits', () => {
  it('are read where the script has a word for that, and nowhere else', () => {
    assert.deepEqual(read('hex2bin("48656c6c6f21")'), ['Hello!']);
    assert.deepEqual(read('colour("48656c6c6f21")'), []);
  });

  it('have six pairs or more', () => {
    assert.deepEqual(read('hex2bin("48656c6c6f")'), []);
  });

  it('are read from a large number in both directions, up to 16384 digits', () => {
    const number = BigInt(`0x${Buffer.from('a text of some length').toString('hex')}`);
    assert.equal(read(`BigInt("${number}")`)[0], 'a text of some length');
    assert.equal(read(`BigInt("${number}")`)[1], Array.from('a text of some length').toReversed().join(''));
    assert.equal(read(`BigInt("${'1'.repeat(16_384)}")`).length, 2);
    assert.equal(read(`BigInt("${'1'.repeat(16_385)}")`).length, 0);
  });

  it('in base64 are those that stand for letters', () => {
    const base64 = Buffer.from('a short text').toString('base64');
    assert.deepEqual(read(`var z = atob; z("${base64}"); x = "containerfluid"`), ['a short text']);
  });
});
