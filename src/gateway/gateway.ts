import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import type { Clock } from '../base/clock.ts';
import type { Config } from '../base/config/schema.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { QuarantineStore } from '../quarantine/quarantine-store.ts';
import type { Scanner } from '../scan/scanner.ts';
import { BackgroundScans } from './background-scans.ts';
import { Connection, type ConnectionParts, type Relays } from './connection.ts';
import { ConnectionLimits } from './connection-limits.ts';
import { DeferralCounter } from './deferral-counter.ts';
import { type Endpoint, type GatewayListener, Listener } from './listener.ts';
import { refusalLine } from './refusal-line.ts';
import { SpoolBudget } from './spool-budget.ts';
import { CertificateStore } from './tls/certificate-store.ts';
import { Upstream } from './upstream.ts';

/** Held messages of all sessions may take this many times the memory limit of one; the rest is in files. */
const MESSAGES_IN_MEMORY = 64;

export interface GatewayParts {
  readonly config: Config;
  readonly listeners: readonly GatewayListener[];
  readonly scanner: Scanner;
  readonly quarantine: QuarantineStore;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  readonly relays: Relays;
  /** For spool files of large messages; default: the system's folder for temporary files. */
  readonly spoolDirectory?: string;
}

export interface Gateway {
  /** Loads certificates and listens. Rejects with `CERTIFICATE_INVALID` or `LISTEN_FAILED`; then nothing listens. */
  start(): Promise<void>;
  /** Accepts no more, says goodbye at command boundaries, and cuts what is left after `deadlineMs`. */
  stop(deadlineMs: number): Promise<void>;
  /** Reads changed certificate files at once. */
  reloadCertificates(): void;
  /** Where it listens, once started. */
  readonly endpoints: readonly Endpoint[];
}

export function createGateway(parts: GatewayParts): Gateway {
  return new MailGateway(parts);
}

class MailGateway implements Gateway {
  endpoints: readonly Endpoint[] = [];
  readonly #parts: GatewayParts;
  readonly #shared: ConnectionParts;
  readonly #listeners: readonly Listener[];
  readonly #limits: ConnectionLimits;
  readonly #connections = new Set<Connection>();
  /** Makes session and scan ids unique also after a restart: they are in the quarantine. */
  readonly #idPrefix = randomBytes(4).toString('hex');
  #nextId = 1;
  #isStopping = false;
  #onConnectionEnd: (() => void) | undefined;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.#shared = sharedParts(parts);
    const { maxConnections, maxConnectionsPerAddress } = parts.config.limits;
    this.#limits = new ConnectionLimits(maxConnections, maxConnectionsPerAddress);
    this.#listeners = parts.listeners.map(
      (settings) => new Listener(settings, (socket, listener) => this.#accept(socket, listener)),
    );
  }

  async start(): Promise<void> {
    this.#shared.certificates.start();
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
  }

  reloadCertificates(): void {
    this.#shared.certificates.reload();
  }

  #stopAccepting(): void {
    this.#isStopping = true;
    this.#shared.certificates.stop();
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
      this.#connections.delete(connection);
      this.#onConnectionEnd?.();
    });
    this.#connections.add(connection);
    connection.start();
  }

  #refuse(socket: Socket, listener: GatewayListener, reason: string): void {
    this.#parts.metrics.sessionsRefused.inc({ reason });
    socket.on('error', () => undefined);
    socket.end(refusalLine(listener), () => socket.destroy());
  }
}

function sharedParts(parts: GatewayParts): ConnectionParts {
  const { config, scanner, quarantine, metrics, log, clock, relays } = parts;
  const { limits, policy, mode, tls, upstream } = config;
  const judge = { scanner, quarantine, policy: { mode, policy }, deferrals: new DeferralCounter(), metrics };
  const directory = parts.spoolDirectory ?? tmpdir();
  return {
    config,
    certificates: new CertificateStore({
      tls,
      names: ['localhost', '127.0.0.1', '::1'],
      metrics,
      log,
      clock,
    }),
    upstream: new Upstream({ upstream, metrics, clock }),
    relays,
    judge,
    background: new BackgroundScans(scanner, log),
    budget: new SpoolBudget(directory, limits.spoolMemoryBytes * MESSAGES_IN_MEMORY, metrics),
    metrics,
    log,
    clock,
  };
}
