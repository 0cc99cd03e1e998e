/** The least that Node can do, to compare with: `forwarder.ts CLEAR TLS UPSTREAM CERT KEY`. */
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

const BUFFER_BYTES = 256 * 1024;
const [clear = 0, tls = 0, upstream = 0] = process.argv.slice(2, 5).map(Number);
const [cert = '', key = ''] = process.argv.slice(5, 7).map((path) => readFileSync(path, 'latin1'));
/** Free buffers; one is taken while a write that could not be finished at once still needs it. */
const free: Buffer[] = [];

function forward(client: Socket): void {
  let buffer = free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const server: Socket = connect({
    port: upstream,
    host: '127.0.0.1',
    onread: {
      buffer: () => buffer,
      callback: (count: number) => {
        const used = buffer;
        buffer = free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
        return client.write(used.subarray(0, count), () => free.push(used)); // false pauses until the drain
      },
    },
  });
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    from.setNoDelay(true);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    to.on('drain', () => from.resume());
  }
  client.on('data', (bytes) => server.write(bytes));
}

createServer({ noDelay: true }, forward).listen(clear, '127.0.0.1');
createTlsServer({ cert, key, noDelay: true }, forward).listen(tls, '127.0.0.1');
