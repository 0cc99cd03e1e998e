import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Effect } from '../relay.ts';
import { CommandQueue, type Pending, type Segment } from './command-queue.ts';
import { IMAP_LIMITS } from './limits.ts';

function textOf(effect: Effect): string {
  return effect.kind === 'send' ? Buffer.from(effect.bytes).toString() : `<${effect.kind}>`;
}

function queueing(): { readonly queue: CommandQueue; readonly sent: () => string } {
  const effects: Effect[] = [];
  const queue = new CommandQueue((effect) => effects.push(effect));
  return { queue, sent: () => effects.splice(0).map(textOf).join('|') };
}

function command(tag: string, more: Partial<Pending> = {}): Pending {
  return {
    tag,
    name: 'NOOP',
    segments: () => [{ kind: 'text', text: tag }],
    isExclusive: false,
    isReady: true,
    ...more,
  };
}

describe('CommandQueue', () => {
  it('sends in order and completes by tag', () => {
    const { queue, sent } = queueing();
    const [first, second] = [command('a'), command('b')];
    queue.add(first);
    queue.add(second);
    queue.pump();
    assert.equal(sent(), 'a|b');
    assert.equal(queue.complete('b'), second);
    assert.equal(queue.complete('b'), undefined);
    assert.equal(queue.complete('a'), first);
    assert.equal(queue.isIdle, true);
  });

  it('lets an exclusive command run alone', () => {
    const { queue, sent } = queueing();
    [command('a'), command('b', { isExclusive: true }), command('c')].forEach((one) => queue.add(one));
    queue.pump();
    assert.equal(sent(), 'a');
    queue.complete('a');
    queue.pump();
    assert.equal(sent(), 'b');
    queue.complete('b');
    queue.pump();
    assert.equal(sent(), 'c');
  });

  it('waits for what is not ready, and forgets what is withdrawn', () => {
    const { queue, sent } = queueing();
    const upload = command('a', { isReady: false });
    queue.add(upload);
    queue.add(command('b'));
    queue.pump();
    assert.equal(sent(), '');
    queue.withdraw(upload);
    queue.pump();
    assert.equal(sent(), 'b');
  });

  it('stops at a wait, goes on at +, and forgets the rest when it is refused', () => {
    const { queue, sent } = queueing();
    const segments: readonly Segment[] = [
      { kind: 'text', text: 'a {1}' },
      { kind: 'wait' },
      { kind: 'text', text: 'x' },
    ];
    queue.add(command('a', { segments: () => segments }));
    queue.add(command('b', { segments: () => segments }));
    queue.pump();
    assert.equal(queue.awaitsContinuation, true);
    queue.continue();
    assert.equal(sent(), 'a {1}|x');
    queue.pump();
    assert.equal(sent(), 'a {1}');
    queue.complete('b');
    assert.equal(queue.awaitsContinuation, false);
    assert.equal(sent(), '');
  });

  it('keeps a rest that belongs to another command than the completed one', () => {
    const { queue, sent } = queueing();
    queue.add(command('a'));
    queue.add(command('b', { segments: () => [{ kind: 'wait' }, { kind: 'text', text: 'x' }] }));
    queue.pump();
    queue.complete('a');
    queue.continue();
    assert.equal(sent(), 'a|x');
  });

  it('says a line right behind a command that was not sent yet', () => {
    const { queue, sent } = queueing();
    queue.add(command('a', { isExclusive: true }));
    queue.add(command('b'));
    queue.pump();
    queue.say('DONE');
    queue.complete('a');
    queue.pump();
    assert.equal(sent(), 'a|b|DONE');
    queue.say('more');
    assert.equal(sent(), 'more');
  });

  it('sends as many as the limit says and is saturated then', () => {
    const { queue, sent } = queueing();
    const limit = IMAP_LIMITS.outstandingCommands;
    for (let count = 1; count < limit; count += 1) {
      queue.add(command('a'));
    }
    assert.equal(queue.isSaturated, false);
    queue.add(command('a'));
    assert.equal(queue.isSaturated, true);
    queue.add(command('z'));
    queue.pump();
    assert.equal(sent().split('|').length, limit);
    queue.complete('a');
    queue.pump();
    assert.equal(sent(), 'z');
  });

  it('knows a sync from a single fetch', () => {
    const { queue } = queueing();
    queue.add(command('a', { name: 'UID FETCH' }));
    queue.pump();
    assert.equal(queue.isBulk, false);
    queue.add(command('b', { name: 'FETCH', isBulk: true }));
    queue.pump();
    assert.equal(queue.isBulk, true);
  });
});
