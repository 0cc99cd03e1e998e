import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { ApiError } from './api/api-error.ts';
import { eventStream } from './api/event-stream.ts';
import { EventHub } from './event-hub.ts';

const NEVER = new Promise<'quiet'>(() => undefined);

function watching(hub = new EventHub()) {
  const left = new AbortController();
  const clock = new FakeClock();
  const reader = eventStream(hub, clock, left.signal).body?.getReader();
  const next = async () => Buffer.from((await reader?.read())?.value ?? '').toString();
  return { hub, clock, left, next };
}

describe('the stream of events', () => {
  it('tells what happens in order, as JSON that no name can break out of', async () => {
    const { hub, next } = watching();
    assert.equal(await next(), ': welcome\n\n');
    hub.publish({ type: 'detection', data: { subject: 'a\n\ndata: forged' } });
    hub.publish({ type: 'status', data: 1 });
    assert.equal(await next(), 'event: detection\ndata: {"subject":"a\\n\\ndata: forged"}\n\n');
    assert.equal(await next(), 'event: status\ndata: 1\n\n');
  });

  it('gives a sign of life every 15 seconds', async () => {
    const { clock, next } = watching();
    await next();
    const quiet = next();
    while (clock.pendingTimers === 0) await Promise.resolve();
    clock.advance(15_000);
    assert.equal(await quiet, ': still here\n\n');
  });

  it('ends when the hub closes, and is forgotten when the watcher leaves', async () => {
    const first = watching();
    await first.next();
    first.left.abort();
    assert.equal(first.hub.hasWatchers, false);
    const second = watching();
    await second.next();
    second.hub.close();
    assert.equal(await second.next(), '');
  });

  it('lets 20 watch, and refuses the next', () => {
    const hub = new EventHub();
    for (let count = 0; count < 20; count += 1) watching(hub);
    assert.throws(
      () => watching(hub),
      (error) => error instanceof ApiError && error.status === 503,
    );
  });

  it('keeps 200 events for a slow watcher, then drops the oldest and says how many', async () => {
    const hub = new EventHub();
    const watcher = hub.watch();
    for (let count = 0; count < 201; count += 1) hub.publish({ type: 'status', data: count });
    assert.deepEqual(await watcher?.next(NEVER), { type: 'lost', data: { events: 1 } });
    assert.deepEqual(await watcher?.next(NEVER), { type: 'status', data: 1 });
    const patient = hub.watch();
    for (let count = 0; count < 200; count += 1) hub.publish({ type: 'status', data: count });
    assert.deepEqual(await patient?.next(NEVER), { type: 'status', data: 0 });
  });
});
