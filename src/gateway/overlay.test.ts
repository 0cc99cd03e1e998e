import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { blanked, Overlay } from './overlay.ts';

const ORIGINAL = Buffer.from('0123456789abcdefghij');
const PATCHES = [
  { offset: 2, bytes: Buffer.from('XX') },
  { offset: 4, bytes: Buffer.from('Y') },
  { offset: 10, bytes: Buffer.from('ZZZZZ') },
];
const EXPECTED = '01XXY56789ZZZZZfghij';

describe('an overlay', () => {
  it('gives the same bytes whatever ranges are asked for', () => {
    const overlay = new Overlay(PATCHES, ORIGINAL.length);
    for (let start = 0; start <= ORIGINAL.length; start += 1) {
      for (let end = start; end <= ORIGINAL.length; end += 1) {
        const chunk = overlay.apply(ORIGINAL.subarray(start, end), start);
        assert.equal(Buffer.from(chunk).toString(), EXPECTED.slice(start, end));
      }
    }
    assert.equal(ORIGINAL.toString(), '0123456789abcdefghij');
  });

  it('does not copy what it does not touch', () => {
    const overlay = new Overlay(PATCHES, ORIGINAL.length);
    const untouched = ORIGINAL.subarray(5, 10);
    assert.equal(overlay.apply(untouched, 5), untouched);
  });

  it('knows which ranges it touches', () => {
    const overlay = new Overlay(PATCHES, ORIGINAL.length);
    assert.equal(overlay.touches(0, 2), false);
    assert.equal(overlay.touches(0, 3), true);
    assert.equal(overlay.touches(5, 10), false);
    assert.equal(overlay.touches(14, 15), true);
    assert.equal(overlay.touches(15, 20), false);
    assert.equal(overlay.touches(3, 3), false);
  });

  it('may end where its message ends, and not one byte later', () => {
    const patch = { offset: 18, bytes: Buffer.from('!!') };
    assert.doesNotThrow(() => new Overlay([patch], 20));
    assert.throws(() => new Overlay([patch], 19), RangeError);
  });

  it('refuses patches that overlap, are unsorted or are nowhere', () => {
    const bytes = Buffer.from('ab');
    for (const offsets of [[3, 4], [9, 3], [-1], [0.5], [Number.NaN]]) {
      assert.throws(
        () =>
          new Overlay(
            offsets.map((offset) => ({ offset, bytes })),
            100,
          ),
        RangeError,
      );
    }
  });
});

describe('blanked', () => {
  it('keeps line ends and nothing else', () => {
    assert.equal(Buffer.from(blanked(Buffer.from('a\r\n.\rb\n'))).toString(), '#\r\n#\r#\n');
  });
});
