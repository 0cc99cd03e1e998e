import type { Config } from '../base/config/schema.ts';
import type { Exclusions } from './exclusions/exclusions.ts';
import type { SwitchName, SwitchState } from './protection-switches.ts';
import type { UpstreamState } from './upstreams.ts';

export type ProtectionLevel = 'green' | 'yellow' | 'red';

/** One thing that weakens the protection. */
export interface ProtectionReason {
  /** Stable, for scripts. */
  readonly id: string;
  readonly level: 'yellow' | 'red';
  readonly text: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** How well mail is protected now, at a glance. */
export interface ProtectionStatus {
  /** The worst of the reasons; green without any. */
  readonly level: ProtectionLevel;
  readonly reasons: readonly ProtectionReason[];
}

/** What is known beside the configuration. */
export interface ProtectionFacts {
  readonly exclusions: Exclusions;
  readonly upstreams: readonly UpstreamState[];
  /** What administrators switched while the gateway runs; default: nothing. */
  readonly switches?: readonly SwitchState[];
  /** When the newest rule was loaded, milliseconds since 1970; undefined when it is not known. */
  readonly rulesLoadedAt: number | undefined;
  /** What is known elsewhere of the configuration. */
  readonly configuration?: readonly ProtectionReason[];
  /** May messages make scans fail (a switch of the tests)? */
  readonly faults: boolean;
  readonly now: number;
}

const DAY_MS = 86_400_000;
/** Rules that nobody renewed for this long know nothing of what goes round today. */
const OLD_RULES_DAYS = 30;

type Row = readonly [applies: boolean, reason: ProtectionReason];

function row(
  applies: boolean,
  level: ProtectionReason['level'],
  id: string,
  text: string,
  remedy: string,
): Row {
  return [applies, { id, level, text, remedy }];
}

function switches({ protection, mode, protocols, tlsFilter, scan }: Config): Row[] {
  return [
    row(
      !protection,
      'red',
      'protection-off',
      'Protection is off: nothing is scanned.',
      'Set protection: true.',
    ),
    row(
      mode === 'monitor',
      'red',
      'monitor-mode',
      'Monitor mode: infected messages are recorded and delivered.',
      'Set mode: protect.',
    ),
    ...Object.entries(protocols).map(([name, isOn]) =>
      row(
        !isOn,
        'yellow',
        `protocol-off-${name}`,
        `${name} is forwarded without a scan.`,
        `Set protocols.${name}: true.`,
      ),
    ),
    row(
      !tlsFilter.enabled,
      'yellow',
      'tls-filter-off',
      'The TLS filter is off: connections that begin with TLS are not scanned.',
      'Set tlsFilter.enabled: true.',
    ),
    row(
      !scan.uploads,
      'yellow',
      'uploads-unscanned',
      'What clients upload is not scanned.',
      'Set scan.uploads: true.',
    ),
  ];
}

function certificates({ upstream, upstreams, tls, tlsFilter }: Config): Row[] {
  const unverified = [{ ...upstream, name: 'upstream' }, ...upstreams].filter((one) => !one.tls.verify);
  return [
    ...unverified.map(({ name }) =>
      row(
        true,
        'yellow',
        `upstream-unverified-${name}`,
        `The certificate of the mail server (${name}) is not verified: anybody in between can read passwords.`,
        'Set tls.verify: true, and tls.ca if the server has an authority of its own.',
      ),
    ),
    row(
      tls.certificates.length === 0 && tlsFilter.ca === undefined,
      'yellow',
      'self-signed-certificate',
      'Clients see a self-signed certificate and warn.',
      'Set tls.certificates, or make an authority with "postern ca init".',
    ),
  ];
}

function exclusionsInForce(exclusions: Exclusions): Row[] {
  const inForce = exclusions.list().filter(({ isExpired }) => !isExpired);
  const hits = inForce.reduce((sum, one) => sum + one.hits, 0);
  const expired = exclusions.list().length - inForce.length;
  return [
    row(
      inForce.length > 0,
      'yellow',
      'exclusions',
      `Exclusions in force: ${inForce.length}; let through since the start: ${hits}.`,
      'Remove those that are not needed any more, or give them an end.',
    ),
    row(
      expired > 0,
      'yellow',
      'exclusions-expired',
      `Exclusions that expired and have no effect: ${expired}.`,
      'Remove them from the configuration.',
    ),
  ];
}

function operation({ upstreams, rulesLoadedAt, faults, now }: ProtectionFacts): Row[] {
  const age = rulesLoadedAt === undefined ? 0 : Math.floor((now - rulesLoadedAt) / DAY_MS);
  return [
    ...upstreams.map(({ name, hosts, up }) =>
      row(
        up < hosts,
        up === 0 ? 'red' : 'yellow',
        `upstream-down-${name}`,
        `${hosts - up} of ${hosts} hosts of the mail server (${name}) did not answer.`,
        'Look at the mail server and at the network between.',
      ),
    ),
    row(
      age >= OLD_RULES_DAYS,
      'yellow',
      'rules-old',
      `The rules are ${age} days old.`,
      'Renew the files below rules, or set up a source that does.',
    ),
    row(
      faults,
      'red',
      'faults',
      'Messages can make scans fail (POSTERN_SCAN_FAULTS).',
      'Start without this variable; it is for tests.',
    ),
  ];
}

/** What is off because an administrator switched it off is switched on again in another way. */
function remediesOf(rows: readonly Row[], states: readonly SwitchState[]): Row[] {
  const switched = new Map(states.map(({ name, change }) => [reasonOf(name), change]));
  return rows.map(([applies, reason]) => {
    const change = switched.get(reason.id);
    if (change === undefined) return [applies, reason];
    const text = `${reason.text} Switched by ${change.actor} ${endOf(change.until)}.`;
    return [applies, { ...reason, text, remedy: 'Switch it on again: page Protection of the console.' }];
  });
}

function endOf(until: number | undefined): string {
  return until === undefined
    ? 'until the next start'
    : `until ${new Date(until).toISOString().slice(0, 19)}Z`;
}

const SWITCH_REASONS: ReadonlyMap<SwitchName, string> = new Map([
  ['protection', 'protection-off'],
  ['mode', 'monitor-mode'],
  ['tls-filter', 'tls-filter-off'],
]);

function reasonOf(name: SwitchName): string {
  return SWITCH_REASONS.get(name) ?? `protocol-off-${name}`;
}

/** Protection that ends with the process is one that somebody relies on. */
function notKept(states: readonly SwitchState[]): Row[] {
  return states.map(({ name, isOn, change }) =>
    row(
      isOn && change !== undefined,
      'yellow',
      `switched-on-${name}`,
      `${name} is on because an administrator switched it on ${endOf(change?.until)}; the configuration says off.`,
      'Change the configuration as well.',
    ),
  );
}

/** Everything that weakens the protection, the worst first. Pure: `facts` say what time it is. */
export function protectionStatus(config: Config, facts: ProtectionFacts): ProtectionStatus {
  const { switches: states = [] } = facts;
  const rows = [
    ...remediesOf(switches(config), states),
    ...notKept(states),
    ...certificates(config),
    ...exclusionsInForce(facts.exclusions),
    ...operation(facts),
  ];
  const found = rows.filter(([applies]) => applies).map(([, reason]) => reason);
  const reasons = [...found, ...(facts.configuration ?? [])];
  const [red, yellow] = [
    reasons.filter(({ level }) => level === 'red'),
    reasons.filter(({ level }) => level === 'yellow'),
  ];
  const level = red.length > 0 ? 'red' : yellow.length > 0 ? 'yellow' : 'green';
  return { level, reasons: [...red, ...yellow] };
}
