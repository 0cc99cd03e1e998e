import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DecodeRoom, MAX_KEPT_BYTES } from './decode-room.ts';

/** A room that has seen one message that needed `bytes`. */
function roomAfter(bytes: number): DecodeRoom {
  const room = new DecodeRoom();
  room.take();
  room.allocate(bytes);
  room.giveBack();
  room.take();
  return room;
}

describe('room for decoded contents', () => {
  it('gives every content memory of its own', () => {
    const room = roomAfter(1000);
    const contents = [3, 0, 8, 500].map((length, index) => room.allocate(length).fill(index + 1));
    assert.deepEqual(
      contents.map((content, index) => content.every((byte) => byte === index + 1)),
      [true, true, true, true],
    );
    assert.deepEqual(
      contents.map(({ length }) => length),
      [3, 0, 8, 500],
    );
  });

  it('gives the same memory to the next message, without what was in it', () => {
    const room = roomAfter(1000);
    const first = room.allocate(100).fill('secret');
    room.giveBack();
    room.take();
    const second = room.allocate(100);
    assert.equal(second.buffer, first.buffer);
    assert.ok(second.every((byte) => byte === 0));
  });

  it('is for one message at a time', () => {
    const room = new DecodeRoom();
    assert.deepEqual([room.take(), room.take()], [true, false]);
    room.giveBack();
    assert.equal(room.take(), true);
  });

  it('keeps so much and takes the rest from the heap', () => {
    const room = roomAfter(2 * MAX_KEPT_BYTES);
    const { buffer } = room.allocate(MAX_KEPT_BYTES);
    assert.equal(buffer.byteLength, MAX_KEPT_BYTES);
    assert.notEqual(room.allocate(1).buffer, buffer);
  });
});
