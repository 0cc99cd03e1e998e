import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect as connectPlain, createServer, type Server, Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect, createSecureContext, TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type koffi from 'koffi';
import { GatewayError } from '../../base/errors.ts';
import { Channel } from '../channel.ts';
import { createBootstrapPair } from './bootstrap-certificate.ts';
import { serverSocket } from './server-socket.ts';

const NAME = 'mail.example.com';
const secureContext = createSecureContext(createBootstrapPair([NAME]));
const WARM_UPS = 5;
const CONNECTIONS = 50;
/** Of 63 KiB; the rest is for what else is allocated meanwhile. */
const SPARED_BYTES = 45 * 1024;

type Wrap = (plain: Socket) => TLSSocket | Promise<TLSSocket>;

/** As a channel does it. */
const ours: Wrap = async (plain) => {
  await once(plain, 'readable');
  return serverSocket(plain, { secureContext });
};

const nodesOwn: Wrap = (plain) => new TLSSocket(plain, { secureContext, isServer: true });

/** What glibc has given out in this process and nobody could let go of. */
function allocatedBytes(): () => number {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- koffi has no types for a late require
  const native = createRequire(import.meta.url)('koffi') as typeof koffi;
  const names = 'arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost'.split(' ');
  const result = native.struct('mallinfo2', Object.fromEntries(names.map((name) => [name, 'size_t'])));
  const ask = native.load('libc.so.6').func('mallinfo2', result, []);
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  return () => {
    // The first leaves memory of buffers to a thread, the second waits for it.
    collectGarbage();
    collectGarbage();
    const { uordblks, hblkhd }: Record<string, number> = ask();
    return (uordblks ?? 0) + (hblkhd ?? 0);
  };
}

describe('the server side of TLS', () => {
  const sockets: Socket[] = [];
  let server: Server;
  let port = 0;

  before(async () => {
    server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  async function plainPair(): Promise<{ plain: Socket; accepted: Socket }> {
    const plain = connectPlain(port, '127.0.0.1');
    const [accepted]: unknown[] = await once(server, 'connection');
    assert.ok(accepted instanceof Socket);
    sockets.push(plain, accepted);
    for (const socket of [plain, accepted]) socket.on('error', () => undefined);
    return { plain, accepted };
  }

  /** A connection that `wrap` secured. */
  async function pair(wrap: Wrap): Promise<{ client: TLSSocket; secured: TLSSocket }> {
    const { plain, accepted } = await plainPair();
    const client = connect({ socket: plain, rejectUnauthorized: false, servername: NAME });
    const secured = await wrap(accepted);
    await Promise.all([once(client, 'secureConnect'), once(secured, 'secure')]);
    return { client, secured };
  }

  test('speaks with a client whose hello is longer than a piece', async () => {
    const { client, secured } = await pair(ours);
    client.write('hello');
    assert.equal(String(await once(secured, 'data')), 'hello');
    secured.write('welcome');
    assert.equal(String(await once(client, 'data')), 'welcome');
  });

  test('hears what does not fit its first buffer as it was sent', async () => {
    const { client, secured } = await pair(ours);
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
    client.end(sent);
    const heard: Buffer[] = [];
    secured.on('data', (chunk: Buffer) => heard.push(chunk));
    await once(secured, 'end');
    assert.ok(Buffer.concat(heard).equals(sent));
  });

  test('an idle connection has no large buffer', async () => {
    const allocated = allocatedBytes();
    const costOf = async (wrap: Wrap): Promise<number> => {
      for (let count = 0; count < WARM_UPS; count += 1) await pair(wrap);
      const before = allocated();
      for (let count = 0; count < CONNECTIONS; count += 1) await pair(wrap);
      return (allocated() - before) / CONNECTIONS;
    };
    const own = await costOf(ours);
    const spared = (await costOf(nodesOwn)) - own;
    assert.ok(spared > SPARED_BYTES, `${spared} bytes spared`);
  });

  test('a channel fails when its client leaves before a hello', async () => {
    for (const leave of ['end', 'destroy'] as const) {
      const { plain, accepted } = await plainPair();
      const channel = Channel.accepted(accepted);
      const securing = channel.secureAsServer({ secureContext });
      plain[leave]();
      await assert.rejects(
        securing,
        (error) => error instanceof GatewayError && error.code === 'CLIENT_TLS_FAILED',
      );
    }
  });

  test('a hello whose first byte comes alone is heard whole', async () => {
    const { plain, accepted } = await plainPair();
    const channel = Channel.accepted(accepted);
    const secured = channel.secureAsServer({ secureContext });
    const relay = createServer((socket) => {
      sockets.push(socket);
      plain.pipe(socket);
      socket.once('data', (hello: Buffer) => {
        plain.write(hello.subarray(0, 1));
        accepted.once('readable', () => {
          plain.write(hello.subarray(1));
          socket.pipe(plain);
        });
      });
    });
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    const bound = relay.address();
    const toRelay = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const client = connect({ port: toRelay, host: '127.0.0.1', rejectUnauthorized: false, servername: NAME });
    sockets.push(client);
    await Promise.all([secured, once(client, 'secureConnect')]);
    relay.close();
  });
});
