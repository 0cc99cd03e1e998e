import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { deflateSync } from 'node:zlib';
import { isReadable } from './readable-bytes.ts';

const TEXT = 'A text that a script makes.\r\n';

/** A hundred bytes, so many of them none of text. */
function withOthers(others: number): Buffer {
  return Buffer.concat([Buffer.alloc(100 - others, 'a'), Buffer.alloc(others, 0xe1)]);
}

describe('what a guess gives', () => {
  it('is read when it is text', () => {
    assert.equal(isReadable(Buffer.from(TEXT)), true);
    assert.equal(isReadable(Buffer.from(TEXT, 'utf16le')), true);
  });

  it('is read when it is a file', () => {
    const noise = Buffer.concat(['a', 'b'].map((seed) => createHash('sha512').update(seed).digest()));
    assert.equal(isReadable(Buffer.concat([Buffer.from('MZ'), noise])), true);
    assert.equal(isReadable(deflateSync(TEXT)), true);
  });

  it('is noise when more than 15 of 100 bytes are none of text', () => {
    assert.equal(isReadable(withOthers(15)), true);
    assert.equal(isReadable(withOthers(16)), false);
  });
});
