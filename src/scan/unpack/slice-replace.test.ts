import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { replaceInSlices, slicesOf } from './slice-replace.ts';

describe('replacing in slices', () => {
  it('gives what one replacement of all gives', () => {
    const text = 'some words and some more '.repeat(60_000);
    const other = replaceInSlices(Buffer.from(text), (slice) => slice.replaceAll('some', 'any'));
    assert.equal(other?.toString(), text.replaceAll('some', 'any'));
  });

  it('cuts at blanks, and anywhere when there is none', () => {
    const cut = [...slicesOf(Buffer.from('abcdefg '.repeat(200_000)))];
    assert.ok(cut.length > 1 && cut.every((slice) => slice.endsWith(' ')));
    const whole = 'a'.repeat(2_000_000);
    assert.equal([...slicesOf(Buffer.from(whole))].join(''), whole);
  });

  it('gives nothing when nothing changes', () => {
    assert.equal(
      replaceInSlices(Buffer.from('abc'), (slice) => slice),
      undefined,
    );
    assert.equal(
      replaceInSlices(Buffer.alloc(0), (slice) => `${slice}a`),
      undefined,
    );
  });
});
