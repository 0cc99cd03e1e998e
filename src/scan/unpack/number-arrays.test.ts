import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { numberArrays } from './number-arrays.ts';

const WORD = Array.from('POSTERN-TEST');

function arrays(text: string): string[] {
  return numberArrays(Buffer.from(text), WORD.length).map((bytes) => bytes.toString());
}

function written(write: (code: number) => string, between = ','): string {
  return WORD.map((letter) => write(letter.charCodeAt(0))).join(between);
}

describe('arrays of numbers', () => {
  it('may have each of them in quotes, to either base', () => {
    assert.deepEqual(arrays(`[${written((code) => `"${code}"`)}]`), ['POSTERN-TEST']);
    assert.deepEqual(arrays(written((code) => `'0x${code.toString(16)}'`, ',\r\n')), ['POSTERN-TEST']);
  });

  it('end with the text in which they stand', () => {
    const plain = written(String);
    assert.deepEqual(arrays(`["${plain}","${plain}"]`), ['POSTERN-TEST', 'POSTERN-TEST']);
    assert.deepEqual(arrays(`"${plain}" "${plain}"`), ['POSTERN-TEST', 'POSTERN-TEST']);
  });

  it('have no quotes around nothing, nor around words', () => {
    assert.deepEqual(arrays(written((code) => `""${code}`)), []);
    assert.deepEqual(arrays(written((code) => `"x${code}"`)), []);
  });
});
