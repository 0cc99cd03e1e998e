import type { JudgedMessage } from '../history/judgement-log.ts';
import type { Severity, Verdict } from '../scan/verdict.ts';
import { type Alert, isAtLeast, MAX_LISTED, plainLine, severityOf } from './alert.ts';

/** Contents that are remembered; a flood of different ones must not take the memory. */
export const MAX_CONTENTS = 10_000;
/** Alerts of one batch: about 25 KB of JSON; the rest is a number. */
export const MAX_ALERTS = 50;

interface Cluster {
  readonly sha256: string;
  severity: Severity;
  verdict: Verdict['kind'];
  cause: string;
  readonly rules: Set<string>;
  readonly users: Set<string>;
  readonly protocols: Set<string>;
  readonly actions: Map<string, number>;
  firstAt: number;
  lastAt: number;
  fetches: number;
  moreUsers: boolean;
  scanId: string;
  generation: string;
  /** Milliseconds since 1970 until which it is only counted. */
  quietUntil: number;
}

export interface AlertBookSettings {
  readonly minSeverity: Severity;
  readonly intervalMs: number;
  readonly repeatMs: number;
}

export interface TakenAlerts {
  readonly alerts: readonly Alert[];
  /** Contents beyond the limits. */
  readonly unlisted: number;
}

/** Counts what was found by content, and says when which content is worth an alert. */
export class AlertBook {
  readonly #settings: AlertBookSettings;
  /** In the order of their first appearance. */
  readonly #clusters = new Map<string, Cluster>();
  readonly #due = new Map<Cluster, number>();
  #unlisted = 0;

  constructor(settings: AlertBookSettings) {
    this.#settings = settings;
  }

  /** Milliseconds since 1970 when the next alert is due; undefined: none waits. */
  get nextDue(): number | undefined {
    return [...this.#due.values()].reduce<number | undefined>(
      (least, due) => (least === undefined ? due : Math.min(least, due)),
      undefined,
    );
  }

  /** Returns when the alert for this content is due; undefined: it waits already, or is worth none. */
  record(judged: JudgedMessage, now: number): number | undefined {
    const severity = severityOf(judged);
    if (severity === undefined || !isAtLeast(severity, this.#settings.minSeverity)) return undefined;
    const cluster = this.#clusterOf(judged, now);
    count(cluster, judged, severity, now);
    if (this.#due.has(cluster)) return undefined;
    const due = Math.max(now + this.#settings.intervalMs, cluster.quietUntil);
    this.#due.set(cluster, due);
    return due;
  }

  /** What is due now; it is quiet from now on. */
  take(now: number): TakenAlerts {
    return this.#take(now, ([, due]) => due <= now);
  }

  /** What waits only because alerts are collected: at the end nobody collects any more. */
  takeAll(now: number): TakenAlerts {
    return this.#take(now, ([{ quietUntil }]) => quietUntil <= now);
  }

  #take(now: number, isDue: (entry: readonly [Cluster, number]) => boolean): TakenAlerts {
    const taken = [...this.#due].filter(isDue).map(([cluster]) => cluster);
    const alerts = taken.slice(0, MAX_ALERTS).map(alertOf);
    const unlisted = this.#unlisted + taken.length - alerts.length;
    this.#unlisted = 0;
    for (const cluster of taken) this.#settle(cluster, now);
    return { alerts, unlisted };
  }

  #clusterOf(judged: JudgedMessage, now: number): Cluster {
    const { sha256, verdict } = judged;
    const key = sha256 === '' ? `${verdict.kind} ${causeOf(judged)}` : sha256;
    const known = this.#clusters.get(key);
    if (known !== undefined) return known;
    const cluster = emptyCluster(judged, now);
    this.#clusters.set(key, cluster);
    this.#forgetOldest();
    return cluster;
  }

  #forgetOldest(): void {
    for (const [key, cluster] of this.#clusters) {
      if (this.#clusters.size <= MAX_CONTENTS) return;
      this.#clusters.delete(key);
      if (this.#due.delete(cluster)) this.#unlisted += 1;
    }
  }

  #settle(cluster: Cluster, now: number): void {
    this.#due.delete(cluster);
    cluster.quietUntil = now + this.#settings.repeatMs;
    cluster.fetches = 0;
    cluster.moreUsers = false;
    cluster.users.clear();
    cluster.protocols.clear();
    cluster.actions.clear();
    cluster.rules.clear();
  }
}

const causeOf = ({ verdict }: JudgedMessage): string => (verdict.kind === 'unscannable' ? verdict.cause : '');

function emptyCluster(judged: JudgedMessage, now: number): Cluster {
  return {
    sha256: judged.sha256,
    severity: 'low',
    verdict: judged.verdict.kind,
    cause: '',
    rules: new Set(),
    users: new Set(),
    protocols: new Set(),
    actions: new Map(),
    firstAt: now,
    lastAt: now,
    fetches: 0,
    moreUsers: false,
    scanId: '',
    generation: '',
    quietUntil: 0,
  };
}

function count(cluster: Cluster, judged: JudgedMessage, severity: Severity, now: number): void {
  const { verdict, action, user, protocol } = judged;
  if (cluster.fetches === 0) cluster.firstAt = now;
  cluster.fetches += 1;
  cluster.lastAt = now;
  cluster.severity = severity;
  cluster.verdict = verdict.kind;
  cluster.cause = causeOf(judged);
  cluster.scanId = judged.scanId;
  cluster.generation = judged.generation;
  cluster.actions.set(action, (cluster.actions.get(action) ?? 0) + 1);
  cluster.protocols.add(protocol);
  const rules = 'findings' in verdict ? verdict.findings : [];
  for (const { namespace, rule } of rules) addBounded(cluster.rules, plainLine(`${namespace}/${rule}`));
  if (user !== '' && !addBounded(cluster.users, plainLine(user))) cluster.moreUsers = true;
}

function addBounded(set: Set<string>, value: string): boolean {
  if (set.size < MAX_LISTED) set.add(value);
  return set.has(value);
}

function alertOf(cluster: Cluster): Alert {
  const { sha256, severity, verdict, cause, fetches, moreUsers, scanId, generation } = cluster;
  return {
    sha256,
    severity,
    verdict,
    cause,
    rules: [...cluster.rules],
    firstAt: new Date(cluster.firstAt).toISOString(),
    lastAt: new Date(cluster.lastAt).toISOString(),
    fetches,
    actions: Object.fromEntries(cluster.actions),
    users: [...cluster.users],
    moreUsers,
    protocols: [...cluster.protocols],
    scanId,
    generation,
  };
}
