import { Registry } from 'prom-client';
import { type AdminServer, createAdminServer, type ReadinessCheck } from './admin/admin-server.ts';
import { type Clock, systemClock } from './base/clock.ts';
import { effectiveListeners } from './base/config/listeners.ts';
import type { Config } from './base/config/schema.ts';
import { watchEventLoopLag } from './base/event-loop-lag.ts';
import { Lifecycle } from './base/lifecycle.ts';
import { type Logger, silentLogger } from './base/log.ts';
import { createMetrics, type Metrics } from './base/metrics.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import { createImapRelay } from './gateway/imap/imap-relay.ts';
import { createPop3Relay } from './gateway/pop3/pop3-relay.ts';
import { FileQuarantineStore } from './quarantine/file-quarantine-store.ts';
import type { QuarantineStore } from './quarantine/quarantine-store.ts';
import { loadRules } from './rules/rule-loader.ts';
import { countRules, type RuleSet } from './rules/rule-set.ts';
import type { Scanner } from './scan/scanner.ts';
import { createCachingScanner } from './workers/caching-scanner.ts';
import type { PoolHooks } from './workers/dispatcher.ts';
import { createScanPool, defaultWorkers, type ScanPool } from './workers/scan-pool.ts';

/** Sessions finish what they do within this time after the first signal; containers are killed after 30 s at most. */
const STOP_DEADLINE_MS = 20_000;
/** Verdicts are about 1 KB each. */
const CACHED_VERDICTS = 50_000;
const CACHED_VERDICT_MS = 24 * 3_600_000;
/** Test switch: messages may ask a worker to fail. Owned by this file; never a configuration key. */
const FAULTS_VARIABLE = 'POSTERN_SCAN_FAULTS';

/** Parts that tests and commands replace. */
export interface AppOverrides {
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly quarantine?: QuarantineStore;
  /** Obey `X-Postern-Fault` in messages; default: whether POSTERN_SCAN_FAULTS is 1. */
  readonly faults?: boolean;
}

export interface App {
  /** Listens. Rejects with a `GatewayError`; then nothing runs. */
  start(): Promise<void>;
  /** Drains and stops under one deadline; never rejects. */
  stop(reason: string): Promise<void>;
  /** Where clients connect, once started. */
  readonly endpoints: Gateway['endpoints'];
  /** Undefined when the configuration switches it off. */
  readonly adminPort: number | undefined;
}

export interface OpenedScanner {
  readonly scanner: Scanner;
  readonly ruleCount: number;
  close(): Promise<void>;
}

type ScanConfig = Pick<Config, 'rules' | 'scan' | 'limits'>;

/** Builds the whole gateway in dependency order. Rejects with a `GatewayError` when a part cannot be built. */
export async function createApp(config: Config, overrides: AppOverrides = {}): Promise<App> {
  const { log = silentLogger, clock = systemClock } = overrides;
  const registry = new Registry();
  const metrics = createMetrics(registry);
  const faults = overrides.faults ?? process.env[FAULTS_VARIABLE] === '1';
  const rules = await loadRules(config.rules);
  const pool = await openPool(config, rules, { faults, hooks: poolHooks(metrics, log), clock, log });
  recordRules(metrics, rules, clock);
  const scanner = createCachingScanner(pool, {
    maxEntries: CACHED_VERDICTS,
    maxAgeMs: CACHED_VERDICT_MS,
    clock,
  });
  const quarantine = overrides.quarantine ?? new FileQuarantineStore({ path: config.quarantine.path });
  const relays = { imap: createImapRelay, pop3: createPop3Relay };
  const listeners = effectiveListeners(config);
  const gateway = createGateway({ config, listeners, scanner, quarantine, metrics, log, clock, relays });
  const admin = config.admin.enabled
    ? createAdminServer({ ...config.admin, registry, readiness: () => readiness(pool, gateway), log })
    : undefined;
  return assemble({ pool, gateway, admin, metrics, log });
}

/** A scanner without a gateway, for commands. */
export async function openScanner(config: ScanConfig, log: Logger): Promise<OpenedScanner> {
  const rules = await loadRules(config.rules);
  const faults = process.env[FAULTS_VARIABLE] === '1';
  const pool = await openPool(config, rules, { faults, hooks: {}, clock: systemClock, log });
  return { scanner: pool, ruleCount: countRules(rules), close: () => pool.close() };
}

interface PoolParts {
  readonly faults: boolean;
  readonly hooks: PoolHooks;
  readonly clock: Clock;
  readonly log: Logger;
}

async function openPool({ scan, limits }: ScanConfig, rules: RuleSet, parts: PoolParts): Promise<ScanPool> {
  const { faults, hooks, clock, log } = parts;
  if (faults) {
    log.warn({}, `${FAULTS_VARIABLE}=1: messages may make scans fail; never set this where real mail passes`);
  }
  return await createScanPool({
    rules,
    workers: scan.workers === 0 ? defaultWorkers() : scan.workers,
    workerHeapMb: scan.workerHeapMb,
    maxQueue: scan.maxQueue,
    timeoutMs: scan.timeoutMs,
    deadlineMs: scan.deadlineMs,
    limits: { ...scan.limits, maxMessageBytes: limits.maxMessageBytes, timeMs: scan.timeoutMs },
    faults,
    hooks,
    clock,
  });
}

/** Workers only report; what is measured of them is recorded here, on the main thread. */
function poolHooks(metrics: Metrics, log: Logger): PoolHooks {
  return {
    onReport: (report) => {
      metrics.scanQueue.observe(report.timings.queueMs / 1_000);
      metrics.scanDecode.observe(report.timings.decodeMs / 1_000);
      metrics.scanMatch.observe(report.timings.matchMs / 1_000);
      metrics.scanTotal.observe(report.timings.totalMs / 1_000);
      metrics.scanBytes.inc(report.bytes);
      metrics.scanPieces.inc(report.pieces);
      const findings = 'findings' in report.verdict ? report.verdict.findings : [];
      findings.forEach((finding) => metrics.findings.inc({ engine: finding.engine, class: finding.class }));
    },
    onTaskFailure: (cause) => {
      metrics.poolRestarts.inc({ cause });
      log.warn({ cause }, 'a scan task ended without an answer');
    },
    onState: (state) => {
      metrics.poolQueue.set(state.queued);
      metrics.poolUtilisation.set(state.utilisation);
      metrics.poolWorkers.set(state.workers);
    },
  };
}

function recordRules(metrics: Metrics, rules: RuleSet, clock: Clock): void {
  metrics.ruleGeneration.reset();
  metrics.ruleGeneration.set({ generation: rules.generation }, 1);
  metrics.rules.set(countRules(rules));
  metrics.rulesLoadedAt.set(clock.now() / 1_000);
}

async function readiness(pool: ScanPool, gateway: Gateway): Promise<readonly ReadinessCheck[]> {
  const { workers } = pool.stats();
  return [
    { name: 'rules', ok: true, detail: `generation ${pool.generation}` },
    { name: 'workers', ok: workers > 0, detail: `${workers} threads` },
    { name: 'listeners', ok: gateway.endpoints.length > 0 },
    { name: 'self-test', ok: await pool.selfTest() },
  ];
}

interface Parts {
  readonly pool: ScanPool;
  readonly gateway: Gateway;
  readonly admin: AdminServer | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
}

function assemble({ pool, gateway, admin, metrics, log }: Parts): App {
  let adminPort: number | undefined;
  let stopWatching = () => undefined as void;
  const lifecycle = new Lifecycle(
    [
      { name: 'scan pool', stop: () => pool.close() },
      {
        name: 'event-loop watch',
        start: async () => void (stopWatching = watchEventLoopLag(metrics.eventLoopLag)),
        stop: async () => stopWatching(),
      },
      { name: 'gateway', start: () => gateway.start(), stop: (ms) => gateway.stop(Math.max(0, ms - 2_000)) },
      {
        name: 'admin',
        start: async () => void (adminPort = (await admin?.start())?.port),
        stop: async () => admin?.stop(),
      },
    ],
    { stopDeadlineMs: STOP_DEADLINE_MS, log },
  );
  return {
    start: () => lifecycle.start(),
    stop: async (reason) => {
      log.info({ reason }, 'draining');
      await lifecycle.stop();
    },
    get endpoints() {
      return gateway.endpoints;
    },
    get adminPort() {
      return adminPort;
    },
  };
}
