import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { greeting, listen, scripted } from '../../../test/support/resp-peer.ts';
import { FakeClock } from '../pool-fixture.ts';
import { redisStore } from './redis-store.ts';
import type { SharedStore } from './shared-store.ts';
import { StoreBreaker } from './store-breaker.ts';

async function open(t: TestContext, url: string): Promise<SharedStore> {
  const store = await redisStore({ url })(new AbortController().signal);
  t.after(() => store.close());
  return store;
}

describe('the Redis client of the shared verdicts', () => {
  it('reads and writes bytes as they are, with a time to live', async (t) => {
    const stored = new Map<string, Buffer>();
    let life: readonly string[] = [];
    const url = await scripted(t, (command, socket) => {
      const [name, key = '', value = '', ...options] = command;
      if (name === 'SET') {
        stored.set(key, Buffer.from(value, 'latin1'));
        life = options;
        return '+OK\r\n';
      }
      if (name !== 'GET') return greeting(command, socket);
      const found = stored.get(key);
      if (found === undefined) return '_\r\n';
      return Buffer.concat([Buffer.from(`$${found.length}\r\n`), found, Buffer.from('\r\n')]);
    });
    const store = await open(t, url);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    assert.equal(await store.get('k'), undefined);
    await store.set('k', bytes, 5_000);
    assert.deepEqual(await store.get('k'), bytes);
    assert.deepEqual(life, ['PX', '5000']);
  });

  for (const answer of [`+${'x'.repeat(100)}\r\n`, ':5\r\n', '*1\r\n:5\r\n', '#t\r\n']) {
    it(`says no to an answer that is no bytes: ${JSON.stringify(answer.slice(0, 8))}`, async (t) => {
      const url = await scripted(t, (command, socket) =>
        command[0] === 'GET' ? answer : greeting(command, socket),
      );
      await assert.rejects((await open(t, url)).get('k'), /no bytes/u);
    });
  }

  it('says no to a server that accepts and never answers', async (t) => {
    const url = await listen(t, () => undefined);
    const controller = new AbortController();
    const opened = redisStore({ url })(controller.signal);
    setImmediate(() => controller.abort(new Error('no answer')));
    await assert.rejects(opened, /no answer/u);
  });

  it('says no to a server that is not there', async () => {
    await assert.rejects(redisStore({ url: 'redis://127.0.0.1:1' })(new AbortController().signal));
  });

  for (const garbage of [
    'HTTP/1.1 400 Bad Request\r\n\r\n',
    '$99999999999999\r\nx',
    '*-7\r\n\0\0\0',
    '\u0000'.repeat(100),
  ]) {
    it(`says no to something else: ${JSON.stringify(garbage.slice(0, 20))}`, async (t) => {
      const url = await listen(t, (socket) => socket.end(garbage, 'latin1'));
      await assert.rejects(redisStore({ url })(new AbortController().signal));
    });
  }

  it('says no to a server that refuses the password', async (t) => {
    const url = await scripted(t, () => '-WRONGPASS invalid username-password pair\r\n');
    const withName = url.replace('//', '//ann:secret@');
    await assert.rejects(redisStore({ url: withName })(new AbortController().signal), /WRONGPASS/u);
  });

  const slow: Readonly<Record<string, (socket: Socket) => void>> = {
    'drips a byte for each question': (socket) => void socket.write('$'),
    'answers without an end': (socket) => void socket.write(`$4000000000\r\n${'x'.repeat(100_000)}`),
  };
  for (const [name, say] of Object.entries(slow)) {
    it(`is left alone, and its connection closed, after five questions to a server that ${name}`, async (t) => {
      const clock = new FakeClock();
      const [heard, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const url = await scripted(t, (command, socket) => {
        if (command[0] === 'PING') socket.once('close', () => ended.resolve());
        if (command[0] !== 'GET') return greeting(command, socket);
        say(socket);
        heard.resolve();
        return undefined;
      });
      const changed = Promise.withResolvers<boolean>();
      const onChange = (isUsable: boolean): void => changed.resolve(isUsable);
      const breaker = new StoreBreaker({ open: redisStore({ url }), timeoutMs: 20, clock, onChange });
      t.after(() => breaker.close());
      breaker.start();
      assert.equal(await changed.promise, true);
      for (let count = 0; count < 5; count += 1) {
        assert.equal(breaker.isUsable, true);
        const asked = breaker.ask(async (store) => await store.get('k'));
        await heard.promise;
        clock.advance(20);
        assert.equal(await asked, 'failed');
      }
      assert.equal(breaker.isUsable, false);
      await ended.promise;
    });
  }

  it('rejects what is under way when the connection breaks, and everything after it', async (t) => {
    const url = await scripted(t, (command, socket) => {
      if (command[0] !== 'GET') return greeting(command, socket);
      socket.destroy();
      return undefined;
    });
    const store = await open(t, url);
    await assert.rejects(store.get('k'));
    await assert.rejects(store.get('k'));
    store.close();
    store.close();
  });

  it('rejects what is under way when it is closed', async (t) => {
    const url = await scripted(t, (command, socket) =>
      command[0] === 'GET' ? undefined : greeting(command, socket),
    );
    const store = await open(t, url);
    const asked = store.get('k');
    setImmediate(() => store.close());
    await assert.rejects(asked);
  });
});
