import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hexLines } from './run-lines.ts';

const LEAST = 8;

function lines(run: string): string[] {
  return hexLines(Buffer.from(run), LEAST).map((line) => line.toString());
}

describe('hex digits in a run that has other lines', () => {
  it('are the lines of nothing else, those behind each other together', () => {
    assert.deepEqual(lines('there\n01234567\n89ab\r\n cdEF\nwishes'), ['01234567\n89ab\r\n cdEF']);
    assert.deepEqual(lines('x\n01234567\ny\n89abcdef'), ['01234567', '89abcdef']);
    assert.deepEqual(lines('01234567\nz'), ['01234567']);
  });

  it('are long enough, and no part of a line', () => {
    assert.deepEqual(lines('x\n0123456\ny'), []);
    assert.deepEqual(lines('x\n01234567z\ny'), []);
    assert.deepEqual(lines('x\nz01234567\ny'), []);
  });

  it('are not told of when there is nothing else', () => {
    assert.deepEqual(lines('01234567\n89abcdef'), []);
  });
});
