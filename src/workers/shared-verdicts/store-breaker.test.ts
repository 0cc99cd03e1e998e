import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../pool-fixture.ts';
import type { SharedStore } from './shared-store.ts';
import { StoreBreaker } from './store-breaker.ts';

const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));
const never = new Promise<never>(() => undefined);

/** A store that does what a test says, and a count of how often it was opened and closed. */
class Server {
  opened = 0;
  closed = 0;
  isReachable = true;
  answer: () => Promise<Buffer | undefined> = async () => Buffer.from('x');

  readonly open = async (): Promise<SharedStore> => {
    this.opened += 1;
    if (!this.isReachable) throw new Error('refused');
    return {
      get: async () => await this.answer(),
      set: async () => void (await this.answer()),
      close: () => void (this.closed += 1),
    };
  };
}

async function fixture(server = new Server()) {
  const clock = new FakeClock();
  const changes: string[] = [];
  const breaker = new StoreBreaker({
    open: server.open,
    timeoutMs: 20,
    clock,
    onChange: (isUsable, reason) => changes.push(isUsable ? 'usable' : reason),
  });
  breaker.start();
  await turn();
  const ask = async () => await breaker.ask(async (store) => await store.get('k'));
  return { server, clock, changes, breaker, ask };
}

describe('a store that may be away', () => {
  it('is used once it answered, and not asked before', async () => {
    const server = new Server();
    server.isReachable = false;
    const { clock, changes, ask } = await fixture(server);
    assert.equal(await ask(), 'unavailable');
    server.isReachable = true;
    clock.advance(1_000);
    await turn();
    assert.deepEqual(await ask(), { value: Buffer.from('x') });
    assert.deepEqual(changes, ['refused', 'usable']);
  });

  it('is left alone after five failures in a row, and not after four', async () => {
    const { server, changes, breaker, ask } = await fixture();
    server.answer = async () => await Promise.reject(new Error('broken'));
    for (let count = 0; count < 4; count += 1) assert.equal(await ask(), 'failed');
    server.answer = async () => undefined;
    assert.deepEqual(await ask(), { value: undefined });
    server.answer = async () => await Promise.reject(new Error('broken'));
    for (let count = 0; count < 4; count += 1) assert.equal(await ask(), 'failed');
    assert.equal(breaker.isUsable, true);
    assert.equal(await ask(), 'failed');
    assert.equal(breaker.isUsable, false);
    assert.equal(await ask(), 'unavailable');
    assert.equal(server.closed, 1);
    assert.deepEqual(changes, ['usable', 'broken']);
  });

  it('costs no more than its time when it hangs', async () => {
    const { server, clock, ask } = await fixture();
    server.answer = async () => await never;
    const asked = ask();
    await turn();
    clock.advance(19);
    let isOver = false;
    void asked.finally(() => (isOver = true));
    await turn();
    assert.equal(isOver, false);
    clock.advance(1);
    assert.equal(await asked, 'failed');
  });

  it('is asked no more than it may have under way', async () => {
    const { server, ask } = await fixture();
    server.answer = async () => await never;
    for (let count = 0; count < 256; count += 1) void ask();
    assert.equal(await ask(), 'unavailable');
  });

  it('is tried anew by itself, ever less often, up to every half minute', async () => {
    const server = new Server();
    server.isReachable = false;
    const { clock } = await fixture(server);
    const waits: number[] = [];
    for (let last = server.opened; waits.length < 8; last = server.opened) {
      let waited = 0;
      for (; server.opened === last; waited += 1_000) {
        clock.advance(1_000);
        await turn();
      }
      waits.push(waited / 1_000);
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
  });

  it('is given up when connecting hangs', async () => {
    const server = new Server();
    const clock = new FakeClock();
    const changes: string[] = [];
    const open = async (signal: AbortSignal): Promise<SharedStore> => {
      server.opened += 1;
      return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const onChange = (_: boolean, reason: string): void => void changes.push(reason);
    new StoreBreaker({ open, timeoutMs: 20, clock, onChange }).start();
    clock.advance(1_999);
    await turn();
    assert.deepEqual(changes, []);
    clock.advance(1);
    await turn();
    assert.deepEqual(changes, ['no answer']);
  });

  it('is closed with its owner, also when it opens after that', async () => {
    const server = new Server();
    const { breaker, ask } = await fixture(server);
    breaker.close();
    assert.equal(server.closed, 1);
    assert.equal(await ask(), 'unavailable');
    const late = new StoreBreaker({
      open: server.open,
      timeoutMs: 20,
      clock: new FakeClock(),
      onChange: () => undefined,
    });
    late.start();
    late.close();
    await turn();
    assert.equal(server.closed, 2);
  });
});
