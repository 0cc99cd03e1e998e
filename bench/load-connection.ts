import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** All connections of this thread read into it: a callback has used the bytes before the next read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
const CONNECT_TIMEOUT_MS = 30_000;
const LF = 10;

export interface Door {
  readonly port: number;
  readonly tls: boolean;
  /** Of the key exchange, the best first; without it what Node offers: X25519MLKEM768, then X25519. */
  readonly groups?: string;
}

/** What one command took, in milliseconds from its first byte sent. */
export interface Answer {
  readonly status: string;
  readonly firstByteMs: number;
  readonly wholeMs: number;
  /** Bytes received in between, of everything. */
  readonly bytes: number;
}

interface Waiting {
  readonly tag: string;
  readonly sentAt: number;
  readonly bytesBefore: number;
  firstByteAt: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** An IMAP client that skips over literals without looking at them: cheap enough to load what is measured. */
export class LoadConnection {
  readonly #socket: Socket;
  #waiting: Waiting | undefined;
  #carry = '';
  #skip = 0;
  #tags = 0;
  #error: Error | undefined;
  bytes = 0;
  /** Told of every untagged response and continuation. */
  onLine: (line: string) => void = () => undefined;

  private constructor(socket: (onData: (count: number) => void) => Socket) {
    this.#socket = socket((count) => this.#received(count));
    this.#socket.setNoDelay(true);
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  /** Resolves after the greeting. */
  static async open({ port, tls, groups }: Door): Promise<LoadConnection> {
    const connection = new LoadConnection((onData) => {
      const onread = { buffer: READ_BUFFER, callback: (count: number) => (onData(count), true) };
      const options = { port, host: '127.0.0.1', onread };
      const keys = groups === undefined ? {} : { ecdhCurve: groups };
      return tls ? connectTls({ ...options, ...keys, rejectUnauthorized: false }) : connect(options);
    });
    const timer = setTimeout(
      () => connection.#socket.destroy(new Error(`no greeting from ${port}`)),
      CONNECT_TIMEOUT_MS,
    );
    try {
      await connection.#answerTo('*', '');
    } finally {
      clearTimeout(timer);
    }
    return connection;
  }

  static async inbox(door: Door, user: string): Promise<LoadConnection> {
    const connection = await LoadConnection.open(door);
    await connection.command(`LOGIN ${user} ${PASSWORD}`);
    await connection.command('SELECT INBOX');
    return connection;
  }

  /** Resolves with its tagged answer; rejects when that is not OK. One at a time. */
  async command(text: string): Promise<Answer> {
    this.#tags += 1;
    const tag = `b${this.#tags}`;
    const answer = await this.#answerTo(tag, `${tag} ${text}\r\n`);
    if (answer.status !== 'OK') {
      throw new Error(`${text.slice(0, 60)} was answered with ${answer.status}`);
    }
    return answer;
  }

  /** Bytes that belong to no command of their own: literals, DONE. */
  write(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  async close(): Promise<void> {
    if (!this.#socket.closed) {
      this.#socket.destroy();
      await once(this.#socket, 'close');
    }
  }

  #answerTo(tag: string, text: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) {
        reject(this.#error);
        return;
      }
      const sentAt = performance.now();
      this.#waiting = { tag, sentAt, bytesBefore: this.bytes, firstByteAt: 0, resolve, reject };
      if (text !== '') {
        this.#socket.write(text, 'latin1');
      }
    });
  }

  #received(count: number): void {
    this.bytes += count;
    const waiting = this.#waiting;
    if (waiting !== undefined && waiting.firstByteAt === 0) {
      waiting.firstByteAt = performance.now();
    }
    let position = 0;
    while (position < count) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, count - position);
        this.#skip -= step;
        position += step;
        continue;
      }
      const end = READ_BUFFER.subarray(position, count).indexOf(LF);
      if (end === -1) {
        this.#carry += READ_BUFFER.toString('latin1', position, count);
        return;
      }
      this.#line(this.#carry + READ_BUFFER.toString('latin1', position, position + end + 1));
      this.#carry = '';
      position += end + 1;
    }
  }

  #line(line: string): void {
    if (line.endsWith('}\r\n')) {
      this.#skip = Number(line.slice(line.lastIndexOf('{') + 1, -3));
      return;
    }
    const waiting = this.#waiting;
    if (waiting !== undefined && line.startsWith(`${waiting.tag} `)) {
      this.#waiting = undefined;
      const now = performance.now();
      const status = /^\S+ (\S+)/u.exec(line)?.[1] ?? '';
      const { sentAt, firstByteAt, bytesBefore } = waiting;
      const bytes = this.bytes - bytesBefore;
      waiting.resolve({ status, firstByteMs: firstByteAt - sentAt, wholeMs: now - sentAt, bytes });
      return;
    }
    this.onLine(line);
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#waiting?.reject(this.#error);
    this.#waiting = undefined;
  }
}

/** Everybody's password on the benchmark's mail server. */
export const PASSWORD = 'bench-password';
