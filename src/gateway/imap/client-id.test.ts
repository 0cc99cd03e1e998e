import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBoundedId } from './client-id.ts';
import { readNodes } from './wire/nodes.ts';

function isBounded(text: string): boolean {
  return isBoundedId(readNodes([text], { maxDepth: 9, maxNodes: 1_000 })[0]);
}

function pairs(count: number) {
  return `(${Array.from({ length: count }, () => '"k" "v"').join(' ')})`;
}

describe('isBoundedId', () => {
  it('takes NIL and lists of pairs', () => {
    for (const text of ['NIL', 'nil', '()', '("name" "x" "version" NIL)']) {
      assert.equal(isBounded(text), true, text);
    }
    for (const text of ['', '"name"', 'name', '("name")', '("name" ("x"))']) {
      assert.equal(isBounded(text), false, text);
    }
  });

  it('takes the largest number and sizes, and refuses one more', () => {
    assert.equal(isBounded(pairs(30)), true);
    assert.equal(isBounded(pairs(31)), false);
    assert.equal(isBounded(`("${'k'.repeat(30)}" "${'v'.repeat(1_024)}")`), true);
    assert.equal(isBounded(`("${'k'.repeat(31)}" "v")`), false);
    assert.equal(isBounded(`("k" "${'v'.repeat(1_025)}")`), false);
  });
});
