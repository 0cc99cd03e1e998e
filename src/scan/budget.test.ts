import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget } from './budget.ts';
import { TEST_LIMITS } from './test-limits.ts';

function afterPieces(pieces: number, spellings: number): () => void {
  return () => {
    const budget = new Budget({ ...TEST_LIMITS, maxPieces: 3 }, () => 0);
    for (let at = 0; at < pieces; at += 1) budget.spendPiece();
    for (let at = 0; at < spellings; at += 1) budget.spendPiece(true);
  };
}

describe('the pieces of a message', () => {
  it('are as many as the limit says', () => {
    assert.doesNotThrow(afterPieces(3, 0));
    assert.throws(afterPieces(4, 0), { message: 'more than 3 pieces' });
  });

  it('are four spellings of texts together', () => {
    assert.doesNotThrow(afterPieces(1, 8));
    assert.throws(afterPieces(1, 9), { message: 'more than 3 pieces' });
  });
});
