import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP port on loopback that leads to another one and can be cut, as a network is. */
export class CuttableWire {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>, port: number) {
    this.#server = server;
    this.#sockets = sockets;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** `to`: an address such as `http://127.0.0.1:9090`. */
  static async start(to: string): Promise<CuttableWire> {
    const target = Number(new URL(to).port);
    const sockets = new Set<Socket>();
    const own = (socket: Socket): void => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    };
    const server = createServer((near) => {
      const far = connect(target, '127.0.0.1');
      own(near);
      own(far);
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return new CuttableWire(server, sockets, typeof address === 'object' ? (address?.port ?? 0) : 0);
  }

  /** Ends every connection; new ones are possible at once. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }
}
