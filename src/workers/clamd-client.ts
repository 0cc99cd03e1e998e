import { createConnection, type Socket } from 'node:net';
import type { ClamdOptions } from './scan-job.ts';

/** clamd's own words about one byte string. */
export type ClamdReply =
  | { readonly kind: 'clean' }
  | { readonly kind: 'found'; readonly signature: string }
  | { readonly kind: 'error'; readonly message: string };

/** The answer took longer than it may. */
export class ClamdTimeout extends Error {
  override readonly name = 'ClamdTimeout';
}

/** clamd is there but ended the session in the middle of a question. */
export class ClamdBrokeOff extends Error {
  override readonly name = 'ClamdBrokeOff';
}

/** clamd refuses a stream by its length alone; the reply is lost when we still write, so it is asked for apart. */
const LENGTH_PROBE_MS = 500;
/** Smallest `StreamMaxLength` that makes sense to suspect. */
const MIN_STREAM_LIMIT_BYTES = 64 * 1024;
/** A reply is one line with a name in it; more is not clamd. */
const MAX_REPLY_BYTES = 4_096;
/** A worker asks one question at a time; a second connection only outlives a burst. */
const MAX_IDLE_CONNECTIONS = 2;
const SESSION_START = 'zIDSESSION\0';
const STREAM_START = 'zINSTREAM\0';
const STREAM_END = new Uint8Array(4);

function parseReply(line: string): ClamdReply {
  const text = line.replace(/^\d+: /, '').replace(/^stream: /, '');
  if (text === 'OK') {
    return { kind: 'clean' };
  }
  const signature = /^(.+) FOUND$/.exec(text)?.[1];
  return signature === undefined ? { kind: 'error', message: text } : { kind: 'found', signature };
}

function lengthPrefix(bytes: Uint8Array): Uint8Array {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(bytes.byteLength);
  return prefix;
}

/** One session with clamd: a question, then its answer, then the next. */
class Connection {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #isConnected = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor({ socket, host, port }: ClamdOptions) {
    this.#socket = createConnection(socket === undefined ? { host, port: port ?? 3310 } : { path: socket });
    this.#socket.setNoDelay(true);
    this.#socket.unref();
    this.#socket.on('data', (chunk) => this.#receive(chunk));
    this.#socket.once('connect', () => {
      this.#isConnected = true;
    });
    this.#socket.on('error', (error) =>
      this.#fail(this.#isConnected ? new ClamdBrokeOff(error.message) : error),
    );
    this.#socket.on('close', () => this.#fail(new ClamdBrokeOff('clamd closed the connection')));
    this.#socket.write(SESSION_START);
  }

  get isUsable(): boolean {
    return this.#failure === undefined;
  }

  /** Rejects with `ClamdTimeout`, or with what went wrong on the connection. Useless after it rejected. */
  async ask(bytes: Uint8Array, timeoutMs: number): Promise<string> {
    return await this.#exchange([lengthPrefix(bytes), bytes, STREAM_END], timeoutMs);
  }

  /** What clamd says when it is only told the length of what would follow. */
  async probe(bytes: Uint8Array): Promise<string> {
    return await this.#exchange([lengthPrefix(bytes)], LENGTH_PROBE_MS);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #exchange(chunks: readonly Uint8Array[], timeoutMs: number): Promise<string> {
    const timer = setTimeout(
      () => this.#fail(new ClamdTimeout(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    this.#socket.ref();
    try {
      this.#socket.cork();
      this.#socket.write(STREAM_START);
      for (const chunk of chunks) {
        this.#socket.write(chunk);
      }
      this.#socket.uncork();
      return await this.#reply();
    } finally {
      clearTimeout(timer);
      this.#socket.unref();
    }
  }

  async #reply(): Promise<string> {
    for (;;) {
      const end = this.#received.indexOf(0);
      if (end !== -1) {
        const line = this.#received.toString('latin1', 0, end);
        this.#received = this.#received.subarray(end + 1);
        return line;
      }
      if (this.#failure !== undefined) {
        throw this.#failure;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    if (this.#received.byteLength > MAX_REPLY_BYTES) {
      this.#fail(new ClamdBrokeOff('clamd answers more than a reply'));
    }
    this.#wake?.();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#socket.destroy();
    this.#wake?.();
  }
}

/** Asks clamd over INSTREAM, keeping connections. */
export class ClamdClient {
  readonly #options: ClamdOptions;
  readonly #idle: Connection[] = [];

  constructor(options: ClamdOptions) {
    this.#options = options;
  }

  /**
   * What clamd says about `bytes`, which may be shared memory. Rejects with `ClamdTimeout`, `ClamdBrokeOff`, or
   * the error of a connection that could not be made.
   */
  async scan(bytes: Uint8Array, timeoutMs = this.#options.timeoutMs): Promise<ClamdReply> {
    const kept = this.#idle.pop();
    if (kept?.isUsable === true) {
      try {
        return await this.#ask(kept, bytes, timeoutMs);
      } catch (reason) {
        if (reason instanceof ClamdTimeout) {
          throw reason;
        }
        // clamd ends sessions that were idle, which a sleeping thread only sees now: once more, on a new one.
      }
    }
    try {
      return await this.#ask(new Connection(this.#options), bytes, timeoutMs);
    } catch (reason) {
      return await this.#afterBreak(bytes, reason);
    }
  }

  close(): void {
    for (const connection of this.#idle.splice(0)) {
      connection.destroy();
    }
  }

  async #afterBreak(bytes: Uint8Array, reason: unknown): Promise<ClamdReply> {
    if (!(reason instanceof ClamdBrokeOff) || bytes.byteLength < MIN_STREAM_LIMIT_BYTES) {
      throw reason;
    }
    const connection = new Connection(this.#options);
    try {
      return parseReply(await connection.probe(bytes));
    } catch {
      throw reason;
    } finally {
      connection.destroy();
    }
  }

  async #ask(connection: Connection, bytes: Uint8Array, timeoutMs: number): Promise<ClamdReply> {
    const reply = parseReply(await connection.ask(bytes, timeoutMs));
    if (reply.kind !== 'error' && connection.isUsable && this.#idle.length < MAX_IDLE_CONNECTIONS) {
      this.#idle.push(connection);
    } else {
      connection.destroy();
    }
    return reply;
  }
}
