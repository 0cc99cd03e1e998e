import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { TLSSocket, type SecureContext } from 'node:tls';
import type { ConnectionTraffic, FaultHook, MailProtocol, Traffic } from './traffic.ts';

/** Unread commands above this pause the socket; a client that pipelines more waits. */
const READ_AHEAD_BYTES = 256 * 1024;
/** RFC 3501 section 5.4 asks for at least 30 minutes. */
const IDLE_TIMEOUT_MS = 35 * 60_000;

/** What all connections of one server share. */
export interface ServerShare {
  readonly traffic: Traffic;
  readonly secureContext: SecureContext;
  readonly offersStartTls: boolean;
  fault(): FaultHook | undefined;
}

/** Takes received bytes; says how many unread ones it holds at most before the socket is paused. */
export interface ByteSink {
  push(bytes: Buffer): void;
  readonly unreadBytes: number;
  /** Bytes that the sink needs before it can go on (a literal). */
  readonly neededBytes: number;
  end(): void;
}

/** One client socket: ordered writes with backpressure, counters, faults, TLS upgrade. */
export class Connection {
  readonly protocol: MailProtocol;
  readonly traffic: ConnectionTraffic;
  readonly share: ServerShare;
  #socket: Socket;
  #sink: ByteSink | undefined;

  constructor(socket: Socket, protocol: MailProtocol, share: ServerShare) {
    this.#socket = socket;
    this.protocol = protocol;
    this.share = share;
    this.traffic = share.traffic.open(protocol);
    this.#attach(socket);
  }
  get isSecure(): boolean {
    return this.#socket instanceof TLSSocket;
  }
  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }
  /** Where received bytes go from now on. */
  pour(sink: ByteSink): void {
    this.#sink = sink;
    this.#socket.resume();
  }
  /** The sink has room again. */
  resume(): void {
    if (this.#socket.isPaused()) {
      this.#socket.resume();
    }
  }
  write(text: string): void {
    this.#write(Buffer.from(text, 'latin1'));
  }
  /** Resolves when the socket takes more, or is gone. */
  async flush(): Promise<void> {
    const socket = this.#socket;
    if (socket.writableNeedDrain && !socket.destroyed) {
      await firstEvent(socket, ['drain', 'close']);
    }
  }
  /** Sends one response with content whose first content octet is at `contentStart`, in one write. */
  async sendContent(chunks: readonly Buffer[], contentStart: number, uid: number): Promise<void> {
    const hook = this.share.fault();
    if (hook !== undefined) {
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      const fault = hook({ protocol: this.protocol, user: this.traffic.user, uid, bytes });
      if (fault?.delayMs !== undefined) {
        await delay(fault.delayMs);
      }
      if (fault?.cutAfterBytes !== undefined) {
        this.#write(Buffer.concat(chunks).subarray(0, contentStart + fault.cutAfterBytes));
        this.end();
        return;
      }
    }
    this.#socket.cork();
    for (const chunk of chunks) {
      this.#write(chunk);
    }
    this.#socket.uncork();
    await this.flush();
  }
  /**
   * Server side of STARTTLS: what comes from then on goes to `sink`. Resolves with whether it was begun. Not when
   * bytes came before the handshake (`unreadBytes`): they could be an attacker's, and the session has to end.
   */
  async startTls(unreadBytes: number, sink: ByteSink): Promise<boolean> {
    if (unreadBytes > 0) return false;
    this.pour(sink);
    await this.#secure();
    return true;
  }
  async #secure(): Promise<void> {
    const plain = this.#socket;
    plain.removeAllListeners('data');
    plain.removeAllListeners('end');
    const secure = new TLSSocket(plain, { isServer: true, secureContext: this.share.secureContext });
    this.#socket = secure;
    this.#attach(secure);
    await firstEvent(secure, ['secure', 'close']);
  }
  end(): void {
    this.#socket.end();
  }
  destroy(): void {
    this.#socket.destroy();
  }
  #write(bytes: Buffer): void {
    if (this.isOpen) {
      this.share.traffic.sent(this.traffic, bytes.length);
      this.#socket.write(bytes);
    }
  }
  #attach(socket: Socket): void {
    socket.setNoDelay(true);
    socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
    socket.on('data', (bytes) => this.#received(bytes));
    socket.on('end', () => this.#sink?.end());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.traffic.isOpen = false;
      this.#sink?.end();
    });
  }
  #received(bytes: Buffer): void {
    this.share.traffic.received(this.traffic, bytes.length);
    const sink = this.#sink;
    sink?.push(bytes);
    if (sink !== undefined && sink.unreadBytes > Math.max(READ_AHEAD_BYTES, sink.neededBytes)) {
      this.#socket.pause();
    }
  }
}

/** Resolves at the first of these events. Errors are followed by `close`, so that is the one to list. */
async function firstEvent(socket: Socket, names: readonly string[]): Promise<void> {
  await new Promise<void>((resolve) => {
    const settle = () => {
      names.forEach((name) => socket.off(name, settle));
      resolve();
    };
    names.forEach((name) => socket.on(name, settle));
  });
}
