import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Endpoint } from './mail-server.ts';
import { within } from './wait.ts';

const READ_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** Certificates of the scratch servers are self-signed; what is tested is the transport, not the trust. */
const TLS_OPTIONS = { host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false };

function opened(socket: Socket, event: string): Promise<void> {
  return within(
    `connecting (${event})`,
    CONNECT_TIMEOUT_MS,
    new Promise((resolve, reject) => {
      socket.once(event, resolve).once('error', reject);
    }),
  );
}

/**
 * One connection of a client that reads bytes exactly. Keeps what arrived until it is asked for; a read waits
 * with a deadline, and fails when the peer closes first.
 */
export class Wire {
  #socket: Socket;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #closed = false;
  #failure: Error | undefined;
  #wake: () => void = () => undefined;
  /** A read may not take longer than this without a byte. */
  readTimeoutMs = READ_TIMEOUT_MS;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  /** Opens the connection; with `starttls` it is still in clear text, see `secure`. */
  static async open(endpoint: Endpoint): Promise<Wire> {
    if (endpoint.security === 'tls') {
      const socket = connectTls({ ...TLS_OPTIONS, port: endpoint.port });
      await opened(socket, 'secureConnect');
      return new Wire(socket);
    }
    const socket = connect(endpoint.port, '127.0.0.1');
    await opened(socket, 'connect');
    return new Wire(socket);
  }

  #listen(): void {
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#buffered += chunk.length;
      this.#wake();
    });
    this.#socket.on('error', (error) => {
      this.#failure = error;
    });
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** The TLS handshake after STARTTLS or STLS was agreed. */
  async secure(): Promise<void> {
    if (this.#buffered > 0) {
      throw new Error('bytes arrived before the TLS handshake');
    }
    const plain = this.#socket;
    plain.removeAllListeners();
    const socket = connectTls({ ...TLS_OPTIONS, socket: plain });
    await opened(socket, 'secureConnect');
    this.#socket = socket;
    this.#listen();
  }

  send(text: string | Uint8Array): void {
    this.#socket.write(text);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Bytes that arrived and were not read yet. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Waits for more bytes. */
  async #more(): Promise<void> {
    const before = this.#buffered;
    await within(
      `reading (${before} bytes so far: ${JSON.stringify(this.#peek())})`,
      this.readTimeoutMs,
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (this.#buffered > before) {
            resolve();
          } else if (this.#closed) {
            const text = `closed by the peer after ${JSON.stringify(this.#peek())}`;
            reject(new Error(text, { cause: this.#failure }));
          }
        };
        this.#wake = look;
        look();
      }),
    );
  }

  #peek(): string {
    return Buffer.concat(this.#chunks).subarray(0, 200).toString('latin1');
  }

  #take(length: number): Buffer {
    const all =
      this.#chunks.length === 1 ? (this.#chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#chunks);
    const rest = all.subarray(length);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#buffered = rest.length;
    return all.subarray(0, length);
  }

  /** Puts bytes back in front of what arrived. */
  unread(bytes: Buffer): void {
    this.#chunks.unshift(bytes);
    this.#buffered += bytes.length;
  }

  async exactly(length: number): Promise<Buffer> {
    while (this.#buffered < length) {
      await this.#more();
    }
    return this.#take(length);
  }

  /** Everything up to and with `end`. */
  async through(end: Buffer): Promise<Buffer> {
    let searched = 0;
    let position = 0;
    let tail = Buffer.alloc(0);
    for (;;) {
      for (; searched < this.#chunks.length; searched += 1) {
        const chunk = this.#chunks[searched] ?? Buffer.alloc(0);
        const window = Buffer.concat([tail, chunk]);
        const at = window.indexOf(end);
        if (at !== -1) {
          return this.#take(position - tail.length + at + end.length);
        }
        position += chunk.length;
        tail = Buffer.from(window.subarray(Math.max(0, window.length - end.length + 1)));
      }
      await this.#more();
    }
  }

  /** One line without its CRLF. */
  async line(): Promise<string> {
    return (await this.through(Buffer.from('\r\n'))).subarray(0, -2).toString('latin1');
  }

  /** Resolves when the peer has closed. */
  async closed(): Promise<void> {
    while (!this.#closed) {
      await this.#more().catch((error: unknown) => {
        if (!this.#closed) {
          throw error;
        }
      });
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
