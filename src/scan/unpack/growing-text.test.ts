import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GrowingText } from './growing-text.ts';

describe('a growing text', () => {
  it('is all of its parts', () => {
    const text = new GrowingText();
    assert.equal(text.toString(), '');
    const parts = Array.from({ length: 100_000 }, (_, index) => `${index},`);
    parts.forEach((part) => text.add(part));
    assert.equal(text.toString(), parts.join(''));
    text.add('and one more');
    assert.equal(text.toString(), `${parts.join('')}and one more`);
  });
});
