import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

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
const LF = 10;
const DOT = 46;

/** The peer broke the protocol, closed, or did not answer in time. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** A socket to read lines, octets and multi-line bodies from, byte-exact. Every wait has a deadline. */
export class WireConnection {
  #socket: Socket;
  #chunks: Buffer[] = [];
  #length = 0;
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
    plain.removeAllListeners();
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
    return this.#within(async () => {
      for (;;) {
        const bytes = this.#joined();
        const lineFeed = bytes.indexOf(LF);
        if (lineFeed !== -1) {
          this.#drop(lineFeed + 1);
          return bytes.subarray(0, bytes[lineFeed - 1] === 13 ? lineFeed - 1 : lineFeed);
        }
        await this.#more();
      }
    });
  }
  async readExactly(count: number): Promise<Buffer> {
    return this.#within(async () => {
      while (this.#length < count) {
        await this.#more();
      }
      const bytes = this.#joined().subarray(0, count);
      this.#drop(count);
      return bytes;
    });
  }
  /** A POP3 multi-line body up to `.CRLF`, dots undone. */
  async readMultiLine(): Promise<Buffer> {
    return this.#within(async () => {
      for (;;) {
        const bytes = this.#joined();
        const end = bytes[0] === DOT && bytes[1] === 13 && bytes[2] === LF ? 0 : endOfMultiLine(bytes);
        if (end !== -1) {
          this.#drop(end + 3);
          return unstuffDots(bytes.subarray(0, end));
        }
        await this.#more();
      }
    });
  }
  /** Everything until the peer closes. */
  async readToEnd(): Promise<Buffer> {
    return this.#within(async () => {
      while (!this.#isOver) {
        await this.#more().catch(() => undefined);
      }
      const bytes = this.#joined();
      this.#drop(bytes.length);
      return bytes;
    });
  }
  close(): void {
    this.#socket.destroy();
  }
  #attach(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on('data', (bytes) => {
      this.#chunks.push(bytes);
      this.#length += bytes.length;
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
  #joined(): Buffer {
    const [first] = this.#chunks;
    const joined = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
  #drop(count: number): void {
    this.#chunks = [this.#joined().subarray(count)];
    this.#length -= count;
  }
}

async function connected(socket: Socket, event: string, timeoutMs: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new WireError('no connection in time')), timeoutMs);
    const settle = (outcome: () => void) => () => {
      clearTimeout(timer);
      socket.removeAllListeners();
      outcome();
    };
    socket.once(event, settle(resolve));
    socket.once('error', (error) => settle(() => reject(error))());
    socket.once(
      'close',
      settle(() => reject(new WireError('the server closed the connection'))),
    );
  });
}

/** Where the terminating dot stands, or -1. */
function endOfMultiLine(bytes: Buffer): number {
  const at = bytes.indexOf('\r\n.\r\n', 0, 'latin1');
  return at === -1 ? -1 : at + 2;
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
