import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { Registry } from 'prom-client';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { configSchema } from '../../src/base/config/schema.ts';
import type { Logger } from '../../src/base/log.ts';
import { createMetrics } from '../../src/base/metrics.ts';
import type { OriginalDestinations } from '../../src/gateway/placement/original-destination.ts';
import type { Authority } from '../../src/gateway/tls/authority.ts';
import type { Relays } from '../../src/gateway/session-factory.ts';
import { ExclusionStore } from '../../src/gateway/exclusions/exclusion-store.ts';
import { createGateway, type Gateway } from '../../src/gateway/gateway.ts';
import type { GatewayListener } from '../../src/gateway/listener.ts';
import type { Scanner } from '../../src/scan/scanner.ts';
import type { KeyPair } from '../../src/gateway/tls/certificate-writer.ts';
import { LOCALHOST, writePair } from './certificates.ts';
import { FakeScanner } from './fake-scanner.ts';
import { MemoryQuarantine } from './memory-quarantine.ts';
import { Peer, PeerServer } from './peer.ts';
import { RecordingLog } from './recording-log.ts';

export interface FixtureSettings {
  readonly relays: Relays;
  /** Merged over the smallest valid configuration. */
  readonly config?: Record<string, unknown>;
  readonly upstreamTls?: Record<string, unknown>;
  readonly listener?: Partial<GatewayListener>;
  readonly listeners?: readonly GatewayListener[];
  /** Does the scripted server speak TLS from the first byte? */
  readonly secureUpstream?: boolean;
  readonly scanner?: Scanner;
  readonly clock?: Clock;
  readonly spoolDirectory?: string;
  readonly authority?: Authority;
  /** Instead of the log that remembers. */
  readonly logger?: Logger;
  readonly destinations?: OriginalDestinations;
  /** What the scripted server shows. */
  readonly serverPair?: KeyPair;
}

/** A gateway on loopback with a scripted server behind it and recording parts around it. */
export class GatewayFixture {
  readonly gateway: Gateway;
  readonly server: PeerServer;
  readonly scanner: FakeScanner;
  readonly quarantine: MemoryQuarantine;
  readonly log: RecordingLog;
  readonly exclusions: ExclusionStore;
  readonly registry: Registry;
  readonly folder: string;

  private constructor(parts: Omit<GatewayFixture, 'connect' | 'pair' | 'port' | 'metric'>) {
    this.gateway = parts.gateway;
    this.server = parts.server;
    this.scanner = parts.scanner;
    this.quarantine = parts.quarantine;
    this.log = parts.log;
    this.exclusions = parts.exclusions;
    this.registry = parts.registry;
    this.folder = parts.folder;
  }

  static async start(test: TestContext, settings: FixtureSettings): Promise<GatewayFixture> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'postern-test-'));
    const server = await PeerServer.listen(
      settings.secureUpstream === true ? (settings.serverPair ?? LOCALHOST) : undefined,
    );
    const { port } = server;
    const upstream = {
      host: '127.0.0.1',
      ports: { imap: port, imaps: port, pop3: port, pop3s: port },
      tls: { mode: 'off', ...settings.upstreamTls },
    };
    const tls = { certificates: [writePair(folder, 'server', LOCALHOST)] };
    const scanner = new FakeScanner();
    const quarantine = new MemoryQuarantine();
    const log = new RecordingLog();
    const registry = new Registry();
    const listener: GatewayListener = {
      protocol: 'imap',
      address: '127.0.0.1',
      port: 0,
      tls: 'off',
      ...settings.listener,
    };
    const config = configSchema.parse({ upstream, tls, ...settings.config });
    const clock = settings.clock ?? systemClock;
    const exclusions = new ExclusionStore(config.exclusions, clock);
    const { authority, destinations } = settings;
    const gateway = createGateway({
      config,
      exclusions,
      ...(authority === undefined ? {} : { authority }),
      ...(destinations === undefined ? {} : { destinations }),
      listeners: settings.listeners ?? [listener],
      scanner: settings.scanner ?? scanner,
      quarantine,
      metrics: createMetrics(registry),
      log: settings.logger ?? log,
      clock,
      relays: settings.relays,
      spoolDirectory: settings.spoolDirectory ?? folder,
    });
    test.after(async () => {
      await gateway.stop(0);
      server.close();
      fs.rmSync(folder, { recursive: true, force: true });
    });
    await gateway.start();
    return new GatewayFixture({ gateway, server, scanner, quarantine, log, exclusions, registry, folder });
  }

  get port(): number {
    return this.gateway.endpoints[0]?.port ?? 0;
  }

  async connect(): Promise<Peer> {
    return Peer.connect(this.port);
  }

  /** A client and its connection on the server. */
  async pair(): Promise<{ client: Peer; upstream: Peer }> {
    const client = await this.connect();
    return { client, upstream: await this.server.accept() };
  }

  /** Sum of the samples of one metric that have these labels. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number> {
    const metric = await this.registry.getSingleMetric(name)?.get();
    const samples = metric?.values ?? [];
    const wanted = Object.entries(labels);
    return samples
      .filter((sample) =>
        wanted.every(([key, value]) => new Map(Object.entries(sample.labels)).get(key) === value),
      )
      .reduce((sum, sample) => sum + sample.value, 0);
  }
}
