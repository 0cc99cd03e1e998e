import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { signsOf, signStretches } from './sign-stretches.ts';

const DIGITS = signsOf(/\d/);
const LEAST = 4;

function stretches(text: string): string[] {
  return Array.from(signStretches(Buffer.from(text, 'latin1'), DIGITS, LEAST), ({ start, end }) =>
    text.slice(start, end),
  );
}

describe('stretches of signs', () => {
  it('finds one of the shortest length, and none that is one byte shorter', () => {
    assert.deepEqual(stretches('ab1234cd'), ['1234']);
    assert.deepEqual(stretches('ab123cd'), []);
  });

  it('finds those at either end of a text, and a text that is nothing else', () => {
    assert.deepEqual(stretches('12345 x 67890'), ['12345', '67890']);
    assert.deepEqual(stretches('1234567890'), ['1234567890']);
    assert.deepEqual(stretches('123'), []);
    assert.deepEqual(stretches(''), []);
  });

  it('finds what a search for the signs finds, wherever others stand between them', () => {
    for (let seed = 1; seed < 2_000; seed += 1) {
      const text = Array.from({ length: 40 }, (_, at) =>
        (seed * (at + 3) * 2_654_435_761) % 97 < 70 ? '7' : '.',
      ).join('');
      assert.deepEqual(stretches(text), text.match(/\d{4,}/g) ?? []);
    }
  });
});
