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
  /** Connections were redirected here and go on to where they wanted to go. */
  readonly transparent?: boolean | undefined;
  /** Connections begin with a PROXY header. */
  readonly proxyProtocol?: boolean | undefined;
  /** `auto` without `transparent`: port of the server; default: our own. */
  readonly upstreamPort?: number | undefined;
  /** Names of the configuration. */
  readonly upstream?: string | undefined;
  /** The server is chosen by the login name, after the gateway greeted. */
  readonly route?: 'login-domain' | undefined;
  readonly policy?: string | undefined;
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

  readonly #sharesPort: boolean;

  /** `sharesPort`: other processes of this user may listen there too; the system spreads connections over all. */
  constructor(
    settings: GatewayListener,
    sharesPort: boolean,
    onSocket: (socket: Socket, settings: GatewayListener) => void,
  ) {
    this.settings = settings;
    this.#sharesPort = sharesPort;
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
    await this.#listen(address).catch(async (cause: unknown) => {
      // Many containers have no IPv6; `::` asks for every address that there is.
      if (address !== '::' || !hasCode(cause, 'EAFNOSUPPORT')) throw listenError(this.settings, cause);
      await this.#listen('0.0.0.0').catch((error: unknown) => {
        throw listenError(this.settings, error);
      });
    });
    // Later errors are failed accepts (no descriptors left): the loop goes on with the next one.
    this.#server.on('error', () => undefined);
    const bound = this.#server.address();
    const isBound = typeof bound === 'object' && bound !== null;
    return { protocol, address: isBound ? bound.address : address, port: isBound ? bound.port : port };
  }

  async #listen(host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      const reusePort = this.#sharesPort;
      this.#server.listen({ host, port: this.settings.port, backlog: BACKLOG, reusePort }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  /** Accepts no more; open connections live on. */
  stop(): void {
    this.#server.close();
  }
}

function listenError({ protocol, address, port }: GatewayListener, cause: unknown): GatewayError {
  const reason = cause instanceof Error ? cause.message : 'unknown reason';
  const message = `cannot listen on ${address} port ${port} for ${protocol}: ${reason}`;
  return new GatewayError('LISTEN_FAILED', message, { cause, fields: { address, port } });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
