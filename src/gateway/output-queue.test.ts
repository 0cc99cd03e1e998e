import assert from 'node:assert/strict';
import os from 'node:os';
import { describe, it } from 'node:test';
import { TurnBudget } from './flow/turn-budget.ts';
import { MessageSpool } from './message-spool.ts';
import { OutputQueue } from './output-queue.ts';
import { ReleaseJob } from './release-job.ts';
import { newSlab } from './slab-pool.ts';

const MIB = 1024 * 1024;
const ignore = (): void => undefined;

/** A socket that takes everything at once, as one to a fast client does. */
class Taker {
  bytesWritten = 0;
  readonly pendingBytes = 0;
  readonly isCongested = false;
  readonly isSecure = false;
  readonly sizes: number[] = [];

  write(bytes: Uint8Array): void {
    this.bytesWritten += bytes.length;
    this.sizes.push(bytes.length);
  }

  vectored(batch: () => void): void {
    batch();
  }
}

function release(bytes: number): ReleaseJob {
  const account = {
    directory: os.tmpdir(),
    memoryBytesPerMessage: bytes,
    takeMemory: newSlab,
    giveMemory: ignore,
    countFile: ignore,
    countPending: ignore,
    countExpected: ignore,
  };
  const spool = new MessageSpool(account, bytes, { progressed: ignore, failed: ignore });
  spool.append(Buffer.alloc(bytes, 'x'));
  const whole = {
    start: 0,
    end: bytes,
    blank: false,
    encoder: undefined,
    tail: undefined,
    overlay: undefined,
  };
  return new ReleaseJob(spool, whole);
}

const setUp = () => {
  const ends: (() => void)[] = [];
  const turns = new TurnBudget((task) => ends.push(task));
  const side = (): { taker: Taker; queue: OutputQueue } => {
    const taker = new Taker();
    return { taker, queue: new OutputQueue(taker, turns, assert.ifError) };
  };
  const endTurn = (): void => ends.splice(0).forEach((task) => task());
  return { turns, side, endTurn };
};

describe('a message that a fast client takes', () => {
  it('leaves in several turns of the event loop, whole', () => {
    const { side, endTurn } = setUp();
    const { taker, queue } = side();
    queue.release(release(MIB));
    queue.flush();
    assert.deepEqual(taker.sizes, [256 * 1024]);
    assert.equal(queue.isIdle, false);
    for (let turn = 2; turn <= 4; turn += 1) endTurn();
    assert.equal(taker.bytesWritten, MIB);
    assert.equal(queue.isIdle, true);
  });

  it('does not go on within a turn because its socket drained', () => {
    const { side } = setUp();
    const { taker, queue } = side();
    queue.release(release(MIB));
    queue.flush();
    queue.pump();
    queue.pump();
    assert.equal(taker.bytesWritten, 256 * 1024);
  });

  it('takes turns with the messages of others', () => {
    const { side, endTurn } = setUp();
    const [first, second] = [side(), side()];
    first.queue.release(release(MIB));
    second.queue.release(release(MIB));
    first.queue.flush();
    second.queue.flush();
    const ahead: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      ahead.push(first.taker.bytesWritten - second.taker.bytesWritten);
      endTurn();
    }
    const piece = 256 * 1024;
    assert.deepEqual(ahead, [piece, 2 * piece, piece, 2 * piece, piece]);
  });

  it('holds up no answer that others wait for', () => {
    const { side } = setUp();
    const [heavy, light] = [side(), side()];
    heavy.queue.release(release(MIB));
    heavy.queue.flush();
    light.queue.send(Buffer.from('a1 OK NOOP\r\n'));
    light.queue.flush();
    assert.equal(light.taker.bytesWritten, 12);
  });

  it('stays in its place: what follows it waits for its last piece', () => {
    const { side, endTurn } = setUp();
    const { taker, queue } = side();
    queue.release(release(MIB / 2));
    queue.send(Buffer.from(')\r\n'));
    queue.flush();
    endTurn();
    assert.deepEqual(taker.sizes, [256 * 1024, 256 * 1024, 3]);
  });

  it('leaves no further when its session ends between turns', () => {
    const { side, endTurn } = setUp();
    const { taker, queue } = side();
    queue.release(release(MIB));
    queue.flush();
    queue.close();
    endTurn();
    assert.equal(taker.bytesWritten, 256 * 1024);
  });
});
