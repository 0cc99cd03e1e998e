import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPartSizes } from './body-structure.ts';

const leaf = (size: number): string => `("TEXT" "PLAIN" ("CHARSET" "x") NIL NIL "7BIT" ${size} 1)`;
const sizes = (structure: string): Record<string, number> => Object.fromEntries(readPartSizes(structure));

function nested(levels: number) {
  return `${'('.repeat(levels - 1)}${leaf(5)}${' "MIXED")'.repeat(levels - 1)}`;
}

describe('readPartSizes', () => {
  it('numbers parts as FETCH does', () => {
    assert.deepEqual(sizes(leaf(5)), { 1: 5 });
    assert.deepEqual(sizes(`(${leaf(1)}(${leaf(2)}${leaf(3)} "ALTERNATIVE")${leaf(4)} "MIXED" NIL)`), {
      1: 1,
      '2.1': 2,
      '2.2': 3,
      3: 4,
    });
  });

  it('goes on within messages', () => {
    const envelope = '(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)';
    const message = (inner: string) => `("message" "rfc822" NIL NIL NIL "7BIT" 99 ${envelope} ${inner} 3)`;
    assert.deepEqual(sizes(`(${message(leaf(7))} "MIXED")`), { 1: 99, '1.1': 7 });
    assert.deepEqual(sizes(`(${message(`(${leaf(7)}${leaf(8)} "MIXED")`)} "MIXED")`), {
      1: 99,
      '1.1': 7,
      '1.2': 8,
    });
  });

  it('guesses nothing from what is absent, malformed or has literals', () => {
    for (const text of [
      '',
      'NIL',
      '(',
      '("TEXT" "PLAIN")',
      '(("a" "b" NIL NIL NIL "7BIT" x) "MIXED")',
      '("a {',
    ]) {
      assert.deepEqual(sizes(text), {}, text);
    }
    assert.deepEqual(sizes(`("TEXT" {5}\r\nPLAIN NIL NIL NIL "7BIT" 5 1)`), {});
  });

  it('reads many levels and gives up on too many', () => {
    assert.equal(readPartSizes(nested(60)).size, 1);
    assert.equal(readPartSizes(nested(70)).size, 0);
  });
});
