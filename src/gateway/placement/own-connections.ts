import type { Channel } from '../channel.ts';
import { canonicalAddress } from './canonical-address.ts';

/**
 * The sockets that we opened ourselves. One of them that is accepted by one of our listeners was redirected
 * back to us by the packet filter, or a server's name leads to us: it would go round until nothing is left.
 */
export class OwnConnections {
  readonly #open = new Set<string>();

  opened(channel: Channel): void {
    const { localAddress = '', localPort = 0 } = channel.socket;
    const key = keyOf(localAddress, localPort);
    this.#open.add(key);
    channel.socket.once('close', () => this.#open.delete(key));
  }

  has(address: string, port: number): boolean {
    return this.#open.has(keyOf(address, port));
  }
}

function keyOf(address: string, port: number): string {
  return `${canonicalAddress(address)} ${port}`;
}
