import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteQueue } from './byte-queue.ts';

describe('byte queue', () => {
  it('gives out what was put in, in order', () => {
    const queue = new ByteQueue();
    let given = '';
    for (let round = 0; round < 500; round += 1) {
      queue.push(Buffer.from(`${round},`));
      if (round % 3 === 0) {
        given += queue.peek().subarray(0, 2).toString();
        queue.skip(2);
      }
    }
    given += queue.peek().toString();
    assert.equal(given, Array.from({ length: 500 }, (_, round) => `${round},`).join(''));
    queue.clear();
    assert.equal(queue.length, 0);
  });
  it('copies what it is lent', () => {
    const queue = new ByteQueue();
    const lent = Buffer.from('abc');
    queue.push(lent);
    lent.fill(0);
    assert.equal(queue.peek().toString(), 'abc');
  });
});
