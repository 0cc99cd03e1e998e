import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };
import { Authenticator } from './admin/accounts/authenticator.ts';
import { SqliteAccountStore } from './admin/accounts/sqlite-account-store.ts';
import { type ApiHandler, createApi } from './admin/api/api.ts';
import { EventHub } from './admin/event-hub.ts';
import type {
  ConfigurationProvider,
  DeadAlertsProvider,
  DrainSwitch,
  Exclusion as ShownExclusion,
  ExclusionsProvider,
  GatewayStatus,
  ProtectionProvider,
  ReloadProvider,
  RulesProvider,
  SessionsProvider,
  StatusReason,
} from './admin/providers.ts';
import type { Clock } from './base/clock.ts';
import type { Config } from './base/config/schema.ts';
import type { Part } from './base/lifecycle.ts';
import type { Logger } from './base/log.ts';
import type { Metrics } from './base/metrics.ts';
import { Secret } from './base/secret.ts';
import type { CountedExclusion } from './gateway/exclusions/exclusions.ts';
import { BatchingLog } from './history/batching-log.ts';
import { HistoryCheckpoint } from './history/history-checkpoint.ts';
import { historyDatabase } from './history/history-database.ts';
import { HistoryWriter, type TimedJudgement } from './history/history-writer.ts';
import { QuarantineRetroHunt } from './history/quarantine-retro-hunt.ts';
import { RuleChangeHunts } from './history/rule-change-hunts.ts';
import { SqliteHistory } from './history/sqlite-history.ts';
import { SqliteHuntShelf } from './history/sqlite-hunt-shelf.ts';
import type { JudgementLog } from './history/judgement-log.ts';
import { createMessagePreviewer } from './quarantine/message-previewer.ts';
import { openQuarantine, type Quarantine } from './quarantine/open-quarantine.ts';
import { openPeerReleases } from './quarantine/open-peer-releases.ts';
import type { PeerReleases } from './quarantine/peer-releases.ts';
import { writeZip } from './quarantine/zip-writer.ts';
import type { Scanner } from './scan/scanner.ts';

/* The part of the composition root that builds what administrators see: quarantine, history, accounts, API. */

/** Old originals are deleted this often, and their number is measured. */
const HOUSEKEEPING_MS = 60_000;
/** How soon who watches sees a change of the status. */
const WATCH_MS = 5_000;

export function historyPathOf({ history, quarantine }: Pick<Config, 'history' | 'quarantine'>): string {
  return history.path ?? join(quarantine.path, 'history.db');
}

export function accountPathOf({ admin, quarantine }: Pick<Config, 'admin' | 'quarantine'>): string {
  return admin.database ?? join(quarantine.path, 'admin.db');
}

export interface AdministrationParts {
  readonly config: Config;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** Default: as the configuration says. */
  readonly quarantine?: Quarantine | undefined;
}

/** What the API needs of rooms that are built after the quarantine. */
export interface AdministeredParts {
  readonly scanner: Scanner;
  readonly rules: RulesProvider;
  readonly exclusions: ExclusionsProvider;
  readonly sessions: SessionsProvider;
  readonly drain: DrainSwitch;
  readonly reload: ReloadProvider;
  readonly protection: ProtectionProvider & { takeEnded(): readonly string[] };
  readonly configuration: ConfigurationProvider;
  readonly alerts: DeadAlertsProvider;
  readonly endpoints: () => GatewayStatus['endpoints'];
  /** What else is wrong. */
  readonly reasons: () => readonly StatusReason[];
}

/** What is kept of messages, and the API over it. Opens no file before `start`. */
export class Administration {
  readonly quarantine: Quarantine;
  readonly journal: BatchingLog;
  readonly events = new EventHub();
  readonly #parts: AdministrationParts;
  readonly #history: SqliteHistory;
  readonly #hunts: SqliteHuntShelf;
  readonly #peers: PeerReleases;
  readonly #checkpoint: HistoryCheckpoint;
  readonly #accounts: SqliteAccountStore;
  readonly #startedAt: string;
  #cancels: readonly (() => void)[] = [];
  #lastStatus = '';
  #tellStatus: () => Promise<void> = async () => undefined;

  constructor(parts: AdministrationParts) {
    const { config, metrics, clock, log } = parts;
    this.#parts = parts;
    this.#startedAt = new Date(clock.now()).toISOString();
    this.quarantine = parts.quarantine ?? openQuarantine(config.quarantine, clock, log);
    this.#peers = openPeerReleases(config.quarantine, this.quarantine.releases, clock, log);
    const file = historyDatabase(historyPathOf(config));
    this.#history = new SqliteHistory(file);
    this.#hunts = new SqliteHuntShelf(file);
    const hooks = {
      onLost: (count: number) => metrics.historyLost.inc(count),
      onRecord: (judgement: TimedJudgement) => this.#publish(judgement),
      onWritten: (count: number) => void this.#checkpoint.written(count),
    };
    this.#checkpoint = new HistoryCheckpoint(file.path, log);
    this.journal = new BatchingLog(new HistoryWriter(file, config.history), hooks, clock, log);
    this.#accounts = new SqliteAccountStore(accountPathOf(config), clock);
  }

  /** Stops after everything that quarantines or reports. */
  part(): Part {
    return {
      name: 'quarantine',
      start: async () => {
        await this.quarantine.archive.prepare();
        this.#sayHowToLogIn();
        await this.#tidy();
        this.#peers.start();
        this.#repeat(HOUSEKEEPING_MS, () => this.#tidy());
        this.#repeat(WATCH_MS, () => this.#tellStatus());
      },
      stop: async () => {
        this.#cancels.forEach((cancel) => cancel());
        await this.#peers.close();
        this.journal.close();
        await this.#checkpoint.close();
        this.#history.close();
        this.#accounts.close();
        await this.quarantine.archive.close();
      },
    };
  }

  /** Hunts that follow a change of the rules; who opens it closes it. */
  ruleChangeHunts(scanner: Scanner, alerts: JudgementLog): RuleChangeHunts {
    const { config, clock, log } = this.#parts;
    const { archive } = this.quarantine;
    const rest = (tookMs: number) => this.#rest(tookMs);
    const hunt = new QuarantineRetroHunt({ scanner, archive, history: this.#history, rest, clock, log });
    const { retroHuntDays: days } = config.history;
    return new RuleChangeHunts({ hunt, days, shelf: this.#hunts, alerts, clock, log });
  }

  /** As long as the work before: half of one worker at most. */
  async #rest(tookMs: number): Promise<void> {
    await new Promise<void>((resolve) => void this.#parts.clock.after(tookMs, resolve));
  }

  api(administered: AdministeredParts): ApiHandler {
    const { config, clock, log } = this.#parts;
    const { archive, audit, releases } = this.quarantine;
    const { scanner, ...rest } = administered;
    const { token } = config.admin;
    const secret = token === undefined ? undefined : new Secret(token);
    const authenticator = new Authenticator({ accounts: this.#accounts, audit, token: secret, clock });
    const history = this.#history;
    const status = { status: () => this.#status(administered) };
    this.#tellStatus = () => {
      this.#tellEnded(administered.protection.takeEnded());
      return this.#publishStatus(administered);
    };
    return createApi(
      {
        authenticator,
        accounts: this.#accounts,
        audit,
        quarantine: archive,
        previewer: createMessagePreviewer(clock),
        zip: writeZip,
        releases,
        history,
        retroHunt: new QuarantineRetroHunt({ scanner, archive, history, clock, log }),
        hunts: (limit) => this.#hunts.list(limit),
        scanner,
        maxScanBytes: config.limits.maxMessageBytes,
        status,
        rules: rest.rules,
        exclusions: rest.exclusions,
        sessions: rest.sessions,
        drain: rest.drain,
        reload: rest.reload,
        protection: rest.protection,
        configuration: rest.configuration,
        alerts: rest.alerts,
        events: this.events,
        clock,
        log,
      },
      manifest.version,
    );
  }

  /** Nobody should have to search for how the first account is made. */
  #sayHowToLogIn(): void {
    const { config, log } = this.#parts;
    if (!config.admin.enabled) return;
    try {
      if (this.#accounts.users().length > 0) return;
      log.info({}, 'nobody can log in to the console yet: postern admin user add NAME < password-file');
    } catch (error) {
      log.error({ err: error }, 'the account database cannot be used');
    }
  }

  /** Switches that went back by themselves. */
  #tellEnded(names: readonly string[]): void {
    const { log } = this.#parts;
    for (const object of names) {
      log.warn({ switch: object }, 'a switch ended; the configuration counts again');
      const detail = 'its time was over; the configuration counts again';
      this.quarantine.audit.append({ actor: 'gateway', action: 'protection-reverted', object, detail });
    }
  }

  async #status(administered: AdministeredParts): Promise<GatewayStatus> {
    const { config } = this.#parts;
    const reasons = [...(await this.#reasons()), ...administered.reasons()];
    const isDraining = administered.drain.state.draining;
    if (isDraining) reasons.push(DRAINING);
    return {
      level: worst(reasons),
      reasons,
      version: manifest.version,
      startedAt: this.#startedAt,
      protection: config.protection,
      mode: config.mode,
      draining: isDraining,
      generation: administered.scanner.generation,
      endpoints: administered.endpoints(),
      quarantine: await this.#usage(),
    };
  }

  async #usage(): Promise<GatewayStatus['quarantine']> {
    const nothing = { objects: 0, bytes: 0, quotaBytes: this.#parts.config.quarantine.quotaBytes };
    return this.quarantine.archive.usage().catch(() => nothing); // its health is a reason of its own
  }

  async #reasons(): Promise<StatusReason[]> {
    const { level, detail, remedy = '' } = await this.quarantine.archive.health();
    const reasons: StatusReason[] = [];
    if (level !== 'green') reasons.unshift({ level, code: 'quarantine', text: detail, remedy });
    for (const text of this.#peers.problems)
      reasons.push({ level: 'yellow', code: 'peer', text, remedy: PEER_REMEDY });
    const { problem } = this.journal;
    if (problem !== undefined) {
      reasons.unshift({ level: 'yellow', code: 'history', text: problem, remedy: 'The log has the reason' });
    }
    return reasons;
  }

  #publish({ at, judged }: TimedJudgement): void {
    const { verdict } = judged;
    if (verdict.kind === 'clean' || !this.events.hasWatchers) return;
    const { verdict: _, identity: __, ...rest } = judged;
    const findings = 'findings' in verdict ? verdict.findings : [];
    const cause = verdict.kind === 'unscannable' ? verdict.cause : '';
    const data = { ...rest, at: new Date(at).toISOString(), verdict: verdict.kind, cause, findings };
    this.events.publish({ type: 'detection', data });
  }

  async #publishStatus(administered: AdministeredParts): Promise<void> {
    if (!this.events.hasWatchers) return;
    const data = await this.#status(administered);
    const text = JSON.stringify(data);
    if (text !== this.#lastStatus) this.events.publish({ type: 'status', data });
    this.#lastStatus = text;
  }

  async #tidy(): Promise<void> {
    const { metrics, log } = this.#parts;
    const { archive } = this.quarantine;
    try {
      const expired = await archive.expire();
      if (expired > 0) log.info({ expired }, 'deleted originals that were past their retention');
      const { objects, bytes } = await archive.usage();
      metrics.quarantineObjects.set(objects);
      metrics.quarantineBytes.set(bytes);
    } catch (error) {
      log.error({ err: error }, 'the quarantine could not be tidied');
    }
  }

  /** Until the end, each time after the task is done. */
  #repeat(everyMs: number, task: () => Promise<void>): void {
    let cancel: (() => void) | undefined;
    let isOver = false;
    const failed = (error: unknown) => this.#parts.log.error({ err: error }, 'a regular task failed');
    const wait = () => {
      if (isOver) return;
      cancel = this.#parts.clock.after(everyMs, () => void task().catch(failed).finally(wait));
    };
    wait();
    const end = () => {
      isOver = true;
      cancel?.();
    };
    this.#cancels = [...this.#cancels, end];
  }
}

const PEER_REMEDY =
  'Look at the address, the token and the network; releases made there do not hold here yet';

const DRAINING: StatusReason = {
  level: 'yellow',
  code: 'draining',
  text: 'no new sessions are accepted',
  remedy: 'End the process, or start another one',
};

function worst(reasons: readonly StatusReason[]): GatewayStatus['level'] {
  if (reasons.some(({ level }) => level === 'red')) return 'red';
  return reasons.length > 0 ? 'yellow' : 'green';
}

export function shownExclusion({ expiresAt, what, kind, ...kept }: CountedExclusion): ShownExclusion {
  const { id, owner, reason, hits } = kept;
  const until = expiresAt === undefined ? null : new Date(expiresAt).toISOString();
  return { id, what: `${kind} ${what}`, owner, reason, expiresAt: until, hits };
}
