import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Seeded } from '../../test/corpus/seeded.ts';
import { type Code, load, loadByte } from './assembly.ts';
import { PART_BYTES, PlaceSieve } from './place-sieve.ts';

const LETTERS = Uint8Array.from({ length: 256 }, (_, byte) => (byte === 0x61 || byte === 0x7a ? 1 : 0));

function isLetter(at: Code, offset: number): Code {
  return [...at, ...loadByte(offset), ...loadByte(0)];
}

/** Lets through places at which `a` or `z` stands. */
const byTwo = new PlaceSieve({ table: LETTERS, apart: 2, code: isLetter });
const byFour = new PlaceSieve({ table: LETTERS, apart: 4, code: isLetter });

/** All places within `bytes`, part by part. */
function placesIn(sieve: PlaceSieve, bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let from = 0; from < bytes.length; from += PART_BYTES) {
    const count = sieve.collect(bytes, from);
    found.push(...Array.from(sieve.places.subarray(0, count), (place) => from + place));
  }
  return found.filter((place) => place < bytes.length);
}

function expected(bytes: Uint8Array, apart: number): number[] {
  return Array.from(bytes.keys()).filter((at) => at % apart === 0 && LETTERS[bytes[at] ?? 0] === 1);
}

function noise(random: Seeded, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.pick([0x61, 0x62, 0x7a, 0, 0xff])));
}

describe('a sieve of places', () => {
  it('lets through those that pass the test, at every length of a content', () => {
    const random = new Seeded('places');
    for (let length = 0; length < 200; length += 1) {
      const bytes = noise(random, length + 3).subarray(3);
      assert.deepEqual(placesIn(byTwo, bytes), expected(bytes, 2));
      assert.deepEqual(placesIn(byFour, bytes), expected(bytes, 4));
    }
  });

  it('loses and repeats none where one part of a content ends', () => {
    const random = new Seeded('parts');
    for (const length of [PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 5]) {
      const bytes = noise(random, length);
      assert.deepEqual(placesIn(byTwo, bytes), expected(bytes, 2));
      assert.deepEqual(placesIn(byFour, bytes), expected(bytes, 4));
    }
  });

  it('has room for every place of a part', () => {
    const bytes = Buffer.alloc(PART_BYTES + 1, 'a');
    assert.equal(placesIn(byTwo, bytes).length, PART_BYTES / 2 + 1);
    assert.equal(placesIn(byFour, bytes).length, PART_BYTES / 4 + 1);
  });

  it('sees zeros behind the end, and nothing of what it looked at before', () => {
    byTwo.collect(Buffer.alloc(PART_BYTES, 'a'), 0);
    for (const length of [0, 1, 2, 15, 16, 17]) {
      const bytes = Buffer.alloc(length, 'a');
      byTwo.collect(bytes, 0);
      assert.equal(byTwo.fourAt(length), 0);
      assert.deepEqual(placesIn(byTwo, bytes), expected(bytes, 2));
    }
  });

  it('sees the bytes of the next part behind a place', () => {
    const ends = new PlaceSieve({
      table: new Uint8Array(1),
      apart: 4,
      code: (at, offset) => [...at, ...load(offset + 3)],
    });
    const bytes = Buffer.alloc(PART_BYTES + 8);
    bytes.writeInt32LE(1, PART_BYTES - 1);
    assert.deepEqual(placesIn(ends, bytes), [PART_BYTES - 4]);
  });

  it('reads shared memory, and tables of many pages', () => {
    const table = new Uint8Array(200_000);
    table[199_999] = 1;
    const wide = new PlaceSieve({
      table,
      apart: 2,
      code: (at, offset) => [...at, ...load(offset), ...loadByte(199_998)],
    });
    const shared = new Uint8Array(new SharedArrayBuffer(64), 3);
    shared[10] = 1;
    assert.deepEqual(placesIn(wide, shared).slice(0, 1), [10]);
  });
});
