import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import iconv from 'iconv-lite';
import { decodeText, isKnownCharset } from './charset.ts';

function decoded(text: string): string {
  return decodeText(Buffer.from(text, 'latin1'), 'UTF-7');
}

describe('UTF-7', () => {
  it('reads what its encoder writes', () => {
    const text = 'Grüße + 日本 <script>😀</script> ~ \\';
    assert.equal(decodeText(iconv.encode(text, 'utf-7'), 'utf-7'), text);
  });

  it('ends a shift at a minus, at any other sign, and at the end', () => {
    assert.equal(decoded('+ADw-a+AD4.b+ADw'), '<a>.b<');
  });

  it('reads +- as a plus sign, and drops half a unit', () => {
    assert.equal(decoded('1 +- 1+ADwA-x'), '1 + 1<x');
  });

  it('passes over a byte-order mark at the start of a shift', () => {
    assert.equal(decoded('+/v8APA-'), '<');
  });

  it('loses no place for a byte that is no ASCII', () => {
    assert.equal(decoded('a\xe9b'), 'a\ufffdb');
  });

  it('is known by all its names', () => {
    for (const name of ['utf-7', 'UTF7', 'unicode-1-1-utf-7']) {
      assert.equal(isKnownCharset(name) && decodeText(Buffer.from('+ADw-'), name), '<', name);
    }
  });
});
