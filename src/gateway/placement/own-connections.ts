import type { Socket } from 'node:net';
import type { Channel } from '../channel.ts';
import { canonicalAddress } from './canonical-address.ts';

/**
 * The sockets that we opened ourselves. One of them that is accepted by one of our listeners was redirected
 * back to us by the packet filter, or a server's name leads to us: it would go round until nothing is left.
 * Either end may be seen first.
 */
export class OwnConnections {
  readonly #opened = new Set<string>();
  readonly #accepted = new Set<string>();

  /** True when the other end of it is one of our listeners. */
  opened(channel: Channel): boolean {
    const { socket } = channel;
    const key = keyOf(socket.localAddress, socket.localPort);
    keepWhileOpen(this.#opened, key, socket);
    return this.#accepted.has(key);
  }

  /** True when we opened it ourselves. */
  accepted(socket: Socket): boolean {
    const key = keyOf(socket.remoteAddress, socket.remotePort);
    keepWhileOpen(this.#accepted, key, socket);
    return this.#opened.has(key);
  }
}

function keepWhileOpen(keys: Set<string>, key: string, socket: Socket): void {
  if (socket.destroyed) return;
  keys.add(key);
  socket.once('close', () => keys.delete(key));
}

function keyOf(address = '', port = 0): string {
  return `${canonicalAddress(address)} ${port}`;
}
