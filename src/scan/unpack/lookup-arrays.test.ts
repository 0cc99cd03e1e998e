import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LookupArrays } from './lookup-arrays.ts';
import { MarkIndex } from './mark-search.ts';

const arrays = new LookupArrays(new MarkIndex());

function array(word: string): string {
  return `_0x1=['${word}','b','c'];`;
}

function said(script: string): string {
  return arrays.in(Buffer.from(script)).join('\n');
}

describe('texts that a script fetches by number', () => {
  it('are put together from wherever the array may begin', () => {
    assert.match(said(`var _0x1=['x','harm','less'];_0x2(0x64)+_0x2(0x65)`), /^harmless$/m);
    assert.match(said(`var _0x1=["less","x","harm"];_0x1["0x1"]+'-'+_0x1["0x2"]`), /^harm-less$/m);
  });

  it('are decoded when all of them may be base64, whichever letters come first', () => {
    assert.match(said(`_0x1=['aGFy','bWxl','c3M=']`), /^har\nmle\nss$/m);
    assert.match(said(`_0x1=['AgfY','BwXL','C3m=']`), /^har\nmle\nss$/m);
  });

  it('are left alone in scripts without such names', () => {
    assert.equal(said(`var names=['x','harm','less'];get(1)+get(2)`), '');
  });

  it('are those of eight arrays at most', () => {
    const calls = `_0x2(0)+_0x2(1)`;
    assert.match(said(array('a').repeat(7) + array('last') + calls), /lastb/);
    assert.doesNotMatch(said(array('a').repeat(8) + array('last') + calls), /lastb/);
  });
});
