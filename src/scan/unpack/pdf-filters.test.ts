import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pdfFilter, undoPngPredictor } from './pdf-filters.ts';

function decoded(
  name: string,
  input: readonly number[],
  cap = 1_000,
): [text: string, consumed: number, end: string] {
  const { bytes, consumed, end } = pdfFilter(name)?.(Buffer.from(input), cap) ?? assert.fail(name);
  return [bytes.toString('latin1'), consumed, end];
}

describe('RunLengthDecode', () => {
  it('reads literal and repeated runs to their end mark', () => {
    assert.deepEqual(decoded('RunLengthDecode', [1, 97, 98, 254, 99, 128, 0, 100]), ['abccc', 5, 'complete']);
  });

  it('keeps what there is of a run that is cut', () => {
    assert.deepEqual(decoded('RunLengthDecode', [9, 97, 98]), ['ab', 3, 'complete']);
  });

  it('stops at the cap', () => {
    assert.deepEqual(decoded('RunLengthDecode', [254, 97, 254, 98], 6)[2], 'complete');
    assert.deepEqual(decoded('RunLengthDecode', [254, 97, 254, 98], 5), ['aaabb', 4, 'capped']);
  });

  it('takes no memory of its own for each of a million runs', () => {
    const input = Buffer.alloc(2_000_000, Buffer.from([255, 97]));
    const before = process.memoryUsage();
    const inflated = pdfFilter('RunLengthDecode')?.(input, 10_000_000);
    const after = process.memoryUsage();
    assert.equal(inflated?.bytes.equals(Buffer.alloc(2_000_000, 'a')), true);
    const taken = after.heapUsed + after.external - before.heapUsed - before.external;
    assert.ok(taken < 20_000_000, `${taken} bytes`);
  });
});

function hexDecoded(text: string, cap = 1_000): [text: string, consumed: number, end: string] {
  return decoded('ASCIIHexDecode', [...Buffer.from(text)], cap);
}

describe('ASCIIHexDecode', () => {
  it('passes over what is no digit, to its end mark', () => {
    assert.deepEqual(hexDecoded('6\n1 x62>63'), ['ab', 10, 'complete']);
  });

  it('adds a zero to an odd digit', () => {
    assert.deepEqual(hexDecoded('616'), ['a`', 3, 'complete']);
  });

  it('stops at the cap', () => {
    assert.deepEqual(hexDecoded('616263', 3), ['abc', 6, 'complete']);
    assert.deepEqual(hexDecoded('616263', 2), ['ab', 6, 'capped']);
  });
});

describe('the PNG predictors', () => {
  it('undo each kind of row', () => {
    const rows = [
      [0, 10, 20, 30],
      [1, 1, 1, 1],
      [2, 1, 1, 1],
      [3, 1, 1, 1],
      [4, 1, 1, 1],
      [9, 7, 7, 7],
    ];
    const expected = [
      [10, 20, 30],
      [1, 2, 3],
      [2, 3, 4],
      [2, 3, 4],
      [3, 4, 5],
      [7, 7, 7],
    ];
    assert.deepEqual([...undoPngPredictor(Buffer.from(rows.flat()), 3, 1)], expected.flat());
  });
});
