import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import type { KeyPair } from '../../src/gateway/tls/bootstrap-certificate.ts';
import { LOCALHOST } from './certificates.ts';

/** Every wait ends; a test that waits for what never comes fails with what was said so far. */
const WAIT_MS = 5_000;

type Content = string | Uint8Array;

/** One end of a connection that knows no protocol: it sends bytes and expects bytes. */
export class Peer {
  #socket: net.Socket;
  #chunks: Buffer[] = [];
  #count = 0;
  #isEnded = false;
  #wake: (() => void) | undefined;
  readonly #said: string[] = [];

  constructor(socket: net.Socket) {
    this.#socket = socket;
    this.#listen(socket);
  }

  static async connect(port: number, secure?: tls.ConnectionOptions): Promise<Peer> {
    const options = { host: '127.0.0.1', port };
    const socket =
      secure === undefined
        ? net.connect(options)
        : tls.connect({ ca: LOCALHOST.cert, servername: 'localhost', ...secure, ...options });
    const peer = new Peer(socket);
    await bounded(once(socket, secure === undefined ? 'connect' : 'secureConnect'), () => peer.#transcript());
    return peer;
  }

  get socket(): net.Socket {
    return this.#socket;
  }

  send(content: Content): void {
    this.#said.push(`> ${preview(content)}`);
    this.#socket.write(content);
  }

  /** The next bytes are exactly these. */
  async expect(content: Content): Promise<void> {
    const expected = Buffer.from(content);
    const received = await this.receive(expected.length);
    assert.ok(received.equals(expected), `expected ${preview(expected)}, got ${preview(received)}`);
  }

  async receive(count: number): Promise<Buffer> {
    await this.#until(() => this.#count >= count, `${count} bytes`);
    return this.#take(count);
  }

  /** Everything up to and including `marker`. */
  async receiveUntil(marker: string): Promise<Buffer> {
    await this.#until(() => this.#joined().includes(marker), preview(marker));
    return this.#take(this.#joined().indexOf(marker) + marker.length);
  }

  /** Everything until the other side closes, in whatever way. */
  async receiveAll(): Promise<Buffer> {
    await this.#until(() => this.#isEnded, 'the end', true);
    return this.#take(this.#count);
  }

  /** Bytes that arrived and were not taken. */
  get waiting(): number {
    return this.#count;
  }

  async secureAsServer(pair: KeyPair = LOCALHOST): Promise<void> {
    const socket = new tls.TLSSocket(this.#stopPlain(), { isServer: true, ...pair });
    await this.#secured(socket, 'secure');
  }

  async secureAsClient(options: tls.ConnectionOptions = {}): Promise<void> {
    const socket = tls.connect({
      ca: LOCALHOST.cert,
      servername: 'localhost',
      ...options,
      socket: this.#stopPlain(),
    });
    await this.#secured(socket, 'secureConnect');
  }

  stopReading(): void {
    this.#socket.pause();
  }

  goOnReading(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #secured(socket: tls.TLSSocket, event: string): Promise<void> {
    this.#socket = socket;
    this.#isEnded = false;
    this.#listen(socket);
    await bounded(once(socket, event), () => this.#transcript());
  }

  #stopPlain(): net.Socket {
    this.#socket.removeAllListeners('data');
    this.#socket.pause();
    return this.#socket;
  }

  #listen(socket: net.Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.#said.push(`< ${preview(chunk)}`);
      this.#chunks.push(chunk);
      this.#count += chunk.length;
      this.#wake?.();
    });
    const ended = (): void => {
      if (this.#socket !== socket) return;
      this.#isEnded = true;
      this.#wake?.();
    };
    socket.on('end', ended).on('close', ended).on('error', ended);
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  #take(count: number): Buffer {
    const all = this.#joined();
    this.#chunks = [all.subarray(count)];
    this.#count -= count;
    return all.subarray(0, count);
  }

  async #until(done: () => boolean, what: string, mayEnd = false): Promise<void> {
    while (!done()) {
      if (this.#isEnded && !mayEnd) assert.fail(`closed while waiting for ${what}\n${this.#transcript()}`);
      const changed = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await bounded(changed, () => `waiting for ${what}\n${this.#transcript()}`);
    }
  }

  #transcript(): string {
    return this.#said.slice(-30).join('\n');
  }
}

/** A server whose connections are taken one by one. */
export class PeerServer {
  readonly port: number;
  readonly #server: net.Server;
  readonly #accepted: net.Socket[] = [];
  readonly #all: net.Socket[] = [];
  #wake: (() => void) | undefined;

  private constructor(server: net.Server) {
    this.#server = server;
    const address = server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : 0;
  }

  static async listen(pair?: KeyPair): Promise<PeerServer> {
    const server = pair === undefined ? net.createServer({ allowHalfOpen: true }) : tls.createServer(pair);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peers = new PeerServer(server);
    server.on(pair === undefined ? 'connection' : 'secureConnection', (socket: net.Socket) => {
      socket.on('error', () => undefined);
      peers.#all.push(socket);
      peers.#accepted.push(socket);
      peers.#wake?.();
    });
    server.on('tlsClientError', () => undefined);
    return peers;
  }

  async accept(): Promise<Peer> {
    while (this.#accepted.length === 0) {
      const changed = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await bounded(changed, () => 'waiting for a connection');
    }
    const socket = this.#accepted.shift();
    assert.ok(socket !== undefined);
    return new Peer(socket);
  }

  get connections(): number {
    return this.#all.length;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#all) socket.destroy();
  }
}

/** Waits for a condition that other events make true, without sleeping a fixed time. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!condition()) {
    assert.ok(performance.now() < deadline, `never happened: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function bounded<T>(promise: Promise<T>, describe: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`too late: ${describe()}`)), WAIT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function preview(content: Content): string {
  const text = JSON.stringify(Buffer.from(content).toString('latin1'));
  return text.length > 120 ? `${text.slice(0, 120)}... (${content.length})` : text;
}
