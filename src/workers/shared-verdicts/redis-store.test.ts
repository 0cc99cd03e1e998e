import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { certificateFor, LOCALHOST, writePair } from '../../../test/support/certificates.ts';
import { greeting, listen, scripted } from '../../../test/support/resp-peer.ts';
import { FakeClock } from '../pool-fixture.ts';
import { redisStore } from './redis-store.ts';
import { MAX_WAITING } from './resp-connection.ts';
import type { SharedStore } from './shared-store.ts';
import { StoreBreaker } from './store-breaker.ts';
import { MAX_ENTRY_BYTES } from './verdict-seal.ts';

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
      if (found === undefined) return '$-1\r\n';
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

  it('is read no further when it answers without an end, or what nobody asked', async (t) => {
    for (const endless of ['$4000000000\r\n', '+', `$5\r\nhello\r\n${'$5\r\nhello\r\n'.repeat(1_000)}`]) {
      const ended = Promise.withResolvers<void>();
      const url = await scripted(t, (command, socket) => {
        if (command[0] !== 'GET') return greeting(command, socket);
        socket.once('close', () => ended.resolve());
        const flood = Buffer.alloc(1024 * 1024, 'x');
        const pour = (): void => void (socket.writable && socket.write(flood, pour));
        socket.write(endless, pour);
        return undefined;
      });
      const store = await open(t, url);
      await store.get('k').catch(() => undefined);
      await ended.promise;
      await assert.rejects(store.get('k'), /larger than|does not end|nobody asked/u);
    }
  });

  it('may have entries of 64 KiB', async (t) => {
    const lengths = [MAX_ENTRY_BYTES, MAX_ENTRY_BYTES + 1];
    const url = await scripted(t, (command, socket) => {
      if (command[0] !== 'GET') return greeting(command, socket);
      const length = lengths.shift() ?? 0;
      return `$${length}\r\n${'x'.repeat(length)}\r\n`;
    });
    const store = await open(t, url);
    assert.equal((await store.get('k'))?.length, MAX_ENTRY_BYTES);
    await assert.rejects(store.get('k'), /larger than 65536 bytes/u);
  });

  it('is left alone when it answers a byte at a time', async (t) => {
    const clock = new FakeClock();
    const drops = Array.from('$5\r\nhello\r\n');
    const ended = Promise.withResolvers<void>();
    const peers: Socket[] = [];
    const drip = (): void => peers.forEach((peer) => peer.write(drops.shift() ?? ''));
    const url = await scripted(t, (command, socket) => {
      if (command[0] !== 'GET') return greeting(command, socket);
      peers[0] = socket;
      socket.once('close', () => ended.resolve());
      return undefined;
    });
    const changed = Promise.withResolvers<boolean>();
    const onChange = (isUsable: boolean): void => changed.resolve(isUsable);
    const breaker = new StoreBreaker({ open: redisStore({ url }), timeoutMs: 20, clock, onChange });
    t.after(() => breaker.close());
    breaker.start();
    assert.equal(await changed.promise, true);
    for (let count = 0; count < 5; count += 1) {
      const asked = breaker.ask(async (store) => await store.get('k'));
      drip();
      clock.advance(20);
      assert.equal(await asked, 'failed');
    }
    assert.equal(breaker.isUsable, false);
    await ended.promise;
  });

  it('lets questions wait for an answer, up to a number', async (t) => {
    const url = await scripted(t, (command, socket) =>
      command[0] === 'GET' ? undefined : greeting(command, socket),
    );
    const store = await open(t, url);
    const waiting = Array.from({ length: MAX_WAITING }, async () => await store.get('k'));
    await assert.rejects(store.get('k'), /too many questions/u);
    store.close();
    const ends = await Promise.allSettled(waiting);
    assert.ok(ends.every(({ status }) => status === 'rejected'));
  });

  it('is asked over TLS when it shows a certificate that is trusted and in its name', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-redis-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const elsewhere = certificateFor('elsewhere.example');
    const trusted = writePair(folder, 'trusted', LOCALHOST).cert;
    const stranger = writePair(folder, 'stranger', elsewhere).cert;
    const url = await scripted(t, greeting, LOCALHOST);
    const tls = redisStore({ url, ca: trusted });
    (await tls(new AbortController().signal)).close();
    const { signal } = new AbortController();
    await assert.rejects(redisStore({ url, ca: stranger })(signal), /certificate/u);
    await assert.rejects(redisStore({ url })(signal), /certificate/u);
    const misnamed = await scripted(t, greeting, elsewhere);
    await assert.rejects(redisStore({ url: misnamed, ca: stranger })(signal), /altnames/u);
    const clear = url.replace('rediss:', 'redis:');
    await assert.rejects(redisStore({ url: clear })(signal));
    const late = new AbortController();
    const asked = redisStore({ url: await listen(t, () => undefined), ca: trusted })(late.signal);
    late.abort(new Error('no answer'));
    await assert.rejects(asked, /no answer/u);
  });

  it('is told name, password and database as the address has them', async (t) => {
    const said: string[][] = [];
    const url = await scripted(t, (command, socket) => {
      said.push([...command]);
      return greeting(command, socket);
    });
    await open(t, `${url.replace('//', '//ann%40x:p%3Aw@')}/7`);
    await open(t, url.replace('//', '//:pw@'));
    await open(t, url);
    const expected = [
      ['AUTH', 'ann@x', 'p:w'],
      ['SELECT', '7'],
      ['PING'],
      ['AUTH', 'pw'],
      ['PING'],
      ['PING'],
    ];
    assert.deepEqual(said, expected);
  });

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
