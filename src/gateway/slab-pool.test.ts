import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { slabBytes, SlabPool } from './slab-pool.ts';

const KIB = 1024;

const setUp = () => {
  const time = { now: 0 };
  return { time, pool: new SlabPool(() => time.now) };
};

describe('a slab pool', () => {
  it('makes few sizes, each large enough and at most a quarter too large', () => {
    assert.equal(slabBytes(1), 16 * KIB);
    assert.equal(slabBytes(16 * KIB), 16 * KIB);
    assert.equal(slabBytes(16 * KIB + 1), 20 * KIB);
    for (let bytes = 16 * KIB; bytes < 64 * 1024 * KIB; bytes = Math.ceil(bytes * 1.07)) {
      const size = slabBytes(bytes);
      assert.ok(size >= bytes && size <= bytes * 1.25, `${size} for ${bytes}`);
      assert.equal(slabBytes(size), size);
    }
  });

  it('gives a slab out again only after it came back, and to one at a time', () => {
    const { pool } = setUp();
    const [first, second] = [pool.take(16 * KIB), pool.take(16 * KIB)];
    assert.notEqual(first.memory, second.memory);
    pool.give(first);
    assert.equal(pool.idleBytes, 16 * KIB);
    assert.equal(pool.take(16 * KIB).memory, first.memory);
    assert.equal(pool.idleBytes, 0);
    assert.notEqual(pool.take(16 * KIB).memory, first.memory);
  });

  it('gives only what was asked for', () => {
    const { pool } = setUp();
    pool.give(pool.take(32 * KIB));
    assert.equal(pool.take(16 * KIB).bytes.length, 16 * KIB);
  });

  it('forgets what nobody wanted for ten minutes', () => {
    const { pool, time } = setUp();
    const [old, young] = [pool.take(16 * KIB), pool.take(32 * KIB)];
    pool.give(old);
    time.now = 600_000 - 1;
    pool.give(young);
    assert.equal(pool.idleBytes, 48 * KIB);
    time.now = 601_000;
    pool.give(pool.take(64 * KIB));
    assert.equal(pool.idleBytes, 96 * KIB);
  });

  it('shrinks to what it may keep, the small ones first', () => {
    const { pool } = setUp();
    const slabs = [16, 16, 32].map((size) => pool.take(size * KIB));
    slabs.forEach((slab) => pool.give(slab));
    pool.shrink(64 * KIB);
    assert.equal(pool.idleBytes, 64 * KIB);
    pool.shrink(64 * KIB - 1);
    assert.equal(pool.idleBytes, 48 * KIB);
    pool.shrink(0);
    assert.equal(pool.idleBytes, 0);
  });
});
