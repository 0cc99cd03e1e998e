import type { Socket } from 'node:net';
import type { Channel } from '../channel.ts';
import { canonicalAddress } from './canonical-address.ts';
import type { SocketEnd } from './proxy-header.ts';

/**
 * The connections that we opened ourselves. One of them that is accepted by one of our listeners was redirected
 * back to us by the packet filter, or a server's name leads to us: it would go round until nothing is left.
 * Either end may be seen first. Both ends count: on one machine a client may have the port of one of our own
 * connections at the same time, since the kernel gives it again for another destination.
 */
export class OwnConnections {
  readonly #opened = new Set<string>();
  readonly #accepted = new Set<string>();

  /** True when the other end of it is one of our listeners. */
  opened(channel: Channel): boolean {
    const { socket } = channel;
    const key = keyOf(
      { address: socket.localAddress ?? '', port: socket.localPort ?? 0 },
      { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 },
    );
    keepWhileOpen(this.#opened, [key], socket);
    return this.#accepted.has(key);
  }

  /** True when we opened it ourselves; `original` is where it was going before the packet filter changed that. */
  accepted(socket: Socket, original?: SocketEnd): boolean {
    const from = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    const local = { address: socket.localAddress ?? '', port: socket.localPort ?? 0 };
    const keys = [keyOf(from, local), ...(original === undefined ? [] : [keyOf(from, original)])];
    keepWhileOpen(this.#accepted, keys, socket);
    return keys.some((key) => this.#opened.has(key));
  }
}

function keepWhileOpen(set: Set<string>, keys: readonly string[], socket: Socket): void {
  if (socket.destroyed) return;
  keys.forEach((key) => set.add(key));
  socket.once('close', () => keys.forEach((key) => set.delete(key)));
}

function keyOf(from: SocketEnd, to: SocketEnd): string {
  return `${canonicalAddress(from.address)} ${from.port} > ${canonicalAddress(to.address)} ${to.port}`;
}
