import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { occurrences } from './byte-search.ts';

const MANY = 1_000;

function slowly(haystack: Buffer, needle: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at + needle.byteLength <= haystack.byteLength; at += 1) {
    if (haystack.subarray(at, at + needle.byteLength).equals(needle)) {
      found.push(at);
    }
  }
  return found;
}

/** Half of `bytes` with one byte changed. */
const inTheMiddle = (bytes: Buffer) => {
  const needle = Buffer.from(bytes.subarray(0, bytes.byteLength / 2));
  needle[needle.byteLength >> 1] = 0x42;
  return needle;
};

/** Few different bytes and repetition, which is where searches go wrong. */
const repetitive = fc
  .tuple(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 9 }), fc.nat(30), fc.nat(3))
  .map(([unit, times, cut]) => unit.repeat(times + 1).slice(cut));
const text = fc.array(repetitive, { maxLength: 6 }).map((parts) => Buffer.from(parts.join('c'), 'latin1'));

describe('byte search', () => {
  it('agrees with a slow search on any needle', () => {
    fc.assert(
      fc.property(text, text, (haystack, needle) => {
        fc.pre(needle.byteLength > 0);
        assert.deepEqual(occurrences(haystack, needle, MANY), slowly(haystack, needle));
      }),
      { numRuns: 500 },
    );
  });

  it('agrees with a slow search on needles that stand in the haystack', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(), (haystack, start, length) => {
        fc.pre(haystack.byteLength > 0);
        const from = start % haystack.byteLength;
        const needle = haystack.subarray(from, from + 1 + (length % (haystack.byteLength - from)));
        assert.deepEqual(occurrences(haystack, needle, MANY), slowly(haystack, needle));
      }),
      { numRuns: 500 },
    );
  });

  it('stops at its limit', () => {
    assert.deepEqual(occurrences(Buffer.alloc(100, 'a'), Buffer.alloc(40, 'a'), 3), [0, 1, 2]);
    assert.deepEqual(occurrences(Buffer.alloc(100, 'a'), Buffer.from('a'), 2), [0, 1]);
  });

  it('finds a needle of the size of the haystack, and none that is longer', () => {
    const haystack = Buffer.alloc(64, 'abc');
    assert.deepEqual(occurrences(haystack, Buffer.from(haystack), MANY), [0]);
    assert.deepEqual(occurrences(haystack, Buffer.alloc(65, 'abc'), MANY), []);
  });

  it('reads shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    shared.set(Buffer.alloc(40, '0123456789'), 20);
    assert.deepEqual(occurrences(shared, shared.subarray(20, 60), MANY), [20]);
  });

  /** The native search needs minutes to hours for these; the test run's own limit is the bound. */
  const zeros = Buffer.alloc(4 * 1024 * 1024, 'A');
  const lines = Buffer.alloc(4 * 1024 * 1024, `${'A'.repeat(76)}\r\n`);
  for (const [name, haystack] of Object.entries({ zeros, lines })) {
    it(`is linear where everything nearly matches: ${name}`, () => {
      const needle = inTheMiddle(haystack);
      assert.deepEqual(occurrences(haystack, needle, MANY), []);
      const together = Buffer.concat([haystack, needle]);
      assert.deepEqual(occurrences(together, needle, MANY), [haystack.byteLength]);
    });
  }
});
