import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, it } from 'node:test';
import { ContentKey, LARGE_BYTES, SHORT_BYTES } from './content-key.ts';

for (const [size, length] of [
  ['short', SHORT_BYTES],
  ['small', SHORT_BYTES + 1],
  ['medium', LARGE_BYTES - 1],
  ['large', LARGE_BYTES],
] as const) {
  describe(`the key of a ${size} content`, () => {
    const bytes = Buffer.alloc(length, 'content');

    it('is that of the same bytes elsewhere, shared memory included', () => {
      const shared = new Uint8Array(new SharedArrayBuffer(length + 3), 3);
      shared.set(bytes);
      assert.equal(ContentKey.of(shared).key, ContentKey.of(bytes).key);
    });

    it('differs when one bit or the length does', () => {
      for (const at of [0, length >> 1, length - 1]) {
        const other = Buffer.from(bytes);
        other[at] = (other[at] ?? 0) ^ 1;
        assert.notEqual(ContentKey.of(other).key, ContentKey.of(bytes).key);
      }
      const longer = Buffer.concat([bytes, Buffer.alloc(1)]);
      assert.notEqual(ContentKey.of(longer).key, ContentKey.of(bytes).key);
    });

    it('knows the digest', () => {
      assert.equal(ContentKey.of(bytes).sha256, hash('sha256', bytes));
    });
  });
}

it('no content is taken for another whose key it spells out', () => {
  for (const length of [SHORT_BYTES, SHORT_BYTES + 1, LARGE_BYTES]) {
    const { key } = ContentKey.of(Buffer.alloc(length, 'content'));
    assert.notEqual(ContentKey.of(Buffer.from(key, 'latin1')).key, key);
  }
  const message = ContentKey.ofMessage(Buffer.alloc(LARGE_BYTES), undefined);
  assert.notEqual(ContentKey.of(Buffer.from(message.key)).key, message.key);
});

it('a digest that is known is not calculated again', () => {
  assert.equal(ContentKey.ofMessage(Buffer.from('content'), 'known').sha256, 'known');
});

it('a digest is never made up for a content that is gone', () => {
  const asked = ContentKey.of(Buffer.alloc(LARGE_BYTES));
  const { sha256 } = asked;
  asked.forget();
  assert.equal(asked.sha256, sha256);
  const unasked = ContentKey.of(Buffer.alloc(LARGE_BYTES));
  unasked.forget();
  assert.throws(() => unasked.sha256);
});
