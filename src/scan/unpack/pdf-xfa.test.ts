import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { XfaForms } from './pdf-xfa.ts';

function formsOf(text: string): XfaForms {
  const forms = new XfaForms();
  forms.look(text, () => '');
  return forms;
}

function listOf(count: number): string {
  const items = Array.from({ length: count }, (_, index) => `(${index}) ${index + 1} 0 R`);
  return `/XFA [${items.join(' ')}]`;
}

describe('the streams of an XFA form', () => {
  it('are those of the array, each once, in its order', () => {
    assert.deepEqual(formsOf('/XFA [(a]) 7 0 R <5d> 3 0 R % ]\n (c) 7 0 R] 9 0 R').lists, [[7, 3]]);
  });

  it('are at most 256 of one form', () => {
    assert.equal(formsOf(listOf(256)).isOverfull, false);
    assert.equal(formsOf(listOf(257)).isOverfull, true);
  });

  it('are those of 16 forms at most', () => {
    const lists = Array.from({ length: 17 }, (_, index) => `/XFA [(a) ${index + 1} 0 R (b) 99 0 R]`);
    assert.equal(formsOf(lists.slice(1).join(' ')).isOverfull, false);
    assert.equal(formsOf(lists.join(' ')).isOverfull, true);
  });

  it('are told when the array is longer than is read', () => {
    const tail = ' 1 0 R (b) 2 0 R]';
    const padded = (length: number): string => `/XFA [(${'x'.repeat(length - tail.length - 4)})${tail}`;
    assert.equal(formsOf(padded(16_384)).isOverfull, false);
    assert.equal(formsOf(padded(16_385)).isOverfull, true);
  });
});
