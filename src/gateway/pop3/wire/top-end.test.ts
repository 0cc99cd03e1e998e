import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TopEnd } from './top-end.ts';

const MESSAGE = 'A: b\r\nC: d\r\n\r\none\r\n\r\nthree\r\n';

function topOf(message: string, lines: number, chunkSize: number): string {
  const top = new TopEnd(lines);
  const bytes = Buffer.from(message);
  for (let at = 0; at < bytes.length; at += chunkSize) {
    top.push(bytes.subarray(at, at + chunkSize));
  }
  return bytes.subarray(0, top.end(bytes.length)).toString();
}

describe('the end of TOP', () => {
  it('stands behind the header, the empty line and k lines, however the message is cut', () => {
    for (const chunkSize of [1, 2, 3, 7, 1000]) {
      assert.equal(topOf(MESSAGE, 0, chunkSize), 'A: b\r\nC: d\r\n\r\n');
      assert.equal(topOf(MESSAGE, 1, chunkSize), 'A: b\r\nC: d\r\n\r\none\r\n');
      assert.equal(topOf(MESSAGE, 2, chunkSize), 'A: b\r\nC: d\r\n\r\none\r\n\r\n');
      assert.equal(topOf(MESSAGE, 3, chunkSize), MESSAGE);
      assert.equal(topOf(MESSAGE, 4, chunkSize), MESSAGE);
      assert.equal(topOf(MESSAGE, Infinity, chunkSize), MESSAGE);
    }
  });
  it('is the end of the message when the header has none', () => {
    assert.equal(topOf('A: b\r\n', 0, 1), 'A: b\r\n');
  });
  it('does not take a bare CR or LF for a line end', () => {
    assert.equal(topOf('A: b\r\n\n\r\r\nx\r\n\r\ny\r\n', 0, 1), 'A: b\r\n\n\r\r\nx\r\n\r\n');
  });
  it('finds an empty header', () => {
    assert.equal(topOf('\r\nbody\r\n', 0, 1), '\r\n');
  });
});
