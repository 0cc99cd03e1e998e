import { Registry } from 'prom-client';
import { Administration, shownExclusion } from './administration.ts';
import { ConfigurationReload } from './configuration-reload.ts';
import { GatewayDrain } from './gateway-drain.ts';
import { createConsoleSite } from './admin/console/console-site.ts';
import { type AdminServer, createAdminServer, type ReadinessCheck } from './admin/admin-server.ts';
import { type Clock, systemClock } from './base/clock.ts';
import { withoutOrigins } from './base/config/effective.ts';
import { effectiveListeners } from './base/config/listeners.ts';
import type { LoadedConfig } from './base/config/origin.ts';
import type { Config } from './base/config/schema.ts';
import { watchEventLoopLag } from './base/event-loop-lag.ts';
import { Lifecycle } from './base/lifecycle.ts';
import { type Logger, silentLogger } from './base/log.ts';
import { createMetrics, type Metrics } from './base/metrics.ts';
import { returnLargeBuffers } from './base/native-heap.ts';
import { ReloadRegistry } from './base/reload.ts';
import { ExclusionStore } from './gateway/exclusions/exclusion-store.ts';
import { createGateway, type Gateway } from './gateway/gateway.ts';
import { createImapLoginDesk } from './gateway/imap/login-desk.ts';
import { createImapRelay } from './gateway/imap/imap-relay.ts';
import { AuthorityReload, configuredAuthority } from './gateway/open-authority.ts';
import { createPop3LoginDesk } from './gateway/pop3/login-desk.ts';
import { createPop3Relay } from './gateway/pop3/pop3-relay.ts';
import { type ProtectionStatus, protectionStatus } from './gateway/protection-status.ts';
import { ProtectionSwitches } from './gateway/protection-switches.ts';
import type { Quarantine } from './quarantine/open-quarantine.ts';
import type { QuarantineArchive } from './quarantine/quarantine-archive.ts';
import type { JudgementLog } from './history/judgement-log.ts';
import type { Notifier } from './notify/notifier.ts';
import type { RuleChangeHunts } from './history/rule-change-hunts.ts';
import { notifierReasons } from './notify/notifier-reasons.ts';
import { openNotifier } from './notify/open-notifier.ts';
import { ProtectionDesk } from './protection-desk.ts';
import type { Scanner } from './scan/scanner.ts';
import { ScanService } from './scan-service.ts';
import { createCachingScanner } from './workers/caching-scanner.ts';

/** Sessions finish what they do within this time after the first signal; containers are killed after 30 s at most. */
const STOP_DEADLINE_MS = 20_000;
/** Alerts that are still to be sent at the end; a receiver that takes longer has them in the log. */
const ALERT_DEADLINE_MS = 2_000;
/** Verdicts are about 1 KB each. */
const CACHED_VERDICTS = 50_000;
const CACHED_VERDICT_MS = 24 * 3_600_000;

const LOGIN_DESKS = { imap: createImapLoginDesk, pop3: createPop3LoginDesk };

/** Parts that tests and commands replace. */
export interface AppOverrides {
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly quarantine?: Quarantine;
  /** Reads the configuration again, for changes while it runs. Throws `ConfigError`. */
  readonly reread?: () => LoadedConfig;
  /** Obey `X-Postern-Fault` in messages; default: whether POSTERN_SCAN_FAULTS is 1. */
  readonly faults?: boolean;
  /** Where the values of the configuration come from, for administrators; default: from a program. */
  readonly loaded?: LoadedConfig;
}

export interface App {
  /** Listens. Rejects with a `GatewayError`; then nothing runs. */
  start(): Promise<void>;
  /** Reads rules, lists, certificates, exclusions and policies anew; each changes as a whole or stays. Never rejects. */
  reload(reason: string): Promise<void>;
  /** Drains and stops under one deadline; never rejects. */
  stop(reason: string): Promise<void>;
  /** Where clients connect, once started. */
  readonly endpoints: Gateway['endpoints'];
  /** Undefined when the configuration switches it off. */
  readonly adminPort: number | undefined;
}

/** Builds the whole gateway in dependency order. Rejects with a `GatewayError` when a part cannot be built. */
export async function createApp(configured: Config, overrides: AppOverrides = {}): Promise<App> {
  const { log = silentLogger, clock = systemClock } = overrides;
  returnLargeBuffers();
  const switches = new ProtectionSwitches(configured, clock);
  const { config } = switches;
  const reloads = new ReloadRegistry(log);
  const faults = overrides.faults ?? process.env['POSTERN_SCAN_FAULTS'] === '1';
  const registry = new Registry();
  const metrics = createMetrics(registry);
  const notifier = openNotifier(config.notifications, clock, log);
  const scans = await ScanService.open(config, { metrics, log, clock, faults: overrides.faults });
  const { pool } = scans;
  const scanner = createCachingScanner(pool, {
    maxEntries: CACHED_VERDICTS,
    maxAgeMs: CACHED_VERDICT_MS,
    clock,
    shared: scans.shared,
  });
  const { quarantine } = overrides;
  const administration = new Administration({ config, metrics, clock, log, quarantine });
  const { archive, releases, offers } = administration.quarantine;
  const hunts = administration.ruleChangeHunts(scanner, notifier);
  scans.whenRulesChange((generation) => hunts.changed(generation));
  const exclusions = new ExclusionStore(config.exclusions, clock, (kind) =>
    metrics.exclusionHits.inc({ kind }),
  );
  const authority = configuredAuthority(config.tlsFilter, process.env);
  const gateway = createGateway({
    config,
    exclusions,
    authority,
    listeners: effectiveListeners(config),
    scanner,
    quarantine: archive,
    releases,
    offers,
    journal: inTurn(administration.journal, notifier),
    metrics,
    log,
    clock,
    relays: { imap: createImapRelay, pop3: createPop3Relay, desks: LOGIN_DESKS },
  });
  const loaded = overrides.loaded ?? withoutOrigins(configured);
  const { reread } = overrides;
  const onChange = () => reloads.run('the file changed');
  const reload = new ConfigurationReload({ loaded, reread, gateway, exclusions, clock, onChange });
  const rooms = { administration, notifier, scans, scanner, gateway, exclusions };
  const operated = { ...rooms, config, switches, loaded, reload, reloads, faults, registry };
  const admin = config.admin.enabled ? openAdmin({ ...operated, clock, log }) : undefined;
  reloads.add('rules', () => scans.reload());
  reloads.add('certificates', () => gateway.reloadCertificates());
  const roots = new AuthorityReload(config.tlsFilter, process.env, authority);
  reloads.add('authority', () => replaceRoot(roots, gateway));
  reloads.add('configuration', () => reload.run());
  return assemble({ ...operated, hunts, admin, metrics, log });
}

function replaceRoot(roots: AuthorityReload, gateway: Gateway): void {
  const next = roots.changed();
  if (next !== undefined) gateway.replaceAuthority(next);
}

/** Several listen to what was judged. */
function inTurn(...logs: readonly JudgementLog[]): JudgementLog {
  return { record: (judged) => logs.forEach((log) => log.record(judged)) };
}

interface AdminParts {
  readonly config: Config;
  readonly reload: ConfigurationReload;
  readonly reloads: ReloadRegistry;
  readonly switches: ProtectionSwitches;
  readonly administration: Administration;
  readonly notifier: Notifier;
  readonly scans: ScanService;
  readonly scanner: Scanner;
  readonly gateway: Gateway;
  readonly exclusions: ExclusionStore;
  readonly faults: boolean;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Logger;
}

function openAdmin(parts: AdminParts): AdminServer {
  const { config, administration, notifier, scans, scanner, gateway, exclusions } = parts;
  const { registry, switches, reloads, clock, log } = parts;
  const status = () => statusOf(parts);
  const stop = (deadlineMs: number) => gateway.stop(deadlineMs);
  const drain = new GatewayDrain({ stop, deadlineMs: STOP_DEADLINE_MS, clock, log });
  return createAdminServer({
    ...config.admin,
    registry,
    readiness: () => readiness(scans, gateway, administration.quarantine.archive, drain),
    status,
    api: administration.api({
      scanner,
      rules: scans,
      exclusions: { list: () => exclusions.list().map(shownExclusion) },
      sessions: { list: () => gateway.sessions, kick: (id) => gateway.kick(id) },
      drain,
      reload: { reload: (reason) => reloads.run(reason) },
      protection: new ProtectionDesk(switches, gateway, log),
      configuration: parts.reload,
      alerts: notifier,
      endpoints: () => gateway.endpoints,
      reasons: () => [
        ...status().reasons.map(({ id, ...reason }) => ({ code: id, ...reason })),
        ...scans.reasons(),
        ...notifierReasons(notifier.deadLetters, clock.now()),
      ],
    }),
    site: createConsoleSite(),
    log,
  });
}

function statusOf(parts: AdminParts): ProtectionStatus {
  const { config, switches, reload, scans, gateway, exclusions, faults, clock } = parts;
  const { upstreams } = gateway;
  const rulesLoadedAt = Date.parse(scans.rules().loadedAt);
  const facts = { exclusions, upstreams, rulesLoadedAt, faults, now: clock.now() };
  const configuration = reload.reasons();
  return protectionStatus(config, { ...facts, configuration, switches: switches.list() });
}

async function readiness(
  scans: ScanService,
  gateway: Gateway,
  archive: QuarantineArchive,
  drain: GatewayDrain,
): Promise<readonly ReadinessCheck[]> {
  const { pool } = scans;
  const { workers } = pool.stats();
  const { level, detail, remedy } = await archive.health();
  return [
    scans.readiness(),
    { name: 'workers', ok: workers > 0, detail: `${workers} threads` },
    { name: 'listeners', ok: gateway.endpoints.length > 0 && !drain.state.draining },
    {
      name: 'quarantine',
      ok: level !== 'red',
      detail: remedy === undefined ? detail : `${detail}. ${remedy}`,
    },
    { name: 'self-test', ok: await pool.selfTest() },
  ];
}

interface Parts {
  readonly scans: ScanService;
  readonly hunts: RuleChangeHunts;
  readonly gateway: Gateway;
  readonly admin: AdminServer | undefined;
  readonly administration: Administration;
  readonly notifier: Notifier;
  readonly reload: ConfigurationReload;
  readonly reloads: ReloadRegistry;
  readonly metrics: Metrics;
  readonly log: Logger;
}

function assemble({
  scans,
  hunts,
  gateway,
  admin,
  administration,
  notifier,
  reload,
  reloads,
  metrics,
  log,
}: Parts): App {
  let adminPort: number | undefined;
  let stopWatching: (() => void) | undefined;
  const lifecycle = new Lifecycle(
    [
      { name: 'scanner', start: () => scans.start(), stop: () => scans.stop() },
      administration.part(),
      {
        name: 'retro-hunt',
        start: async () => hunts.changed(scans.pool.generation),
        stop: () => hunts.close(),
      },
      reload.part(),
      { name: 'notifications', stop: (ms) => notifier.close(Math.min(ms, ALERT_DEADLINE_MS)) },
      {
        name: 'event-loop watch',
        start: async () => void (stopWatching = watchEventLoopLag(metrics.eventLoopLag)),
        stop: async () => stopWatching?.(),
      },
      { name: 'gateway', start: () => gateway.start(), stop: (ms) => gateway.stop(Math.max(0, ms - 2_000)) },
      {
        name: 'admin',
        start: async () => void (adminPort = (await admin?.start())?.port),
        stop: async () => {
          administration.events.close();
          await admin?.stop();
        },
      },
    ],
    { stopDeadlineMs: STOP_DEADLINE_MS, log },
  );
  return {
    start: () => lifecycle.start(),
    reload: async (reason) => void (await reloads.run(reason)),
    stop: async (reason) => {
      log.info({ reason }, 'draining');
      scans.stopping();
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
