import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, createServer as createTlsServer, type SecureContext } from 'node:tls';
import { createLoopbackCertificate, type PemPair } from './certificate.ts';
import { Connection, type ServerShare } from './connection.ts';
import { serveImap } from './imap-session.ts';
import { Account, type AppendOptions, type StoredMessage } from './mailbox.ts';
import { servePop3 } from './pop3-session.ts';
import { MAIL_PROTOCOLS, Traffic, type FaultHook, type MailProtocol } from './traffic.ts';

export interface DemoServerOptions {
  /** Login name to password. */
  readonly users: Readonly<Record<string, string>>;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Default 0 for each: any free port. */
  readonly ports?: Partial<Readonly<Record<MailProtocol, number>>>;
  /** Offer STARTTLS and STLS on the two plain ports. Default true. */
  readonly startTls?: boolean;
  /** Default: a new self-signed one for localhost. */
  readonly certificate?: PemPair;
  /** Further IMAP capabilities to announce without having them: for tests of what a proxy hides. */
  readonly capabilities?: readonly string[];
  /** Told of what ended a session and is no fault of the client: a defect of this server. */
  readonly onError?: (error: unknown) => void;
}

/** An IMAP and POP3 server with its mailboxes in memory, for the demo, tests and load tests. */
export interface DemoServer {
  readonly address: string;
  readonly ports: Readonly<Record<MailProtocol, number>>;
  /** PEM of the certificate, to trust it in a client. */
  readonly certificate: string;
  readonly traffic: Traffic;
  /** Puts a message into the INBOX and tells idling sessions. Throws for an unknown user. */
  deliver(user: string, bytes: Uint8Array, options?: AppendOptions): StoredMessage;
  /** Throws for an unknown user. */
  account(user: string): Account;
  /** Misbehave from now on, or not any more. */
  setFault(hook: FaultHook | undefined): void;
  /** Cuts every connection and frees the ports. */
  close(): Promise<void>;
}

/** Starts listening on all four protocols. Rejects when a port is taken. */
export async function createDemoServer(options: DemoServerOptions): Promise<DemoServer> {
  const pair = options.certificate ?? createLoopbackCertificate();
  const server = new ListeningServer(options, pair);
  try {
    await server.listen();
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

class ListeningServer implements DemoServer {
  readonly address: string;
  readonly ports: Record<MailProtocol, number> = { imap: 0, imaps: 0, pop3: 0, pop3s: 0 };
  readonly certificate: string;
  readonly traffic = new Traffic();
  readonly #options: DemoServerOptions;
  readonly #pair: PemPair;
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #secureContext: SecureContext;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #fault: FaultHook | undefined;

  constructor(options: DemoServerOptions, pair: PemPair) {
    this.address = options.address ?? '127.0.0.1';
    this.certificate = pair.cert;
    this.#options = options;
    this.#pair = pair;
    this.#secureContext = createSecureContext(pair);
    this.#accounts = new Map(
      Object.entries(options.users).map(([user, password]) => [user, new Account(user, password)]),
    );
  }
  async listen(): Promise<void> {
    for (const protocol of MAIL_PROTOCOLS) {
      this.ports[protocol] = await this.#listen(protocol, this.#options.ports?.[protocol] ?? 0);
    }
  }
  deliver(user: string, bytes: Uint8Array, options?: AppendOptions): StoredMessage {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.account(user).inbox.append(view, options);
  }
  account(user: string): Account {
    const account = this.#accounts.get(user);
    if (account === undefined) {
      throw new Error(`no such user: ${user}`);
    }
    return account;
  }
  setFault(hook: FaultHook | undefined): void {
    this.#fault = hook;
  }
  async close(): Promise<void> {
    const closed = this.#servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    await Promise.all(closed);
  }
  async #listen(protocol: MailProtocol, port: number): Promise<number> {
    const isImplicit = protocol === 'imaps' || protocol === 'pop3s';
    const server = isImplicit ? createTlsServer(this.#pair) : createServer();
    this.#servers.push(server);
    server.on('connection', (socket) => this.#track(socket));
    server.on(isImplicit ? 'secureConnection' : 'connection', (socket: Socket) =>
      this.#serve(protocol, socket),
    );
    server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.address, () => resolve());
    });
    const bound = server.address();
    return bound !== null && typeof bound === 'object' ? bound.port : port;
  }
  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy()); // also during a TLS handshake
    socket.on('close', () => this.#sockets.delete(socket));
  }
  #serve(protocol: MailProtocol, socket: Socket): void {
    const share: ServerShare = {
      traffic: this.traffic,
      secureContext: this.#secureContext,
      offersStartTls: this.#options.startTls ?? true,
      fault: () => this.#fault,
    };
    const connection = new Connection(socket, protocol, share);
    const isImap = protocol === 'imap' || protocol === 'imaps';
    const served = isImap
      ? serveImap(connection, this.#accounts, this.#options.capabilities ?? [])
      : servePop3(connection, this.#accounts);
    served.catch((error: unknown) => {
      connection.destroy(); // one broken session must not take the server with it
      this.#options.onError?.(error);
    });
  }
}
