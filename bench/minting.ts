/**
 * `node bench/minting.ts`: what certificates under the own authority cost. Mints per second, and a handshake with a
 * cached leaf beside one with a plain certificate, in one process, round about.
 * In time of one core, so that what else the machine does hardly matters.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { connect, type SecureContext, TLSSocket } from 'node:tls';
import { Authority, createRoot } from '../src/gateway/tls/authority.ts';
import { silentLogger } from '../src/base/log.ts';
import { LeafStore } from '../src/gateway/tls/leaf-store.ts';
import { MintThread } from '../src/gateway/tls/mint-thread.ts';
import { serverContext } from '../src/gateway/tls/tls-options.ts';

const MINTS = 5_000;
const HANDSHAKES = 300;
const ROUNDS = 5;

function serve(contextOf: () => SecureContext): Server {
  return createServer((socket) => {
    const secureContext = contextOf();
    const secure = new TLSSocket(socket, { isServer: true, secureContext });
    secure.on('error', () => undefined);
    secure.once('secure', () => secure.end());
  });
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Milliseconds of a core for one full handshake, client and server together. */
async function handshakeMs(port: number): Promise<number> {
  const start = process.cpuUsage();
  for (let count = 0; count < HANDSHAKES; count += 1) {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.destroy();
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / HANDSHAKES;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const authority = new Authority(createRoot('Bench'));
const rates: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const start = process.cpuUsage();
  for (let count = 0; count < MINTS; count += 1) authority.mint({ names: [`mail${count}.example.org`] });
  const { user, system } = process.cpuUsage(start);
  rates.push(MINTS / ((user + system) / 1_000_000));
}
console.log(
  `mints per second of a core: ${Math.round(median(rates))} (${(1000 / median(rates)).toFixed(3)} ms each)`,
);

const ticketKeys = Buffer.alloc(48, 1);
const contextOf = (pair: { cert: string; key: string }) => serverContext(pair, 'TLSv1.2', ticketKeys);
/** As an administrator's own: of an authority as well, so that the client has the same chain to check. */
const plainContext = contextOf(authority.mint({ names: ['localhost'] }));
const mint = new MintThread(silentLogger);
const leaves = new LeafStore({ authority, mint, contextOf, onMint: () => undefined });
const request = () => ({ names: ['localhost'] });
await leaves.get('localhost', request);
const plain = serve(() => plainContext);
const cached = serve(() => {
  const context = leaves.get('localhost', request);
  if (context instanceof Promise) throw new Error('not cached');
  return context;
});
const ports = [await portOf(plain), await portOf(cached)];
const times: number[][] = [[], []];
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [index, port] of ports.entries()) times[index]?.push(await handshakeMs(port));
}
console.log(`handshake, plain certificate: ${median(times[0] ?? []).toFixed(2)} ms`);
console.log(`handshake, cached leaf: ${median(times[1] ?? []).toFixed(2)} ms`);
plain.close();
cached.close();

/** New names by the thread of their own: what the main thread, which moves bytes, still pays for each. */
const threaded: number[] = [];
const busy: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const start = performance.now();
  const before = process.threadCpuUsage();
  const names = Array.from({ length: MINTS }, (_, index) => `new${round}-${index}.example.org`);
  await Promise.all(names.map(async (name) => await mint.mint(authority, { names: [name] })));
  threaded.push((MINTS * 1000) / (performance.now() - start));
  const { user, system } = process.threadCpuUsage(before);
  busy.push((user + system) / 1000 / MINTS);
}
console.log(`mints per second by the thread: ${Math.round(median(threaded))} (time of the clock)`);
console.log(`time of the main thread for each: ${median(busy).toFixed(3)} ms`);
await mint.close();
