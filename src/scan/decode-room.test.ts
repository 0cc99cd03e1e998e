import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { markAsUntransferable } from 'node:worker_threads';
import { DecodeRoom, MAX_ADOPTED_BYTES, MAX_KEPT_BYTES, MIN_ADOPTED_BYTES } from './decode-room.ts';

/** A room that has seen one message that needed `bytes`. */
function roomAfter(bytes: number): DecodeRoom {
  const room = new DecodeRoom();
  room.take();
  room.allocate(bytes);
  room.giveBack();
  room.take();
  return room;
}

/** Memory of its own, handed over together with `more`; the bytes that it has left when the message is judged. */
function leftAfter(bytes: Uint8Array, ...more: readonly Uint8Array[]): number {
  const room = roomAfter(1);
  for (const each of [...more, bytes]) {
    room.adopt(each);
  }
  room.giveBack();
  return bytes.length;
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

  it('hands back memory that a decoder asked for', () => {
    assert.equal(leftAfter(new Uint8Array(MIN_ADOPTED_BYTES)), 0);
    assert.equal(leftAfter(new Uint8Array(MIN_ADOPTED_BYTES).subarray(5)), 0);
  });

  it('leaves alone what small buffers share, and what belongs to others', () => {
    const small = MIN_ADOPTED_BYTES - 1;
    assert.equal(leftAfter(new Uint8Array(small)), small);
    assert.equal(leftAfter(Buffer.allocUnsafe(5)), 5);
    assert.equal(leftAfter(new Uint8Array(new SharedArrayBuffer(MIN_ADOPTED_BYTES))), MIN_ADOPTED_BYTES);
    const page = new Uint8Array(MIN_ADOPTED_BYTES);
    markAsUntransferable(page.buffer);
    assert.equal(leftAfter(page), MIN_ADOPTED_BYTES);
  });

  it('goes on to give out its own memory', () => {
    const room = roomAfter(MIN_ADOPTED_BYTES);
    room.adopt(room.allocate(MIN_ADOPTED_BYTES));
    room.giveBack();
    room.take();
    assert.equal(room.allocate(MIN_ADOPTED_BYTES).length, MIN_ADOPTED_BYTES);
  });

  it('holds so much of it and leaves the rest to the runtime', () => {
    const [half, least] = [MAX_ADOPTED_BYTES / 2, MIN_ADOPTED_BYTES];
    const twice = new Uint8Array(half);
    assert.equal(leftAfter(new Uint8Array(half), twice, twice), 0);
    assert.equal(leftAfter(new Uint8Array(least), new Uint8Array(half), new Uint8Array(half)), least);
  });
});
