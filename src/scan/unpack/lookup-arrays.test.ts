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

/** What is made of a script with so many names, each used once. */
function named(count: number): string {
  return said(Array.from({ length: count }, (_, at) => `_0xg${at}`).join(`=['aGFy','bWxl','c3M='];`));
}

/** What is made of an array of so many texts. */
function fetched(count: number): string {
  return said(`_0x1=[${Array(count).fill("'-'").join()}];_0x2(1)+_0x2(2)`);
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

  it('are left alone where no such name is numbered or used twice', () => {
    assert.match(said(`_0xg=['x','harm','less'];_0xg(1)+_0xg(2)`), /^harmless$/m);
    assert.equal(said(`_0xg=['x','harm','less'];_0xh(1)+_0xi(2)`), '');
  });

  it('are read behind 256 different names, used twice or not', () => {
    assert.match(named(256), /^har$/m);
    assert.equal(named(255), '');
  });

  it('are those of eight arrays at most', () => {
    const calls = `_0x2(0)+_0x2(1)`;
    assert.match(said(array('a').repeat(7) + array('last') + calls), /lastb/);
    assert.doesNotMatch(said(array('a').repeat(8) + array('last') + calls), /lastb/);
  });

  it('are found behind a list that is none, and inside of one that is none', () => {
    assert.match(said(`_0x1=['a','b',f(['x','harm','less'])];_0x2(1)+_0x2(2)`), /^harmless$/m);
    assert.match(said(`_0x1=['a','b';_0x3=['x','harm','less'];_0x2(1)+_0x2(2)`), /^harmless$/m);
  });

  it('are three at least and 2,048 at most', () => {
    assert.deepEqual([fetched(2), fetched(3).split('\n').length], ['', 3]);
    assert.deepEqual([fetched(2_048).split('\n').length, fetched(2_049)], [2_048, '']);
  });

  it('are put together for as many places as terms and characters allow', () => {
    const texts = `_0x1=[${Array(1_000).fill("'-'").join()}];`;
    const chains = `${Array(200).fill('_0x2(1)').join('+')};`.repeat(200);
    const places = said(texts + chains).split('\n').length / 200;
    assert.equal(places, Math.ceil((1024 * 1024) / (2 * 200 * 200 + 199)));
  });

  it('are looked for near the first name only', () => {
    const script = `var _0x1=['x','harm','less'];_0x2(1)+_0x2(2)`;
    const at = (count: number): string => said(`_0x;${' '.repeat(count)}${script}`);
    assert.match(at(4 * 1024 * 1024 - script.length - 4), /^harmless$/m);
    assert.doesNotMatch(at(4 * 1024 * 1024 - script.length - 3), /^harmless$/m);
  });
});
