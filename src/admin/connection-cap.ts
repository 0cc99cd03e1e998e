import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { addressKey } from '../base/address-key.ts';

/** Connections of one address (IPv6: one /64) at a time; whoever needs more holds up everybody else. */
export class ConnectionCap {
  readonly #max: number;
  readonly #open = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Closes what is too much before a byte of it is read. */
  guard(server: Server): void {
    server.on('connection', (socket: Socket) => {
      const key = addressKey(socket.remoteAddress ?? '');
      const count = this.#open.get(key) ?? 0;
      if (count >= this.#max) {
        socket.destroy();
        return;
      }
      this.#open.set(key, count + 1);
      socket.once('close', () => this.#left(key));
    });
  }

  #left(key: string): void {
    const count = (this.#open.get(key) ?? 1) - 1;
    if (count <= 0) this.#open.delete(key);
    else this.#open.set(key, count);
  }
}
