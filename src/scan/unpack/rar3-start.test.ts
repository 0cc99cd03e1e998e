import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { packedRar3 } from './rar-for-test.ts';
import {
  mayStartRar3,
  RAR3_START_BYTES,
  SMALL_MODEL_MB,
  smallModelHolds,
  withSmallModel,
} from './rar3-start.ts';

/** Bytes that look like chance and are the same every time. */
function noise(seed: number): Buffer {
  let state = seed * 2654435761 + 1;
  return Buffer.from(
    Array.from({ length: RAR3_START_BYTES }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    }),
  );
}

/** The two first bits clear, then lengths of four bits each. */
function levels(...lengths: readonly number[]): Buffer {
  const bits = `00${lengths.map((length) => length.toString(2).padStart(4, '0')).join('')}`;
  const bytes = bits.match(/.{1,8}/g)?.map((byte) => parseInt(byte.padEnd(8, '0'), 2)) ?? [];
  return Buffer.concat([Buffer.from(bytes), Buffer.alloc(RAR3_START_BYTES)]);
}

describe('the start of what RAR 3 compressed', () => {
  it('is taken for one, however much of it is there', () => {
    const packed = packedRar3(Buffer.from('harmless content '.repeat(20)));
    for (let length = 0; length <= packed.length; length += 1) {
      assert.equal(mayStartRar3(packed.subarray(0, length)), true);
    }
  });

  it('is told from nearly all noise that does not claim to be PPMd', () => {
    const taken = Array.from({ length: 300 }, (_, seed) => {
      const bytes = noise(seed);
      bytes[0] = (bytes[0] ?? 0) & 0x7f;
      return mayStartRar3(bytes);
    });
    assert.ok(taken.filter(Boolean).length < 6);
  });

  it('is PPMd only with memory and a model of more than one symbol', () => {
    const taken = [0xa1, 0x81, 0xa0].map((first) => mayStartRar3(Buffer.from([first, 0, 0, 0, 0])));
    assert.deepEqual(taken, [true, false, false]);
  });

  it('has as many codes as their lengths leave room for', () => {
    const zeros = Array.from({ length: 18 }, () => 0);
    assert.equal(mayStartRar3(levels(1, 1, ...zeros)), true);
    assert.equal(mayStartRar3(levels(1, 1, 15, 0, ...zeros)), false);
    assert.equal(mayStartRar3(levels(0, 0, ...zeros)), false);
  });

  it('repeats no length before the first', () => {
    const lengths = Array.from({ length: 20 }, (_, symbol) => (symbol === 16 || symbol === 0 ? 1 : 0));
    const bytes = levels(...lengths);
    assert.equal(mayStartRar3(bytes), true);
    bytes[10] = (bytes[10] ?? 0) | 0x20; // the first bit behind the lengths
    assert.equal(mayStartRar3(bytes), false);
  });
});

function ppmd(megabytes: number, first = 0xa5): Buffer {
  return Buffer.from([first, megabytes - 1, 1, 2, 3]);
}

describe('the memory that PPMd of RAR 3 asks for', () => {
  it('is less where the file cannot fill it', () => {
    const most = smallModelHolds(0xa5);
    assert.deepEqual(withSmallModel(ppmd(200), most), ppmd(SMALL_MODEL_MB));
    assert.deepEqual(withSmallModel(ppmd(200), most + 1), ppmd(200));
  });

  it('stays where it is not more', () => {
    assert.deepEqual(withSmallModel(ppmd(SMALL_MODEL_MB + 1), 1), ppmd(SMALL_MODEL_MB));
    for (const megabytes of [1, SMALL_MODEL_MB]) {
      assert.deepEqual(withSmallModel(ppmd(megabytes), 1), ppmd(megabytes));
    }
  });

  it('is of PPMd only', () => {
    for (const first of [0x25, 0x85, 0xa0]) {
      assert.deepEqual(withSmallModel(ppmd(200, first), 1), ppmd(200, first));
    }
  });

  it('is filled sooner the longer the contexts are', () => {
    const held = [0xa1, 0xaf, 0xb0, 0xbf].map(smallModelHolds);
    assert.deepEqual(
      held,
      held.toSorted((a, b) => b - a),
    );
    assert.equal(new Set(held).size, held.length);
  });
});
