import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { KeptMessages } from './kept-messages.ts';
import { IMAP_LIMITS } from './limits.ts';

function keeping(maxBytes = 1_000): { readonly kept: KeptMessages; readonly clock: { now: number } } {
  const clock = { now: 0 };
  return { kept: new KeptMessages(() => clock.now, maxBytes), clock };
}

function put(kept: KeptMessages, uid: number, size = 100): readonly number[] {
  return kept.put({ message: uid * 10, size, action: 'deliver', uid, number: uid, partSizes: new Map() });
}

describe('KeptMessages', () => {
  it('finds by UID and, until something is expunged, by number', () => {
    const { kept } = keeping();
    put(kept, 7);
    assert.equal(kept.find('uid', 7)?.message, 70);
    assert.equal(kept.find('number', 7)?.message, 70);
    kept.forgetNumbers();
    assert.equal(kept.find('number', 7), undefined);
    assert.equal(kept.find('uid', 7)?.message, 70);
  });

  it('keeps as many as the limit says, and gives up the oldest for one more', () => {
    const { kept } = keeping();
    for (let uid = 1; uid <= IMAP_LIMITS.keptMessages; uid += 1) {
      assert.deepEqual(put(kept, uid), []);
    }
    assert.deepEqual(put(kept, 9), [10]);
    assert.equal(kept.find('uid', 1), undefined);
    assert.notEqual(kept.find('uid', 9), undefined);
  });

  it('gives up nothing that is being read', () => {
    const { kept, clock } = keeping();
    put(kept, 1);
    put(kept, 2);
    const first = kept.find('uid', 1);
    assert.ok(first !== undefined);
    first.isPinned = true;
    assert.deepEqual(put(kept, 3), [20]);
    assert.deepEqual(kept.makeRoom(10_000), [30]);
    clock.now = IMAP_LIMITS.keptMs + 1;
    assert.deepEqual(kept.expire(), []);
    first.isPinned = false;
    assert.deepEqual(kept.expire(), [10]);
  });

  it('keeps up to its time and not a millisecond longer', () => {
    const { kept, clock } = keeping();
    put(kept, 1);
    clock.now = IMAP_LIMITS.keptMs;
    assert.deepEqual(kept.expire(), []);
    clock.now += 1;
    assert.deepEqual(kept.expire(), [10]);
  });

  it('makes room up to its bytes and not one more', () => {
    const { kept } = keeping(300);
    put(kept, 1);
    put(kept, 2);
    assert.deepEqual(kept.makeRoom(100), []);
    assert.deepEqual(kept.makeRoom(101), [10]);
    assert.deepEqual(kept.makeRoom(1_000), [20]);
  });

  it('gives up what nobody reads when memory is short', () => {
    const { kept } = keeping();
    put(kept, 1);
    put(kept, 2);
    const first = kept.find('uid', 1);
    assert.ok(first !== undefined);
    first.isPinned = true;
    assert.deepEqual(kept.shed(), [20]);
    assert.equal(kept.find('uid', 2), undefined);
    assert.deepEqual(kept.shed(), []);
  });

  it('forgets everything with the mailbox, and counts mailboxes', () => {
    const { kept } = keeping();
    put(kept, 1);
    const before = kept.mailbox;
    assert.deepEqual(kept.clear(), [10]);
    assert.equal(kept.find('uid', 1), undefined);
    assert.notEqual(kept.mailbox, before);
  });
});
