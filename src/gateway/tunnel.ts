import type { Channel, ChannelOwner } from './channel.ts';

/** Own buffer of one tunnel for what the server sends. */
export const TUNNEL_BUFFER_BYTES = 64 * 1024;

export interface TunnelParts {
  readonly client: Channel;
  /** Reads into a buffer that belongs to this tunnel alone. */
  readonly upstream: Channel;
  /** Bytes that went through unread, counted as they go. */
  readonly count: (side: 'client' | 'upstream', bytes: number) => void;
  readonly onEnd: () => void;
}

/**
 * Forwards bytes untouched in both directions. One read is written before the next one starts: this needs
 * no copy, no queue, and holds a fast sender back to the pace of a slow receiver.
 */
export class Tunnel {
  readonly #parts: TunnelParts;
  #ended = 0;
  #isOver = false;

  constructor(parts: TunnelParts) {
    this.#parts = parts;
  }

  start(): void {
    const { client, upstream } = this.#parts;
    client.own(this.#owner('client', client, upstream));
    upstream.own(this.#owner('upstream', upstream, client));
    client.resume();
    upstream.resume();
  }

  cut(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#parts.client.destroy();
    this.#parts.upstream.destroy();
    this.#parts.onEnd();
  }

  #owner(side: 'client' | 'upstream', from: Channel, to: Channel): ChannelOwner {
    return {
      received: (bytes) => {
        this.#parts.count(side, bytes.length);
        to.write(bytes);
        if (to.pendingBytes > 0) from.pause();
      },
      // What was written to this side came from the other one.
      drained: () => {
        if (from.pendingBytes === 0) to.resume();
      },
      ended: () => {
        to.end();
        this.#ended += 1;
      },
      lost: () => {
        if (this.#ended < 2) this.cut();
        else if (from.isLost && to.isLost) this.cut();
      },
    };
  }
}
