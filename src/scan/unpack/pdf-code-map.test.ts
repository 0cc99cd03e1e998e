import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCodeMap } from './pdf-code-map.ts';

function said(text: string, ...codes: readonly number[]): string {
  const map = parseCodeMap(text);
  return codes.map((code) => map?.characters.get(code)?.toString() ?? '?').join('');
}

describe('the map of a font', () => {
  it('names characters one by one, in ranges and in lists', () => {
    const text =
      'beginbfchar <01> <0041> <02><00660069> endbfchar beginbfrange <10> <12> <0061> <20> <21> [<0058> <0059>] endbfrange';
    assert.equal(said(text, 1, 2, 0x10, 0x12, 0x13, 0x20, 0x21), 'Afiac?XY');
  });

  it('has as many bytes in a code as its longest one', () => {
    assert.equal(parseCodeMap('beginbfchar <01> <0041> endbfchar')?.width, 1);
    assert.equal(parseCodeMap('beginbfchar <0001> <0041> endbfchar')?.width, 2);
  });

  it('is none without characters', () => {
    assert.equal(parseCodeMap('begincmap endcmap'), undefined);
    assert.equal(parseCodeMap('beginbfchar <zz> <0041> endbfchar'), undefined);
  });

  it('is none whose codes have no digits', () => {
    assert.equal(parseCodeMap('beginbfchar <  > <0041> endbfchar'), undefined);
    assert.equal(said('beginbfchar <  > <0041> <01> <0042> endbfchar', 1), 'B');
  });

  it('holds 65536 codes at most', () => {
    const map = parseCodeMap('beginbfrange <000000> <ffffff> <0041> endbfrange');
    assert.equal(map?.characters.size, 65_536);
  });

  it('counts every code that is mapped, also one that is mapped again', () => {
    const range = '<0001> <8000> <0041> ';
    const text = (more: number): string =>
      `beginbfrange ${range.repeat(2)}endbfrange beginbfchar ${'<9000> <0042> '.repeat(more)}endbfchar`;
    assert.equal(said(text(1), 0x90_00), '?');
    assert.equal(said('beginbfchar <9000> <0042> endbfchar', 0x90_00), 'B');
    assert.equal(parseCodeMap('beginbfrange <01> <09> <0041> endbfrange', 4)?.characters.size, 4);
  });

  it('ends where nothing closes it', () => {
    assert.equal(parseCodeMap('beginbfchar <01> <0041> '.repeat(100_000)), undefined);
    assert.equal(said(`${'beginbfchar '.repeat(100_000)}<01> <0041> endbfchar`, 1), 'A');
    assert.equal(parseCodeMap(`beginbfrange ${'<00><01>[ '.repeat(100_000)}endbfrange`), undefined);
  });
});
