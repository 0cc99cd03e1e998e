import type { Socket } from 'node:net';
import type { ConnectionOptions, TLSSocketOptions } from 'node:tls';
import type { Config } from '../base/config/schema.ts';
import { GatewayError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import { admit, type AdmissionParts, type Admitted, tunnelRequest } from './admission.ts';
import { Channel, type ChannelOwner } from './channel.ts';
import { shakeHands } from './client-handshake.ts';
import type { ConnectionState } from './connection-state.ts';
import { canonicalAddress } from './placement/canonical-address.ts';
import type { GatewayListener } from './listener.ts';
import { sayLastWords } from './last-words.ts';
import { LoginReception } from './login-reception.ts';
import { receiveLogin } from './login-receiving.ts';
import type { RefusalReason } from './placement/place.ts';
import type { TunnelCause } from './placement/treatment.ts';
import type { Session, SessionEnd } from './session.ts';
import type { SessionFactory, SessionOpening } from './session-factory.ts';
import type { CertificateStore } from './tls/certificate-store.ts';
import type { ClientTls } from './tls/tls-options.ts';
import { certificateError, type Interception } from './tls/interception.ts';
import { spokenProtocol } from './spoken-protocol.ts';
import { openTunnel } from './tunnel-desk.ts';
import { Tunnel } from './tunnel.ts';
import type { DialledUpstream, DialRequest } from './upstream.ts';

const MAX_NAME = 200; // of what a client chose, in lists
/** Made once: the stack of a new one would cost each connection 0.2 ms. */
const CLIENT_LEFT = new DOMException('the client has left', 'AbortError');

/** What all connections of a gateway share. */
export interface ConnectionParts extends AdmissionParts {
  readonly config: Config;
  readonly certificates: CertificateStore;
  /** With an authority of our own: certificates under the names of the servers. */
  readonly interception: Interception | undefined;
  readonly sessions: SessionFactory;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Why a connection ended, also before there was a session. A metric label. */
export type ConnectionEnd = SessionEnd | 'tunnel-ended' | 'refused';

/** The client did not get what it came for, and nothing else in the log says why. Others end that way every minute. */
const WORTH_A_LINE: ReadonlySet<ConnectionEnd> = new Set([
  'client-timeout',
  'deferred',
  'keepalive-exhausted',
  'limit-exceeded',
  'spool-failed',
  'upstream-insecure',
  'upstream-protocol-error',
  'upstream-unavailable',
]);

/** One accepted connection from its first byte to its last: placement, handshake, dial, then a session or a tunnel. */
export class Connection {
  readonly id: string;
  readonly #startedAt: number;
  #known: { readonly user?: string; readonly application?: string } = {};
  #address: string;
  readonly #parts: ConnectionParts;
  readonly #listener: GatewayListener;
  readonly #socket: Socket;
  readonly #onEnd: () => void;
  readonly #left = new AbortController();
  #log: Logger;
  #client: Channel | undefined;
  #serving: Session | Tunnel | LoginReception | undefined;
  #isOver = false;

  constructor(
    id: string,
    socket: Socket,
    listener: GatewayListener,
    parts: ConnectionParts,
    onEnd: () => void,
  ) {
    this.id = id;
    this.#parts = parts;
    this.#listener = listener;
    this.#socket = socket;
    // Whoever reads next looks at what became of it; an unheard error would end the process.
    socket.on('error', () => undefined);
    this.#onEnd = onEnd;
    this.#startedAt = parts.clock.now();
    this.#address = canonicalAddress(socket.remoteAddress ?? '');
    this.#log = parts.log.child({ session: id, protocol: listener.protocol, client: this.#address });
  }

  get isTunnel(): boolean {
    return this.#serving instanceof Tunnel;
  }

  get state(): ConnectionState {
    const { id, isTunnel } = this;
    const { user = '', application = '' } = this.#known;
    return {
      id,
      protocol: this.#listener.protocol,
      client: this.#address,
      user: user.slice(0, MAX_NAME),
      application: application.slice(0, MAX_NAME),
      startedAt: new Date(this.#startedAt).toISOString(),
      isTunnel,
    };
  }

  /** Serves the connection; never throws. */
  start(): void {
    const { protocol } = this.#listener;
    this.#parts.metrics.sessions.inc({ protocol });
    this.#parts.metrics.sessionsOpen.inc({ protocol });
    this.#serve().catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    this.#log.error({ err: error }, 'connection failed');
    this.#end('internal-error');
  }

  /** Ends at the next command boundary; at once when nothing is served yet. Tunnels go on until they are cut. */
  drain(): void {
    if (this.#serving === undefined) this.cut();
    else if (!(this.#serving instanceof Tunnel)) this.#serving.drain();
  }

  cut(): void {
    if (this.#serving === undefined || this.#serving instanceof LoginReception) this.#end('shutdown');
    else this.#serving.cut('shutdown');
  }

  async #serve(): Promise<void> {
    const admission = await admit(this.#socket, this.#listener, this.#parts);
    if (this.#isOver) return;
    if (admission.kind === 'closed') return this.#end('client-lost');
    if (admission.kind === 'refused') return this.#refuse(admission.reason);
    const { admitted } = admission;
    this.#address = admitted.place.client.address;
    this.#log = this.#log.child({ client: this.#address });
    const client = this.#takeOver();
    if (admission.kind === 'tunnel') return await this.#tunnel(admission.cause, admitted, client);
    if (admitted.opening.kind === 'clear') return await this.#serveClear(admitted, client);
    const { interception } = this.#parts;
    const isOurs = this.#listener.transparent === true && !this.#hasCertificateFor(admitted.opening);
    if (interception !== undefined && isOurs) return await this.#intercept(admitted, interception, client);
    return await this.#serveSecure(admitted, client);
  }

  /** From here on the channel reads the socket. */
  #takeOver(): Channel {
    const client = Channel.accepted(this.#socket);
    this.#client = client;
    client.own(this.#waiting());
    if (this.#socket.destroyed) this.#end('client-lost');
    return client;
  }

  /** Until a session takes over, all that matters is whether the client is still there. */
  #waiting(): ChannelOwner {
    return {
      received: () => undefined,
      drained: () => undefined,
      ended: () => undefined,
      lost: () => this.#end('client-lost'),
    };
  }

  async #serveClear(served: Admitted, client: Channel): Promise<void> {
    if (this.#listener.route !== undefined) return this.#receive(served, client, false);
    const { interception } = this.#parts;
    if (interception !== undefined && served.place.destination !== undefined) {
      return await this.#serveOpened(served, interception, client);
    }
    const dialled = await this.#dial(served, client);
    if (dialled === undefined) return;
    await this.#converse(served, client, dialled, { isSecure: false, clientTls: this.#ownTls });
  }

  /** STARTTLS comes later, on the server's side first: its certificate is known before the client sees ours. */
  async #serveOpened(served: Admitted, interception: Interception, client: Channel): Promise<void> {
    const request: DialRequest = { ...served.request, trust: 'judge-later' };
    const dialled = await this.#dial({ ...served, request }, client);
    if (dialled === undefined) return;
    const { channel } = dialled;
    let isTrusted = true;
    const judgeUpstream = (): void => {
      // The client sees the names of the server's own certificate, and compares them itself.
      const judgement = interception.judge(channel.socket, '');
      if (judgement.action !== 'open') throw certificateError(judgement.problem);
      ({ isTrusted } = judgement);
    };
    const clientTls = async (): Promise<TLSSocketOptions> =>
      (await interception.clientOptions(channel.socket, isTrusted)) ?? this.#ownTls();
    await this.#converse(served, client, dialled, { isSecure: false, clientTls, judgeUpstream });
  }

  readonly #ownTls = (): TLSSocketOptions => this.#parts.certificates.serverOptions();

  async #serveSecure(served: Admitted, client: Channel): Promise<void> {
    const clientTls = this.#ownTls;
    if (!(await this.#secureClient(client, clientTls))) return;
    if (this.#listener.route !== undefined) return this.#receive(served, client, true);
    const dialled = await this.#dial(served, client);
    if (dialled !== undefined) await this.#converse(served, client, dialled, { isSecure: true, clientTls });
  }

  /** The server's certificate first: what the client sees depends on it. */
  async #intercept(served: Admitted, interception: Interception, client: Channel): Promise<void> {
    const request: DialRequest = { ...served.request, trust: 'judge-later' };
    const dialled = await this.#dial({ ...served, request }, client);
    if (dialled === undefined) return;
    const named = served.opening.kind === 'tls' ? served.opening.hello.serverName : '';
    const judgement = interception.judge(dialled.channel.socket, named);
    if (judgement.action === 'open') {
      const clientTls = async (): Promise<TLSSocketOptions> =>
        (await interception.clientOptions(dialled.channel.socket, judgement.isTrusted)) ?? this.#ownTls();
      if (await this.#secureClient(client, clientTls)) {
        await this.#converse(served, client, dialled, { isSecure: true, clientTls });
      } else {
        dialled.channel.destroy();
      }
      return;
    }
    dialled.channel.destroy();
    this.#log.warn({ problem: judgement.problem, action: judgement.action }, 'certificate of the server');
    if (judgement.action === 'tunnel') await this.#tunnel('certificate', served, client);
    else this.#refuse('certificate');
  }

  /** The server is known after the login only. */
  #receive(served: Admitted, client: Channel, isSecure: boolean): void {
    const { protocol } = this.#listener;
    if (protocol === 'auto') return this.#refuse('protocol'); // the configuration does not allow it
    const clientTls = this.#ownTls;
    const reception = receiveLogin(
      { listener: this.#listener, protocol, served, client, isSecure, clientTls, log: this.#log },
      this.#parts,
      {
        onLogin: ({ upstream, dialled, ...begun }, clientSecure) => {
          const how = { protocol, isSecure: clientSecure, clientTls, begun };
          this.#begin({ ...served, upstream }, client, dialled, how);
        },
        onEnd: (reason) => this.#end(reason),
      },
    );
    this.#serving = reception;
    reception.start();
  }

  async #secureClient(client: Channel, clientTls: ClientTls): Promise<boolean> {
    try {
      await shakeHands(client, clientTls, this.#parts);
      return !this.#isOver;
    } catch (error) {
      this.#log.info({ err: error }, 'no TLS handshake');
      this.#end('client-tls-failed');
      return false;
    }
  }

  async #dial(served: Admitted, client: Channel): Promise<DialledUpstream | undefined> {
    try {
      const dialled = await served.upstream.dial(served.request, this.#left.signal);
      if (!this.#isOver) return dialled;
      dialled.channel.destroy();
      return undefined;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      if (this.#isOver) return undefined;
      this.#log.error({ err: error, code: error.code }, 'the mail server cannot be used');
      this.#farewell(served, client);
      return undefined;
    }
  }

  /** Tells the client in its protocol that the server cannot be reached; nothing where that is not known. */
  #farewell({ place, upstream }: Admitted, client: Channel): void {
    const { protocol } = this.#listener;
    if (protocol === 'auto') return this.#end('upstream-unavailable');
    const relay = this.#parts.sessions.relay({
      listener: this.#listener,
      protocol,
      clientSecure: this.#listener.tls === 'implicit',
      clientEnd: place.client,
      upstream,
      dialled: { isSecure: false, startTls: 'off' },
    });
    const words = relay
      .unavailable()
      .flatMap((effect) => (effect.kind === 'send' && effect.to === 'client' ? [effect.bytes] : []));
    const end = (): void => this.#end('upstream-unavailable');
    sayLastWords(client, Buffer.concat(words), this.#parts.clock, end);
  }

  async #converse(
    served: Admitted,
    client: Channel,
    dialled: DialledUpstream,
    begin: Omit<Conversation, 'protocol'>,
  ): Promise<void> {
    const { isSecure } = begin;
    const spoken = { listener: this.#listener, served, dialled, isSecure };
    const protocol = await spokenProtocol(spoken, { clock: this.#parts.clock, log: this.#log });
    if (protocol === 'silent') this.#end('upstream-unavailable');
    if (protocol === 'other') this.#refuse('protocol');
    if (protocol === 'silent' || protocol === 'other' || this.#isOver) return dialled.channel.destroy();
    if (!this.#parts.config.protocols[protocol]) {
      dialled.channel.destroy();
      if (isSecure) return this.#refuse('protocol');
      return await this.#tunnel('protection-off', served, client);
    }
    this.#begin(served, client, dialled, { protocol, ...begin });
  }

  #begin(
    served: Admitted,
    client: Channel,
    dialled: DialledUpstream,
    { isSecure, ...conversation }: Conversation,
  ): void {
    const session = this.#parts.sessions.create({
      id: this.id,
      listener: this.#listener,
      ...conversation,
      client,
      clientEnd: served.place.client,
      clientSecure: isSecure,
      upstream: served.upstream,
      dialled,
      upstreamTls: (): ConnectionOptions => dialled.tlsOptions,
      log: this.#log,
      onKnown: (known) => (this.#known = { ...this.#known, ...known }),
      onEnd: (reason) => this.#end(reason),
    });
    this.#serving = session;
    session.start();
  }

  #hasCertificateFor(opening: Admitted['opening']): boolean {
    return opening.kind === 'tls' && this.#parts.certificates.hasFor(opening.hello.serverName);
  }

  async #tunnel(cause: TunnelCause, served: Admitted, client: Channel): Promise<void> {
    const tunnel = await openTunnel(
      {
        protocol: this.#listener.protocol,
        cause,
        client,
        upstream: served.upstream,
        request: tunnelRequest(served, this.#listener),
        signal: this.#left.signal,
        onEnd: () => this.#end('tunnel-ended'),
      },
      this.#parts.metrics,
    );
    if (tunnel === undefined) return this.#end('upstream-unavailable');
    if (this.#isOver) return tunnel.cut();
    this.#serving = tunnel;
    tunnel.start();
  }

  #refuse(reason: RefusalReason): void {
    if (this.#isOver) return;
    this.#parts.metrics.sessionsRefused.inc({ reason });
    this.#log.warn({ reason }, 'connection refused');
    this.#end('refused');
  }

  #end(reason: ConnectionEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#left.abort(CLIENT_LEFT);
    if (this.#serving instanceof LoginReception) this.#serving.cut();
    if (this.#client === undefined) this.#socket.destroy();
    else this.#client.destroy();
    const { protocol } = this.#listener;
    this.#parts.metrics.sessionsOpen.dec({ protocol });
    this.#parts.metrics.sessionsClosed.inc({ protocol, reason });
    this.#log[WORTH_A_LINE.has(reason) ? 'info' : 'debug']({ reason }, 'connection ended');
    this.#onEnd();
  }
}

/** How a session with a client begins. */
interface Conversation extends Pick<SessionOpening, 'protocol' | 'clientTls' | 'begun' | 'judgeUpstream'> {
  readonly isSecure: boolean;
}
