import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nativeCopy } from './native-copy.ts';

describe('a native copy', () => {
  it('puts the bytes where they belong, from and to shared memory, and nothing elsewhere', () => {
    const target = Buffer.from(new SharedArrayBuffer(8));
    nativeCopy(target, 2, Buffer.from('abc'));
    assert.equal(target.toString('latin1'), '\0\0abc\0\0\0');
    const own = Buffer.alloc(4, '-');
    nativeCopy(own, 1, target.subarray(3, 5));
    assert.equal(own.toString(), '-bc-');
  });

  it('of nothing changes nothing', () => {
    const target = Buffer.from('ab');
    nativeCopy(target, 2, new Uint8Array(0));
    assert.equal(target.toString(), 'ab');
  });

  it('of more than there is room for is refused', () => {
    assert.throws(() => nativeCopy(Buffer.alloc(2), 1, Buffer.from('ab')), RangeError);
  });
});
