import type { Socket } from 'node:net';
import { TLSSocket, connect as tlsConnect, type ConnectionOptions, type TLSSocketOptions } from 'node:tls';
import { GatewayError } from '../base/errors.ts';
import { serverSocket } from './tls/server-socket.ts';

/** Above this many unwritten bytes a writer should wait for `drained`. */
const CONGESTED_BYTES = 256 * 1024;

/** First byte of every TLS record of a handshake. */
const TLS_HANDSHAKE_RECORD = 0x16;

/** Who reads a channel. Nothing here is called after `lost`. */
export interface ChannelOwner {
  /** Bytes from the peer, valid only during the call. */
  received(bytes: Uint8Array): void;
  /** Fewer bytes wait to be written than before. */
  drained(): void;
  /** The peer closed its side in an orderly way; its last byte was delivered. */
  ended(): void;
  /** The socket is gone, with the error when there was one. */
  lost(error: Error | undefined): void;
}

/** The part of `net.connect` options that reads into memory of ours instead of a new buffer for each read. */
export interface OnRead {
  readonly buffer: Uint8Array;
  readonly callback: (count: number, buffer: Uint8Array) => boolean;
}

/**
 * One socket: writes in order, congestion, pausing that takes effect at once, byte counts, and the change to
 * TLS in mid-stream. Starts paused.
 */
export class Channel {
  bytesRead = 0;
  bytesWritten = 0;
  #socket: Socket;
  #owner: ChannelOwner | undefined;
  #paused = true;
  /** What `drained` told last; undefined since the last write. */
  #reportedBytes: number | undefined;
  /** Copies of what TLS still delivered after a pause; at most what one decrypted burst holds. */
  #held: Uint8Array[] = [];
  #hasEnded = false;
  #isEndReported = false;
  #isLost = false;
  #error: Error | undefined;
  readonly #remoteAddress: string;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#remoteAddress = socket.remoteAddress ?? '';
    this.#attach(socket);
  }

  /** Takes over an accepted socket, which must be paused. */
  static accepted(socket: Socket): Channel {
    const channel = new Channel(socket);
    socket.on('data', channel.#onData);
    socket.pause();
    return channel;
  }

  /**
   * Opens a socket that reads into `buffer`. The buffer may be shared by any number of channels, because
   * owners use what they receive during the call only.
   */
  static opened(buffer: Uint8Array, open: (onread: OnRead) => Socket): Channel {
    const opened: { channel: Channel | undefined } = { channel: undefined };
    const callback = (count: number, bytes: Uint8Array): boolean => {
      const { channel } = opened;
      return channel === undefined ? false : channel.#deliver(bytes.subarray(0, count));
    };
    const socket = open({ buffer, callback });
    socket.pause();
    opened.channel = new Channel(socket);
    return opened.channel;
  }

  get socket(): Socket {
    return this.#socket;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? this.#remoteAddress;
  }

  get pendingBytes(): number {
    return this.#isLost ? 0 : this.#socket.writableLength;
  }

  get isCongested(): boolean {
    return this.pendingBytes >= CONGESTED_BYTES;
  }

  /** Does TLS cut what is written into records? */
  get isSecure(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /** Names who reads; at once reports what was missed. Reading starts with `resume`. */
  own(owner: ChannelOwner): void {
    this.#owner = owner;
    if (this.#isLost) owner.lost(this.#error);
  }

  /** Writes `bytes` and keeps them until they are written: they must not change. */
  write(bytes: Uint8Array): void {
    if (this.#isLost || bytes.length === 0) return;
    this.bytesWritten += bytes.length;
    this.#reportedBytes = undefined;
    this.#socket.write(bytes, this.#onWritten);
  }

  /** Runs `write` calls of `batch` as one vectored write. */
  vectored(batch: () => void): void {
    this.#socket.cork();
    try {
      batch();
    } finally {
      this.#socket.uncork();
    }
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused || this.#isLost) return;
    this.#paused = false;
    this.#deliverHeld();
    if (!this.#paused) this.#socket.resume();
  }

  /** Gives back what was received, to be received again after `resume`. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#held.unshift(Buffer.from(bytes));
  }

  /** Closes our side after what was written. */
  end(): void {
    if (!this.#isLost) this.#socket.end();
  }

  /** Drops everything. */
  destroy(): void {
    this.#socket.destroy();
  }

  /**
   * Becomes the server of a TLS handshake. Rejects with `CLIENT_TLS_FAILED`; with the field `injection`
   * when bytes that are no handshake arrived in clear text.
   */
  async secureAsServer(options: TLSSocketOptions): Promise<void> {
    this.#quieten();
    if (hasLeftover(this.#socket, this.#held)) {
      throw new GatewayError('CLIENT_TLS_FAILED', 'bytes before the TLS handshake', {
        fields: { injection: true },
      });
    }
    await this.#hello();
    await this.#handshake(serverSocket(this.#detach(), options), 'secure', 'CLIENT_TLS_FAILED');
  }

  /** Becomes the client of a TLS handshake. Rejects with `UPSTREAM_TLS_FAILED`. */
  async secureAsClient(options: ConnectionOptions): Promise<void> {
    const plain = this.#detach();
    // A server that speaks TLS waits for our hello: anything already here was sent in clear text.
    if (plain.readableLength > 0 || this.#held.length > 0) {
      throw new GatewayError('UPSTREAM_TLS_FAILED', 'bytes before the TLS handshake', {
        fields: { injection: true },
      });
    }
    const socket = tlsConnect({ ...options, socket: plain });
    await this.#handshake(socket, 'secureConnect', 'UPSTREAM_TLS_FAILED');
  }

  /** Until then a client costs no more than its socket. */
  async #hello(): Promise<void> {
    const socket = this.#socket;
    if (socket.readableLength === 0) await settled(socket, 'readable', 'CLIENT_TLS_FAILED');
    if (socket.readableLength === 0) throw new GatewayError('CLIENT_TLS_FAILED', 'no TLS hello');
  }

  async #handshake(
    socket: TLSSocket,
    event: 'secure' | 'secureConnect',
    code: 'CLIENT_TLS_FAILED' | 'UPSTREAM_TLS_FAILED',
  ): Promise<void> {
    this.#socket = socket;
    this.#attach(socket);
    await settled(socket, event, code);
    socket.on('data', this.#onData);
    socket.pause();
  }

  /** Stops all reading of the present socket; it stays open. */
  #detach(): Socket {
    this.#quieten();
    const socket = this.#socket;
    socket.off('end', this.#onEnd).off('close', this.#onClose).off('error', this.#onError);
    // The socket is inside TLS from now on, which reports its errors; an unheard one would end the process.
    socket.on('error', ignore);
    return socket;
  }

  #quieten(): void {
    this.pause();
    this.#socket.off('data', this.#onData);
  }

  #attach(socket: Socket): void {
    socket.setNoDelay(true);
    socket.on('error', this.#onError).on('end', this.#onEnd).on('close', this.#onClose);
  }

  readonly #onError = (error: Error): void => {
    this.#error = error;
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    this.#reportEnd();
  };

  readonly #onClose = (): void => {
    this.#isLost = true;
    const owner = this.#owner;
    // A full collection alone frees a socket; the session shall not wait for it.
    this.#owner = undefined;
    owner?.lost(this.#error);
  };

  readonly #onData = (bytes: Uint8Array): void => {
    this.#deliver(bytes);
  };

  /** Once for what was written together. */
  readonly #onWritten = (error?: Error | null): void => {
    const { pendingBytes } = this;
    if (this.#isLost || error instanceof Error || pendingBytes === this.#reportedBytes) return;
    this.#reportedBytes = pendingBytes;
    this.#owner?.drained();
  };

  /** Returns false to stop the reading. TLS may deliver a rest after that. */
  #deliver(bytes: Uint8Array): boolean {
    this.bytesRead += bytes.length;
    if (this.#paused || this.#owner === undefined) this.#held.push(Buffer.from(bytes));
    else this.#owner.received(bytes);
    return !this.#paused;
  }

  #deliverHeld(): void {
    while (!this.#paused && this.#held.length > 0) {
      const bytes = this.#held.shift();
      if (bytes !== undefined) this.#owner?.received(bytes);
    }
    this.#reportEnd();
  }

  #reportEnd(): void {
    if (!this.#hasEnded || this.#isEndReported || this.#paused || this.#held.length > 0) return;
    this.#isEndReported = true;
    this.#owner?.ended();
  }
}

function ignore(): void {
  // Reported by the socket around it.
}

/** A client may send its hello as soon as it has our answer; anything else is an injection (RFC 9051 6.2.1). */
function hasLeftover(socket: Socket, held: readonly Uint8Array[]): boolean {
  if (held.length > 0) return true;
  const early: unknown = socket.read();
  if (!(early instanceof Uint8Array)) return false;
  socket.unshift(early);
  return early[0] !== TLS_HANDSHAKE_RECORD;
}

async function settled(
  socket: Socket,
  event: string,
  code: 'CLIENT_TLS_FAILED' | 'UPSTREAM_TLS_FAILED',
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (cause?: unknown): void => {
      forget();
      reject(new GatewayError(code, 'TLS handshake failed', { cause, retryable: true }));
    };
    const closed = (): void => failed();
    const succeeded = (): void => (forget(), resolve());
    const forget = (): void => void socket.off(event, succeeded).off('error', failed).off('close', closed);
    socket.once(event, succeeded).once('error', failed).once('close', closed);
  });
}
