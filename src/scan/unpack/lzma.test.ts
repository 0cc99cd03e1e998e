import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeLzma } from './lzma.ts';

const TEXT = Buffer.concat([
  Buffer.from('harmless POSTERN-TEST-MARK, '),
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  Buffer.from('one two one two one three '),
]);
const content = Buffer.concat(Array.from({ length: 6 }, () => TEXT));

/** `xz --format=lzma` of the content. */
const FILES = {
  '3 literal bits':
    'XQAAgAD//////////wA0GEqrj5LpfHCA2Tght7iT9b6j+c8GqNPLJM9XQ7qW4JG8El1gZzKZJwBjfH3pUZJ75ZdjSb5GdDxN/7fA' +
    'JrDMqcZqYTYM+a028YrUMbk/871Al1xMx7iJejxhuOBOwJ1dP90sAEXRr6yVpxAxwi5I4FehaQDA9C/f5hFwIOskZxK695l5wFVh' +
    '7eTuwBfW4tG88M4h6SVd/6NTpayovaGZBNIdeRBHpMwAOxDjSEyP4XtDS95wDvNIE0UsRkzVfrV8F/5K8eTDTnWrrNzoxWfCU2f6' +
    'ea4pPG7UnHTq7EdpNZ56gXrrIBpDKoCtQ4QgVgMq6HEny9SuEcojGqgTr2pbvg4eUVE4yjBZcb7ZNAolnkrf7vYnt0Uft4Qr//7v' +
    'SiA=',
  'position bits':
    'xgAAgAD//////////wA0GEpG03WrQZsIpDFJTBgqZafNcBwalTQx5uWG/FckDOdsDTjexUYIfcog6cCh6t8zvmQ9WdZqHtyUAhvp' +
    'bGONPKxdI11Os64slmBVl1nBal085NBDo1GOJzNheGC36USyTdLcU9o/6vjTAkK7ZlB6AIHFXVn9DW8Sb6+0JydAXYfvCq/A9Oo2' +
    'pQbR1H+QMaGEVvHfP85bwS4BMCiUyU/IqfkAjHyEeTmbsyXQ0snOi+oAB+QrYJ1lHrnknM/T6X7C60aG+WzlqIwYXawEP+ygLMWY' +
    'Cm5eeQxXj2E6nq2XXSh4WAmWHwAXa1Ld75TdfEqbeI/wqLUSsAKMrBGp4KhQZd/0m9tf0Rzb6KueTQ0AcdGp4ufCRINqXKeHPA43' +
    'Q46NN5A/IQAGCi8oIEij3t5DW6h0lN0r638O96xvjBya6Su758H/H+H16a67tMNEp3/4zvVg',
  'no context':
    'AAAAgAD//////////wA0GVIbZVgVzxpzioXJofggh5mxI1CDhXGjsmjLRKFX+inDG0LDvYNTYz0NEes2alWzOUdfnykJeSvR54ck' +
    'hJ+koJ4j8PQqYDRe9C50or3ZSF8KjSET7S+BlnAsWOHfU/wuTFN9mMYnE8+2V/VXkC7TkrXn06xALRmitIzwST2ZYZ2TYHyUkIxP' +
    'dp0Yeg8ONqF6e28qcq2D/d7H74kQUVd6VHXtjUsQXh5bzRXCRyyot4L21IiZHjk0qcNgxV0xRiviW9eBq8YoHyZ+m1t8KQxkNDxu' +
    's0GfzaSaJwtq9XQtulwTNZtQEGTg9gWM7fh1iesu1/v1ZzAGHyautLzvHIFSzYQxQQqjq4ArSzS1EgRUuwAq9RiJNMr/6RZWe/72' +
    'i3NA',
};

function decode(file: Buffer, size = content.length): Buffer | undefined {
  return decodeLzma(file.subarray(0, 5), file.subarray(13), size);
}

describe('LZMA', () => {
  for (const [name, text] of Object.entries(FILES)) {
    const file = Buffer.from(text, 'base64');

    it(`decodes ${name}`, () => {
      assert.deepEqual(decode(file), content);
    });

    it(`gives the start when less is asked for, with ${name}`, () => {
      assert.deepEqual(decode(file, 100), content.subarray(0, 100));
    });

    it(`refuses data that is cut or does not begin with zero, with ${name}`, () => {
      assert.equal(decode(file.subarray(0, -60)), undefined);
      const changed = Buffer.from(file);
      changed[13] = 1;
      assert.equal(decode(changed), undefined);
    });

    it(`ends whatever byte is changed, with ${name}`, () => {
      for (let at = 0; at < file.length; at += 1) {
        const changed = Buffer.from(file);
        changed[at] = (changed[at] ?? 0) ^ 0xff;
        const decoded = decode(changed);
        assert.ok(decoded === undefined || decoded.length === content.length);
      }
    });
  }

  it('takes the highest sound properties and refuses the next', () => {
    const zeros = Buffer.alloc(64);
    assert.notEqual(decodeLzma(Buffer.from([224, 0, 0, 1, 0]), zeros, 4), undefined);
    assert.equal(decodeLzma(Buffer.from([225, 0, 0, 1, 0]), zeros, 4), undefined);
  });
});
