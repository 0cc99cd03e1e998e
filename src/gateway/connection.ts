import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { Config } from '../base/config/schema.ts';
import { GatewayError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { BackgroundScans } from './background-scans.ts';
import { Channel, type ChannelOwner } from './channel.ts';
import type { GatewayListener } from './listener.ts';
import { type JudgeParts, MessageJudge } from './message-judge.ts';
import type { Relay, RelaySettings } from './relay.ts';
import { Session, type SessionEnd } from './session.ts';
import { SessionSpoolAccount, type SpoolBudget } from './spool-budget.ts';
import type { CertificateStore } from './tls/certificate-store.ts';
import { Tunnel, TUNNEL_BUFFER_BYTES } from './tunnel.ts';
import type { DialledUpstream, Upstream } from './upstream.ts';
import { familyOf } from './upstream-route.ts';

/** Handshake and last words are short; whoever needs longer is not a mail client. */
const HANDSHAKE_MS = 30_000;
const FAREWELL_MS = 5_000;

/** What all connections of a gateway share. */
export interface ConnectionParts {
  readonly config: Config;
  readonly certificates: CertificateStore;
  readonly upstream: Upstream;
  readonly relays: Relays;
  readonly judge: JudgeParts;
  readonly background: BackgroundScans;
  readonly budget: SpoolBudget;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
}

/** One maker for each protocol; they know nothing of each other. */
export interface Relays {
  readonly imap: (settings: RelaySettings) => Relay;
  readonly pop3: (settings: RelaySettings) => Relay;
}

/** Why a connection ended, also before there was a session. A metric label. */
export type ConnectionEnd = SessionEnd | 'tunnel-ended';

/** One accepted connection from its first byte to its last: handshake, dial, then a session or a tunnel. */
export class Connection {
  readonly id: string;
  readonly #parts: ConnectionParts;
  readonly #listener: GatewayListener;
  readonly #client: Channel;
  readonly #log: Logger;
  readonly #onEnd: () => void;
  readonly #left = new AbortController();
  #serving: Session | Tunnel | undefined;
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
    this.#client = Channel.accepted(socket);
    this.#onEnd = onEnd;
    const client = this.#client.remoteAddress;
    this.#log = parts.log.child({ session: id, protocol: listener.protocol, client });
  }

  get isTunnel(): boolean {
    return this.#serving instanceof Tunnel;
  }

  /** Serves the connection; never throws. */
  start(): void {
    const { protocol } = this.#listener;
    this.#parts.metrics.sessions.inc({ protocol });
    this.#parts.metrics.sessionsOpen.inc({ protocol });
    this.#client.own(this.#waiting());
    const { protection, protocols } = this.#parts.config;
    const serve = protection && protocols[protocol] ? this.#serve() : this.#tunnel();
    serve.catch((error: unknown) => {
      this.#log.error({ err: error }, 'connection failed');
      this.#end('internal-error');
    });
  }

  /** Ends at the next command boundary; at once when nothing is served yet. Tunnels go on until they are cut. */
  drain(): void {
    if (this.#serving === undefined) this.cut();
    else if (this.#serving instanceof Session) this.#serving.drain();
  }

  cut(): void {
    if (this.#serving === undefined) this.#end('shutdown');
    else this.#serving.cut('shutdown');
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

  async #serve(): Promise<void> {
    if (this.#listener.tls === 'implicit' && !(await this.#secureClient())) return;
    const dialled = await this.#dial();
    if (dialled === undefined) return;
    if (this.#isOver) return dialled.channel.destroy();
    const session = this.#session(dialled);
    this.#serving = session;
    session.start();
  }

  async #secureClient(): Promise<boolean> {
    const { metrics, clock, certificates } = this.#parts;
    const cancel = clock.after(HANDSHAKE_MS, () => this.#client.destroy());
    try {
      await this.#client.secureAsServer(certificates.serverOptions());
      metrics.tlsHandshakes.inc({ side: 'client', outcome: 'ok' });
      return !this.#isOver;
    } catch (error) {
      metrics.tlsHandshakes.inc({ side: 'client', outcome: 'failed' });
      this.#log.info({ err: error }, 'no TLS handshake');
      this.#end('client-tls-failed');
      return false;
    } finally {
      cancel();
    }
  }

  async #dial(): Promise<DialledUpstream | undefined> {
    try {
      return await this.#parts.upstream.dial(this.#listener.protocol, this.#left.signal);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      if (this.#isOver) return undefined;
      this.#log.error({ err: error, code: error.code }, 'the mail server cannot be used');
      this.#farewell();
      return undefined;
    }
  }

  /** Tells the client in its protocol that the server cannot be reached. */
  #farewell(): void {
    const relay = this.#relay({ isSecure: false, startTls: 'off' });
    for (const effect of relay.unavailable()) {
      if (effect.kind === 'send' && effect.to === 'client') this.#client.write(Buffer.from(effect.bytes));
    }
    this.#client.end();
    this.#client.resume();
    const end = (): void => this.#end('upstream-unavailable');
    const cancel = this.#parts.clock.after(FAREWELL_MS, end);
    this.#client.own({ ...this.#waiting(), lost: () => (cancel(), end()) });
  }

  #relay(upstream: Pick<DialledUpstream, 'isSecure' | 'startTls'>): Relay {
    const { config, relays } = this.#parts;
    const { tls, protocol } = this.#listener;
    return relays[familyOf(protocol)]({
      clientSecure: tls === 'implicit',
      clientStartTls: tls === 'starttls' ? 'offered' : tls === 'starttls-required' ? 'required' : 'off',
      upstreamSecure: upstream.isSecure,
      upstreamStartTls: upstream.startTls,
      allowPreauth: config.upstream.allowPreauth,
      maxLiteralBytes: config.limits.maxLiteralBytes,
      scanUploads: config.scan.uploads,
    });
  }

  #session(dialled: DialledUpstream): Session {
    const { config, judge, background, budget, metrics, clock, certificates, upstream } = this.#parts;
    const { protocol } = this.#listener;
    const judgedFor = {
      listener: protocol,
      family: familyOf(protocol),
      client: this.#client.remoteAddress,
      log: this.#log,
    };
    const held = {
      sessionId: this.id,
      listener: protocol,
      account: new SessionSpoolAccount(budget, config.limits.spoolMemoryBytes),
      scanner: judge.scanner,
      judge: new MessageJudge(judge, judgedFor),
      background,
      metrics,
      clock,
    };
    return new Session({
      listener: protocol,
      client: this.#client,
      upstream: dialled.channel,
      relay: this.#relay(dialled),
      held,
      limits: config.limits,
      greetingTimeoutMs: config.upstream.greetingTimeoutMs,
      clientTls: () => certificates.serverOptions(),
      upstreamTls: () => upstream.tlsOptions(),
      metrics,
      log: this.#log,
      clock,
      onEnd: (reason) => this.#end(reason),
    });
  }

  async #tunnel(): Promise<void> {
    const { config, upstream, metrics } = this.#parts;
    const { protocol } = this.#listener;
    const buffer = Buffer.allocUnsafeSlow(TUNNEL_BUFFER_BYTES);
    const port = config.upstream.ports[protocol];
    const channel = await upstream.dialTunnel(port, buffer, this.#left.signal).catch(() => undefined);
    if (channel === undefined) return this.#end('upstream-unavailable');
    if (this.#isOver) return channel.destroy();
    const ledger = { protocol, cause: 'protection-off' };
    metrics.unscanned.inc(ledger);
    const bytes = metrics.unscannedBytes.labels(ledger);
    const sides = {
      client: metrics.bytes.labels({ protocol, side: 'client' }),
      upstream: metrics.bytes.labels({ protocol, side: 'upstream' }),
    };
    const tunnel = new Tunnel({
      client: this.#client,
      upstream: channel,
      count: (side, count) => {
        bytes.inc(count);
        sides[side].inc(count);
      },
      onEnd: () => this.#end('tunnel-ended'),
    });
    this.#serving = tunnel;
    tunnel.start();
  }

  #end(reason: ConnectionEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#left.abort();
    this.#client.destroy();
    const { protocol } = this.#listener;
    this.#parts.metrics.sessionsOpen.dec({ protocol });
    this.#parts.metrics.sessionsClosed.inc({ protocol, reason });
    this.#log.debug({ reason }, 'connection ended');
    this.#onEnd();
  }
}
