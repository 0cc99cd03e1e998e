import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quantile, spreadOf } from './statistics.ts';

describe('statistics of the benchmarks', () => {
  it('takes quantiles of unsorted values', () => {
    const values = Array.from({ length: 100 }, (_, index) => 99 - index);
    assert.deepEqual([quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)], [50, 99, 99]);
  });
  it('says NaN when nothing was measured', () => {
    assert.ok(Number.isNaN(quantile([], 0.5)));
  });
  it('gives the median with its extremes', () => {
    assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, min: 1, max: 3 });
  });
  it('takes the mean of the two in the middle for an even number of values', () => {
    assert.deepEqual(spreadOf([5, 1]), { median: 3, min: 1, max: 5 });
    assert.equal(spreadOf([9, 1, 4, 2]).median, 3);
    assert.ok(Number.isNaN(spreadOf([]).median));
  });
});
