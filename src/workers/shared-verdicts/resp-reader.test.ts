import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_LINE_BYTES, type RespAnswer, RespReader } from './resp-reader.ts';

const MAX_BYTES = 1_000;

/** Answers in these bytes, which come in pieces of `step`. */
function answersIn(bytes: string, step = bytes.length): RespAnswer[] {
  const reader = new RespReader(MAX_BYTES);
  const all = Buffer.from(bytes, 'latin1');
  const found: RespAnswer[] = [];
  for (let at = 0; at < all.length; at += step) {
    found.push(...reader.feed(all.subarray(at, at + step)));
  }
  return found;
}

describe('answers of Redis', () => {
  it('are read however they are cut', () => {
    const bytes = '+OK\r\n$3\r\na\r\n\r\n$-1\r\n-ERR no\r\n:7\r\n$0\r\n\r\n$1\r\nx\r\n';
    const expected = [
      { kind: 'text', text: 'OK' },
      { kind: 'bytes', bytes: Buffer.from('a\r\n') },
      { kind: 'bytes', bytes: undefined },
      { kind: 'refusal', text: 'ERR no' },
      { kind: 'text', text: '7' },
      { kind: 'bytes', bytes: Buffer.alloc(0) },
      { kind: 'bytes', bytes: Buffer.from('x') },
    ];
    for (const step of [1, 2, 3, 5, bytes.length]) {
      assert.deepEqual(answersIn(bytes, step), expected, `${step}`);
    }
  });

  it('have so many bytes and not one more, which is told before they come', () => {
    const [answer] = answersIn(`$${MAX_BYTES}\r\n${'x'.repeat(MAX_BYTES)}\r\n`);
    assert.ok(answer?.kind === 'bytes' && answer.bytes?.length === MAX_BYTES);
    assert.throws(() => answersIn(`$${MAX_BYTES + 1}\r\n`), /larger than 1000 bytes/u);
    for (const digits of ['4000000000', '-2', '', '1e2', ' 1', '9'.repeat(100)]) {
      assert.throws(() => answersIn(`$${digits}\r\n`), /larger/u, digits);
    }
  });

  it('have lines of 512 bytes, and not one more', () => {
    const most = MAX_LINE_BYTES - '+\r\n'.length;
    assert.deepEqual(answersIn(`+${'x'.repeat(most)}\r\n`), [{ kind: 'text', text: 'x'.repeat(most) }]);
    for (const step of [1, 100, MAX_LINE_BYTES + 1]) {
      assert.throws(() => answersIn(`+${'x'.repeat(most + 1)}\r\n`, step), /does not end/u);
      assert.throws(() => answersIn('+'.repeat(MAX_LINE_BYTES + 1), step), /does not end/u);
    }
  });

  it('are nothing else', () => {
    for (const bytes of ['*1\r\n', '%1\r\n', '_\r\n', '>2\r\n', '\r\n', 'OK\r\n', '+OK\n', '\n']) {
      assert.throws(() => answersIn(bytes), /no bytes/u, bytes);
    }
  });
});
