import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDifferences } from './pdf-differences.ts';

/** What the codes of `bytes` mean. */
function said(list: string, bytes: string): string | undefined {
  const map = parseDifferences(`<< /Type /Encoding /Differences [${list}] >>`);
  return map && Array.from(Buffer.from(bytes, 'latin1'), (code) => map.characters.get(code) ?? '?').join('');
}

describe('names of glyphs in a PDF font', () => {
  it('say what a code means, one behind the other', () => {
    assert.equal(said('97 /V /I /R /U /S', 'abcade'), 'VIRVUS');
    assert.equal(said('1 /E /v /i /l 200 /zero /period', '\u0001\u0002\u0003\u0004\u00c8\u00c9'), 'Evil0.');
  });

  it('may be numbers, other forms and several letters', () => {
    assert.equal(said('65 /uni0058 /u0059 /Z.alt /ffi /hyphen', 'ABCDE'), 'XYZffi-');
  });

  it('leave the codes between them as they are, and those of glyphs that nobody knows', () => {
    assert.equal(said('97 /x 99 /g17 /y', 'abcd\u00e9'), 'xbcy\u00e9');
  });

  it('are not read where each sign has its own code', () => {
    assert.equal(said('39 /quotesingle 65 /A /B 27 /ff /fi /fl', 'A'), undefined);
    assert.equal(said('', 'A'), undefined);
    assert.equal(parseDifferences('<< /Differences 5 0 R >>'), undefined);
  });

  it('end with the 256th code', () => {
    assert.equal(said('255 /a', '\u00ff'), 'a');
    assert.equal(said('256 /a', 'a'), undefined);
  });

  it('take linear time for lists that do not end', () => {
    const open = '/Differences ['.repeat(1_000);
    assert.equal(parseDifferences(open), undefined);
  });
});
