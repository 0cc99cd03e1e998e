import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import { ContentKey, LARGE_BYTES } from './content-key.ts';

for (const [size, length] of [
  ['small', LARGE_BYTES - 1],
  ['large', LARGE_BYTES],
] as const) {
  describe(`the key of a ${size} content`, () => {
    const bytes = Buffer.alloc(length, 'content');

    it('is that of the same bytes elsewhere, shared memory included', () => {
      const shared = new Uint8Array(new SharedArrayBuffer(length + 3), 3);
      shared.set(bytes);
      assert.equal(new ContentKey(shared).key, new ContentKey(bytes).key);
    });

    it('differs when one bit or the length does', () => {
      for (const at of [0, length >> 1, length - 1]) {
        const other = Buffer.from(bytes);
        other[at] = (other[at] ?? 0) ^ 1;
        assert.notEqual(new ContentKey(other).key, new ContentKey(bytes).key);
      }
      const longer = Buffer.concat([bytes, Buffer.alloc(1)]);
      assert.notEqual(new ContentKey(longer).key, new ContentKey(bytes).key);
    });

    it('knows the digest', () => {
      assert.equal(new ContentKey(bytes).sha256, hash('sha256', bytes));
    });
  });
}

it('a digest is never made up for a content that is gone', () => {
  const asked = new ContentKey(Buffer.alloc(LARGE_BYTES));
  const { sha256 } = asked;
  asked.forget();
  assert.equal(asked.sha256, sha256);
  const unasked = new ContentKey(Buffer.alloc(LARGE_BYTES));
  unasked.forget();
  assert.throws(() => unasked.sha256);
});
