import { createServer, type Server, type Socket } from 'node:net';
import { GatewayError } from '../base/errors.ts';
import type { ListenerProtocol } from './upstream-route.ts';

/** A listener with every default filled in. */
export interface GatewayListener {
  readonly protocol: ListenerProtocol;
  readonly address: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls: 'implicit' | 'starttls' | 'starttls-required' | 'off';
}

/** Where a listener really listens. */
export interface Endpoint {
  readonly protocol: ListenerProtocol;
  readonly address: string;
  readonly port: number;
}

/** Waiting handshakes; a reconnect storm after a restart of the gateway is larger than Node's 511. */
const BACKLOG = 4096;
const TCP_KEEPALIVE_MS = 120_000;

/** The accept loop of one endpoint. Sockets are handed over paused. */
export class Listener {
  readonly settings: GatewayListener;
  readonly #server: Server;

  constructor(settings: GatewayListener, onSocket: (socket: Socket, settings: GatewayListener) => void) {
    this.settings = settings;
    const options = {
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEPALIVE_MS,
    };
    this.#server = createServer(options, (socket) => onSocket(socket, settings));
  }

  /** Rejects with `LISTEN_FAILED`. */
  async start(): Promise<Endpoint> {
    const { protocol, address, port } = this.settings;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => {
        const message = `cannot listen on ${address} port ${port} for ${protocol}: ${cause.message}`;
        reject(new GatewayError('LISTEN_FAILED', message, { cause, fields: { address, port } }));
      });
      this.#server.listen({ host: address, port, backlog: BACKLOG }, resolve);
    });
    // Later errors are failed accepts (no descriptors left): the loop goes on with the next one.
    this.#server.on('error', () => undefined);
    const bound = this.#server.address();
    return { protocol, address, port: typeof bound === 'object' && bound !== null ? bound.port : port };
  }

  /** Accepts no more; open connections live on. */
  stop(): void {
    this.#server.close();
  }
}
