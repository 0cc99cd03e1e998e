import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import type { Clock } from '../base/clock.ts';
import type { Config } from '../base/config/schema.ts';
import { GatewayError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { LiveSet } from '../base/live-set.ts';
import type { Metrics } from '../base/metrics.ts';
import type { JudgementLog } from '../history/judgement-log.ts';
import { NO_OFFERS, type PendingOffers } from '../quarantine/pending-offers.ts';
import type { QuarantineStore } from '../quarantine/quarantine-store.ts';
import type { ReleaseList } from '../quarantine/release-list.ts';
import type { Scanner } from '../scan/scanner.ts';
import { BackgroundScans } from './background-scans.ts';
import { Connection, type ConnectionParts } from './connection.ts';
import { ConnectionLimits } from './connection-limits.ts';
import type { ConnectionState } from './connection-state.ts';
import { DeferralCounter } from './deferral-counter.ts';
import { AddressSet } from './exclusions/address-set.ts';
import { type Exclusions, NO_EXCLUSIONS } from './exclusions/exclusions.ts';
import { FlowControl } from './flow/flow-control.ts';
import { spoolCapacity } from './flow/spool-capacity.ts';
import { type Endpoint, type GatewayListener, Listener } from './listener.ts';
import { kernelDestinations, type OriginalDestinations } from './placement/original-destination.ts';
import { OwnConnections } from './placement/own-connections.ts';
import { tlsPortsOf } from './placement/tls-ports.ts';
import { OfferDelivery } from './offer-delivery.ts';
import { Policies } from './policy/policies.ts';
import { refusalLine } from './refusal-line.ts';
import { type Relays, SessionFactory } from './session-factory.ts';
import { SpoolBudget } from './spool-budget.ts';
import type { Authority } from './tls/authority.ts';
import { CertificateStore } from './tls/certificate-store.ts';
import { Interception } from './tls/interception.ts';
import { MintThread } from './tls/mint-thread.ts';
import { Upstreams, type UpstreamState } from './upstreams.ts';

export interface GatewayParts {
  readonly config: Config;
  readonly listeners: readonly GatewayListener[];
  readonly scanner: Scanner;
  readonly quarantine: QuarantineStore;
  /** See `JudgeParts`. */
  readonly releases?: ReleaseList;
  /** Released originals that go back into mailboxes; default: none. */
  readonly offers?: PendingOffers;
  readonly journal?: JudgementLog;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  readonly relays: Relays;
  readonly exclusions?: Exclusions;
  /** Signs certificates for clients, under the names of the servers. */
  readonly authority?: Authority | undefined;
  /** Where redirected connections wanted to go; default: what the kernel says. */
  readonly destinations?: OriginalDestinations;
  /** For spool files of large messages; default: the system's folder for temporary files. */
  readonly spoolDirectory?: string;
}

export interface Gateway {
  /** Loads certificates and listens. Rejects with `CERTIFICATE_INVALID` or `LISTEN_FAILED`; then nothing listens. */
  start(): Promise<void>;
  /** Accepts no more, says goodbye at command boundaries, and cuts what is left after `deadlineMs`. */
  stop(deadlineMs: number): Promise<void>;
  /** Reads changed certificate files and the revoked list. Throws `CERTIFICATE_INVALID` when the old list stays. */
  reloadCertificates(): void;
  /** Another root of the own authority signs from now on; only with one already. */
  replaceAuthority(authority: Authority): void;
  /**
   * Takes policies and the wording of notices from a new configuration, in force from the next message on. Throws
   * `CONFIG_INVALID` and changes nothing when a policy is missing that listeners or servers refer to.
   */
  reconfigure(config: Pick<Config, 'policy' | 'policies' | 'notice'>): void;
  /** Where it listens, once started. */
  readonly endpoints: readonly Endpoint[];
  /** The mail servers behind it. */
  readonly upstreams: readonly UpstreamState[];
  /** Connections that are open now, oldest first. */
  readonly sessions: readonly ConnectionState[];
  /** Ends one at its next command boundary, a tunnel at once; false when there is none of that id. */
  kick(id: string): boolean;
}

export function createGateway(parts: GatewayParts): Gateway {
  return new MailGateway(parts);
}

class MailGateway implements Gateway {
  endpoints: readonly Endpoint[] = [];
  readonly #parts: GatewayParts;
  readonly #shared: ConnectionParts;
  readonly #mint: MintThread;
  readonly #listeners: readonly Listener[];
  readonly #limits: ConnectionLimits;
  readonly #connections = new LiveSet<Connection>();
  /** Makes session and scan ids unique also after a restart: they are in the quarantine. */
  readonly #idPrefix = randomBytes(4).toString('hex');
  #nextId = 1;
  #isStopping = false;
  #onConnectionEnd: (() => void) | undefined;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.#mint = new MintThread(parts.log);
    this.#shared = sharedParts(parts, this.#mint);
    const { maxConnections, maxConnectionsPerAddress } = parts.config.limits;
    this.#limits = new ConnectionLimits(maxConnections, maxConnectionsPerAddress);
    this.#listeners = parts.listeners.map(
      (settings) =>
        new Listener(settings, parts.config.reusePort, (socket, listener) => this.#accept(socket, listener)),
    );
  }

  get upstreams(): readonly UpstreamState[] {
    return this.#shared.upstreams.states;
  }

  get sessions(): readonly ConnectionState[] {
    const states = [...this.#connections].map(({ state }) => state);
    return states.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
  }

  kick(id: string): boolean {
    const found = [...this.#connections].find((connection) => connection.id === id);
    if (found === undefined) return false;
    if (found.isTunnel) found.cut();
    else found.drain();
    return true;
  }

  async start(): Promise<void> {
    this.#shared.certificates.start();
    this.#shared.upstreams.start();
    if (this.#parts.authority !== undefined) this.#mint.start();
    try {
      const endpoints: Endpoint[] = [];
      for (const listener of this.#listeners) endpoints.push(await listener.start());
      this.endpoints = endpoints;
    } catch (error) {
      this.#stopAccepting();
      throw error;
    }
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopAccepting();
    for (const connection of this.#connections) connection.drain();
    await this.#drained(deadlineMs);
    for (const connection of this.#connections) connection.cut();
    await this.#mint.close();
  }

  reloadCertificates(): void {
    this.#shared.certificates.reload();
    this.#shared.interception?.reloadRevoked();
  }

  reconfigure(config: Pick<Config, 'policy' | 'policies' | 'notice'>): void {
    const { config: running, listeners } = this.#parts;
    const names = new Set(['default', ...config.policies.map(({ name }) => name)]);
    const users = [...listeners, running.upstream, ...running.upstreams];
    const missing = users.find(({ policy }) => policy !== undefined && !names.has(policy))?.policy;
    if (missing !== undefined) {
      const what = `policies has no ${JSON.stringify(missing)} any more, which listeners or servers refer to`;
      throw new GatewayError('CONFIG_INVALID', `${what}. Restart the gateway when they do not`);
    }
    this.#shared.sessions.reconfigure(config);
  }

  replaceAuthority(authority: Authority): void {
    this.#shared.certificates.replaceAuthority(authority);
    this.#shared.interception?.replaceAuthority(authority);
  }

  #stopAccepting(): void {
    this.#isStopping = true;
    this.#shared.certificates.stop();
    this.#shared.upstreams.stop();
    for (const listener of this.#listeners) listener.stop();
  }

  /** Resolves when only tunnels are left, or at the deadline. */
  async #drained(deadlineMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(deadlineMs, resolve);
      const check = (): void => {
        if ([...this.#connections].some((connection) => !connection.isTunnel)) return;
        cancel();
        resolve();
      };
      this.#onConnectionEnd = check;
      check();
    });
  }

  #accept(socket: Socket, listener: GatewayListener): void {
    const address = socket.remoteAddress ?? '';
    const refusal = this.#isStopping ? 'global' : this.#limits.enter(address);
    if (refusal !== undefined) return this.#refuse(socket, listener, refusal);
    const id = `${this.#idPrefix}-${(this.#nextId++).toString(36)}`;
    const connection: Connection = new Connection(id, socket, listener, this.#shared, () => {
      this.#limits.leave(address);
      this.#connections.remove(place, connection);
      this.#onConnectionEnd?.();
    });
    const place = this.#connections.add(connection);
    connection.start();
  }

  #refuse(socket: Socket, listener: GatewayListener, reason: string): void {
    this.#parts.metrics.sessionsRefused.inc({ reason });
    socket.on('error', () => undefined);
    socket.end(refusalLine(listener), () => socket.destroy());
  }
}

function sharedParts(parts: GatewayParts, mint: MintThread): ConnectionParts {
  const { config, listeners, metrics, log, clock, authority, exclusions = NO_EXCLUSIONS } = parts;
  const { tls, tlsFilter, trustedProxies } = config;
  const own = new OwnConnections();
  const names = ['localhost', '127.0.0.1', '::1'];
  return {
    config,
    certificates: new CertificateStore({ tls, names, authority, mint, metrics, log, clock }),
    interception:
      authority === undefined ? undefined : new Interception({ authority, mint, tls, tlsFilter, metrics }),
    upstreams: new Upstreams({
      config,
      listeners,
      metrics,
      clock,
      isOurselves: (channel) => own.opened(channel),
    }),
    sessions: sessionFactory(parts, exclusions),
    placement: {
      trustedProxies: trustedProxies === undefined ? undefined : new AddressSet(trustedProxies),
      destinations: destinationsFor(parts),
      own,
      clock,
    },
    treatment: { config, exclusions, tlsPorts: tlsPortsOf(config) },
    metrics,
    log,
    clock,
  };
}

function destinationsFor({ listeners, destinations }: GatewayParts): OriginalDestinations | undefined {
  if (destinations !== undefined) return destinations;
  return listeners.some(({ transparent }) => transparent === true) ? kernelDestinations() : undefined;
}

function sessionFactory(parts: GatewayParts, exclusions: Exclusions): SessionFactory {
  const { config, scanner, quarantine, releases, journal, metrics, log, clock, relays } = parts;
  const { limits, policy, mode } = config;
  const deferrals = new DeferralCounter();
  const directory = parts.spoolDirectory ?? tmpdir();
  return new SessionFactory({
    config,
    relays,
    judge: {
      scanner,
      quarantine,
      policy: { mode, policy },
      deferrals,
      exclusions,
      ...(releases && { releases }),
      ...(journal && { journal }),
      metrics,
    },
    policies: new Policies(config),
    background: new BackgroundScans(scanner, log),
    offers: new OfferDelivery(parts.offers ?? NO_OFFERS, log),
    budget: new SpoolBudget(directory, limits.maxSpoolMemoryBytes, { metrics, clock }),
    flow: new FlowControl({ maxBytes: capacityOf(directory, limits, log), clock, metrics }),
    metrics,
    clock,
  });
}

function capacityOf(directory: string, limits: Config['limits'], log: Logger): number {
  const { maxSpoolBytes, maxSpoolMemoryBytes } = limits;
  const bytes = spoolCapacity(directory, maxSpoolBytes, maxSpoolMemoryBytes);
  if (bytes < maxSpoolBytes) {
    log.info(
      { bytes, maxSpoolBytes, directory },
      'the folder for temporary files has less room than configured',
    );
  }
  return bytes;
}
