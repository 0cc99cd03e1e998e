import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Seeded } from '../../../test/corpus/seeded.ts';
import { isPartOf, MIN_PART_BYTES, placesInPart } from './mark-parts.ts';
import type { Mark } from './mark.ts';
import { MarkIndex, MarkSearch } from './mark-search.ts';

const MARKS: readonly Mark[] = ['abc', 'bca', 'cab', 'aab', 'cca'].map((mark) => ({
  bytes: Buffer.from(mark),
  isFolded: false,
}));
const search = new MarkSearch(MARKS);

/** Bytes with few places of the marks. */
function sparse(random: Seeded, length: number): Buffer {
  const bytes = Buffer.alloc(length, '.');
  for (let count = random.between(0, 8); count > 0; count -= 1) {
    bytes.write(random.pick(MARKS).bytes.toString(), random.between(0, length - 4));
  }
  return bytes;
}

describe('marks in a part of what was searched', () => {
  it('stand where a search of the part finds them', () => {
    const random = new Seeded('parts');
    let known = 0;
    for (let round = 0; round < 2_000; round += 1) {
      const whole = sparse(random, random.between(8, 120));
      const start = random.between(0, whole.length - 1);
      const part = whole.subarray(start, random.between(start, whole.length));
      const places = placesInPart(MARKS, part, whole, search.places(whole));
      known += places === undefined ? 0 : 1;
      assert.deepEqual(
        places?.first ?? search.first(part),
        search.first(part),
        `${whole.toString()} from ${start}`,
      );
    }
    assert.ok(known > 1_000);
  });

  it('are looked for again up to four times, and all together where there are more', () => {
    const lead = Buffer.from('abc bca cab aab ');
    const whole = Buffer.concat([lead, Buffer.from('cca abc.......')]);
    const part = whole.subarray(lead.length);
    assert.deepEqual(
      Array.from(placesInPart(MARKS, part, whole, search.places(whole))?.first ?? []),
      [4, -1, -1, -1, 0],
    );
    const more = whole.subarray(lead.length + 1);
    assert.equal(placesInPart(MARKS, more, whole, search.places(whole)), undefined);
  });

  it('are not known from a whole in which those stand that are wanted wherever they stand', () => {
    const repeated = [{ bytes: Buffer.from('push('), isFolded: true, isRepeated: true }];
    const whole = Buffer.from('Push(........');
    const places = new MarkSearch(repeated).places(whole);
    assert.equal(placesInPart(repeated, whole.subarray(6), whole, places), undefined);
  });

  it('are not known from one that may be in capitals before the part', () => {
    const folded = [{ bytes: Buffer.from('abc'), isFolded: true }];
    const whole = Buffer.from('ABC...abc...');
    const places = new MarkSearch(folded).places(whole);
    assert.equal(placesInPart(folded, whole.subarray(3), whole, places), undefined);
    assert.deepEqual(placesInPart(folded, whole, whole, places)?.first, Int32Array.from([0]));
  });

  it('are given for a part that was noted, and for bytes that are none', () => {
    const marks = new MarkIndex();
    const first = marks.add(Buffer.from('mark'));
    const whole = Buffer.alloc(3 * MIN_PART_BYTES, '.');
    whole.write('mark', 10);
    whole.write('mark', MIN_PART_BYTES + 5);
    assert.equal(first(whole), 10);
    for (const length of [MIN_PART_BYTES, MIN_PART_BYTES - 1]) {
      const part = whole.subarray(MIN_PART_BYTES, MIN_PART_BYTES + length);
      marks.notePart(part, whole);
      assert.equal(first(part), 5);
    }
    const other = Buffer.from(whole.subarray(MIN_PART_BYTES));
    marks.notePart(other, whole);
    other.fill('.');
    assert.equal(first(other), -1);
  });

  it('are those of a part of the same memory only', () => {
    const memory = Buffer.alloc(64);
    const whole = memory.subarray(16, 48);
    const parts = [whole, whole.subarray(1), whole.subarray(0, 31), whole.subarray(31)];
    const others = [memory, memory.subarray(15, 40), memory.subarray(40, 49), Buffer.from(whole)];
    assert.ok(parts.every((part) => isPartOf(part, whole)));
    assert.ok(!others.some((part) => isPartOf(part, whole)));
  });
});
