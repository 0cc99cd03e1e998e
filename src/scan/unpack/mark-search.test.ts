import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Seeded } from '../../../test/corpus/seeded.ts';
import { PART_BYTES } from '../place-sieve.ts';
import { MarkIndex, MarkSearch, REPEATED_APART } from './mark-search.ts';

const MARKS = ['PK\u0003\u0004', 'abc', 'abcab', '\u001f\u008b\u0008', 'InstallShield\u0000', 'zzz'].map(
  (mark) => Buffer.from(mark, 'latin1'),
);
const search = new MarkSearch(MARKS.map((bytes) => ({ bytes, isFolded: false })));

/** Bytes of few values, so that marks and their beginnings are everywhere. */
function crowded(random: Seeded, length: number): Buffer {
  const values = Buffer.concat(MARKS);
  return Buffer.from(Array.from({ length }, () => values[random.between(0, values.length - 1)] ?? 0));
}

function expected(bytes: Buffer): number[] {
  return MARKS.map((mark) => bytes.indexOf(mark));
}

describe('marks found in one pass', () => {
  it('finds each mark where one part of a content ends', () => {
    for (const mark of MARKS) {
      for (let place = PART_BYTES - mark.length - 1; place <= PART_BYTES + 1; place += 1) {
        const bytes = Buffer.alloc(PART_BYTES + 20);
        mark.copy(bytes, place);
        assert.deepEqual(Array.from(search.first(bytes)), expected(bytes), `${mark.toString()} at ${place}`);
      }
    }
  });

  it('finds each mark at every place and alignment', () => {
    for (const mark of MARKS) {
      for (let lead = 0; lead < 9; lead += 1) {
        for (let tail = 0; tail < 5; tail += 1) {
          for (let shift = 0; shift < 4; shift += 1) {
            const whole = Buffer.concat([Buffer.alloc(shift + lead), mark, Buffer.alloc(tail)]);
            const bytes = whole.subarray(shift);
            assert.deepEqual(Array.from(search.first(bytes)), expected(bytes));
          }
        }
      }
    }
  });

  it('agrees with a search for each mark', () => {
    const random = new Seeded('marks');
    for (let round = 0; round < 400; round += 1) {
      const bytes = crowded(random, random.between(0, 200)).subarray(random.between(0, 3));
      assert.deepEqual(Array.from(search.first(bytes)), expected(bytes));
    }
  });

  it('finds a mark in capital and small letters where that is wanted', () => {
    const folded = new MarkSearch([{ bytes: Buffer.from('base64('), isFolded: true }]);
    const letters = ['b', 'B', 'aS', 'As', 'e64(', 'E64(', 'E64H', 'base64'];
    const random = new Seeded('folded marks');
    for (let round = 0; round < 400; round += 1) {
      const text = Array.from({ length: 12 }, () => random.pick(letters)).join('');
      const at = text.toLowerCase().indexOf('base64(');
      assert.deepEqual(Array.from(folded.first(Buffer.from(text))), [at], text);
    }
  });

  it('reads shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(64), 3);
    shared.set(Buffer.from('..abc'), 10);
    assert.equal(search.first(shared)[1], 12);
  });

  it('finds no mark that is cut off', () => {
    assert.deepEqual(
      Array.from(search.first(Buffer.from('InstallShield'))),
      expected(Buffer.from('InstallShield')),
    );
    assert.deepEqual(
      Array.from(search.first(Buffer.from('ab'))),
      MARKS.map(() => -1),
    );
  });

  it('finds repeated marks everywhere but where they stand close together', () => {
    const one = { bytes: Buffer.from('push(1'), isFolded: true, isRepeated: true };
    const other = { bytes: Buffer.from('{0:'), isFolded: true, isRepeated: true };
    const repeated = new MarkSearch([one, other]);
    for (let shift = 0; shift < 5; shift += 1) {
      const bytes = Buffer.alloc(4 * REPEATED_APART, '.');
      const places = [shift, shift + REPEATED_APART - 1, shift + REPEATED_APART, 3 * REPEATED_APART];
      for (const [at, place] of places.entries()) {
        bytes.write(at % 2 === 0 ? 'Push(1' : '{0:', place);
      }
      const found = repeated.places(bytes);
      assert.deepEqual(found.repeated, [shift, shift + REPEATED_APART, 3 * REPEATED_APART]);
    }
  });

  it('answers for marks added later', () => {
    const index = new MarkIndex();
    const first = index.add(Buffer.from('one'));
    assert.equal(first(Buffer.from('.one')), 1);
    const second = index.add(Buffer.from('two'));
    assert.equal(second(Buffer.from('..two')), 2);
    assert.equal(first(Buffer.from('two')), -1);
  });

  it('tells whether one of several is there', () => {
    const index = new MarkIndex();
    const hasAny = index.addWords(['one', 'two']);
    const hasNone = index.addWords([]);
    assert.deepEqual(
      ['..One', 'TWO.', 'three', ''].map((text) => hasAny(Buffer.from(text))),
      [true, true, false, false],
    );
    assert.equal(hasNone(Buffer.from('one two')), false);
  });
});
