import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { ByteQueue } from './byte-queue.ts';

/** Where and how to reach a server. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** `implicit`: TLS at once. `starttls`: STARTTLS or STLS, required. `off`: clear text. */
  readonly tls: 'implicit' | 'starttls' | 'off';
  readonly user: string;
  readonly password: string;
}

/** No answer of a loopback server takes longer, slow scans included. */
const DEFAULT_TIMEOUT_MS = 60_000;
const DOT = 46;

/** The peer broke the protocol, closed, or did not answer in time. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** A socket to read lines, octets and multi-line bodies from, byte-exact. Every wait has a deadline. */
export class WireConnection {
  #socket: Socket;
  readonly #queue = new ByteQueue();
  #wake: (() => void) | undefined;
  #isOver = false;
  readonly #timeoutMs: number;

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.#attach(socket);
  }
  static async open(endpoint: Endpoint, timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<WireConnection> {
    const { host, port } = endpoint;
    const isImplicit = endpoint.tls === 'implicit';
    // the demo's certificates are self-signed and made at start
    const socket = isImplicit
      ? connectTls({ host, port, rejectUnauthorized: false })
      : connect({ host, port });
    await connected(socket, isImplicit ? 'secureConnect' : 'connect', timeoutMs);
    return new WireConnection(socket, timeoutMs);
  }
  /** TLS on the open connection; the peer has agreed to it. */
  async secure(): Promise<void> {
    const plain = this.#socket;
    plain.removeAllListeners('data');
    plain.removeAllListeners('end');
    const secure = connectTls({ socket: plain, rejectUnauthorized: false });
    this.#socket = secure;
    await connected(secure, 'secureConnect', this.#timeoutMs);
    this.#attach(secure);
  }
  write(text: string | Buffer): void {
    this.#socket.write(text);
  }
  /** Without its line break. */
  async readLine(): Promise<Buffer> {
    const end = await this.#find('\n');
    const line = this.#queue.take(end, 1);
    return line.at(-1) === 13 ? line.subarray(0, -1) : line;
  }
  async readExactly(count: number): Promise<Buffer> {
    await this.#within(async () => {
      while (this.#queue.length < count) {
        await this.#more();
      }
    });
    return this.#queue.take(count);
  }
  /** A POP3 multi-line body up to `.CRLF`, dots undone. */
  async readMultiLine(): Promise<Buffer> {
    while (this.#queue.length < 3) {
      await this.#within(() => this.#more());
    }
    if (this.#queue.startsWith('.\r\n')) {
      return this.#queue.take(0, 3);
    }
    const end = await this.#find('\r\n.\r\n');
    return unstuffDots(this.#queue.take(end + 2, 3));
  }
  /** Everything until the peer closes. */
  async readToEnd(): Promise<Buffer> {
    await this.#within(async () => {
      while (!this.#isOver) {
        await this.#more();
      }
    });
    return this.#queue.take(this.#queue.length);
  }
  close(): void {
    this.#socket.destroy();
  }
  #attach(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on('data', (bytes) => {
      this.#queue.append(bytes);
      this.#wake?.();
    });
    socket.on('error', () => socket.destroy());
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#ended());
  }
  #ended(): void {
    this.#isOver = true;
    this.#wake?.();
  }
  /** Offset of `text` once it is there; every byte is looked at once. */
  async #find(text: string): Promise<number> {
    return this.#within(async () => {
      let searched = 0;
      for (;;) {
        const at = this.#queue.indexOf(text, searched);
        if (at !== -1) {
          return at;
        }
        searched = Math.max(0, this.#queue.length - text.length + 1);
        await this.#more();
      }
    });
  }
  /** Resolves when there is news; rejects when there was none and the peer is gone. */
  async #more(): Promise<void> {
    if (this.#isOver) {
      throw new WireError('the server closed the connection');
    }
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
  /** The timer destroys the socket, which ends the wait. */
  async #within<T>(task: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.#socket.destroy(), this.#timeoutMs);
    try {
      return await task();
    } finally {
      clearTimeout(timer);
    }
  }
}

async function connected(socket: Socket, event: string, timeoutMs: number): Promise<void> {
  let failure: Error = new WireError('the server closed the connection');
  socket.on('error', (error) => {
    failure = error; // stays attached: an error without a listener would end the process
  });
  const timer = setTimeout(() => socket.destroy(new WireError('no connection in time')), timeoutMs);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(event, resolve);
      socket.once('close', () => reject(failure));
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Removes one of two dots at the start of each line (RFC 1939 section 3). */
function unstuffDots(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let from = bytes[0] === DOT ? 1 : 0;
  let at = bytes.indexOf('\r\n.', 0, 'latin1');
  while (at !== -1) {
    pieces.push(bytes.subarray(from, at + 2));
    from = at + 3;
    at = bytes.indexOf('\r\n.', at + 2, 'latin1');
  }
  return pieces.length === 0 && from === 0 ? bytes : Buffer.concat([...pieces, bytes.subarray(from)]);
}
