import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classifyFirstBytes } from './first-bytes.ts';

function byteByByte(text: string): string {
  for (let end = 1; end <= text.length; end += 1) {
    const kind = classifyFirstBytes(Buffer.from(text.slice(0, end), 'latin1'));
    if (kind !== 'undecided') return kind;
  }
  return 'undecided';
}

describe('the first bytes', () => {
  for (const [text, kind] of [
    ['GET / HTTP/1.1\r\n', 'http'],
    ['POST /x HTTP/1.1\r\n', 'http'],
    ['OPTIONS * HTTP/1.1\r\n', 'http'],
    ['PRI * HTTP/2.0\r\n', 'http'],
    ['GET http://a/ HTTP/1.1\r\n', 'http'],
    ['\x16\x03\x01\x02\x00', 'tls'],
    ['a1 LOGIN x y\r\n', 'mail'],
    ['GET NOOP\r\n', 'mail'],
    ['P1 NOOP\r\n', 'mail'],
    ['USER x\r\n', 'mail'],
    ['DELE 1\r\n', 'mail'],
    ['\x16\x05', 'mail'],
    ['\r\n', 'mail'],
  ] as const) {
    it(`of ${JSON.stringify(text)} say ${kind}, whole and one by one`, () => {
      assert.equal(classifyFirstBytes(Buffer.from(text, 'latin1')), kind);
      assert.equal(byteByByte(text), kind);
    });
  }

  it('decide within a few bytes', () => {
    for (const method of ['GET', 'OPTIONS', 'CONNECT', 'DELETE']) {
      assert.notEqual(classifyFirstBytes(Buffer.from(`${method} httq`)), 'undecided');
    }
  });
});
