import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { defaultTls, plannedListeners, type PlannedListener } from './listeners.ts';
import type { ConfigIssue } from './issue.ts';
import { listenerChecks, nameChecks, portListChecks } from './placement-checks.ts';
import type { KeyPath } from './problem.ts';
import { defaultUpstreamCheck, domainChecks, routeChecks } from './route-checks.ts';
import type { Config } from './schema.ts';

function issue(path: KeyPath, what: string): ConfigIssue {
  return { path, what, atKey: false };
}

/** `::` takes IPv4 as well, because the system's sockets are dual-stack by default. */
function covers(listening: string, address: string): boolean {
  return listening === address || listening === '::' || (listening === '0.0.0.0' && isIPv4(address));
}

function overlap(a: { address: string; port: number }, b: { address: string; port: number }): boolean {
  return a.port !== 0 && a.port === b.port && (covers(a.address, b.address) || covers(b.address, a.address));
}

function nameOf({ protocol, address, port }: PlannedListener): string {
  return `the ${protocol} listener on ${address} port ${port}`;
}

function overlappingListeners(listeners: readonly PlannedListener[]): ConfigIssue[] {
  return listeners.flatMap((listener, index) => {
    const earlier = listeners.slice(0, index).find((other) => overlap(other, listener));
    return earlier === undefined
      ? []
      : [issue(listener.path, `port ${listener.port} is taken by ${nameOf(earlier)}. Choose another port`)];
  });
}

function adminOverlap(config: Config, listeners: readonly PlannedListener[]): ConfigIssue[] {
  const taken = config.admin.enabled ? listeners.find((one) => overlap(one, config.admin)) : undefined;
  return taken === undefined
    ? []
    : [
        issue(
          ['admin', 'port'],
          `port ${config.admin.port} is taken by ${nameOf(taken)}. Choose another port`,
        ),
      ];
}

/** Implicit TLS is a protocol of its own here, so the name and the switch must agree. */
function listenerTls(config: Config): ConfigIssue[] {
  return (config.listeners ?? []).flatMap(({ protocol, tls }, index) => {
    const implicit = defaultTls(protocol) === 'implicit';
    if (tls === undefined || implicit === (tls === 'implicit')) {
      return [];
    }
    const remedy = implicit
      ? `${protocol} starts with TLS at once. Remove the key, or use protocol ${protocol.slice(0, -1)}`
      : `Use protocol ${protocol}s for TLS from the first byte`;
    return [issue(['listeners', index, 'tls'], `${tls} does not fit ${protocol}. ${remedy}`)];
  });
}

function localAddresses(host: string): readonly string[] {
  const name = host.toLowerCase();
  if (name === 'localhost') {
    return ['127.0.0.1', '::1'];
  }
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address));
  return /^127\.|^::1$/u.test(name) || own.includes(name) ? [name] : [];
}

/** A gateway that is its own upstream answers itself until it runs out of connections. */
function upstreamIsOurselves(config: Config, listeners: readonly PlannedListener[]): ConfigIssue[] {
  const all = [
    { path: ['upstream'], upstream: config.upstream, name: undefined },
    ...config.upstreams.map((upstream, index) => ({
      path: ['upstreams', index],
      upstream,
      name: upstream.name,
    })),
  ];
  return all.flatMap(({ path, upstream, name }) => {
    const users = listeners.filter(
      (one) => one.upstream === name || upstream === config.upstream || one.route === 'login-domain',
    );
    return [upstream.host ?? '', ...upstream.fallbackHosts].flatMap((host) =>
      talksToItself({ path, host, ports: upstream.ports }, users, listeners),
    );
  });
}

interface Target {
  readonly path: KeyPath;
  readonly host: string;
  readonly ports: Config['upstream']['ports'];
}

function talksToItself(
  { path, host, ports }: Target,
  users: readonly PlannedListener[],
  listeners: readonly PlannedListener[],
): ConfigIssue[] {
  const addresses = localAddresses(host);
  const isOwn = (port: number) => (one: PlannedListener) =>
    one.port === port && addresses.some((address) => covers(one.address, address));
  const fixed = Object.entries(ports).flatMap(([protocol, port]) => {
    const own = users.some((one) => one.protocol === protocol) ? listeners.find(isOwn(port)) : undefined;
    return own === undefined ? [] : [{ at: [...path, 'ports', protocol], port, own }];
  });
  const found = users.flatMap((one) => {
    const port = one.upstreamPort ?? one.port;
    const isReverse = one.protocol === 'auto' && one.transparent !== true && port !== 0;
    const own = isReverse ? listeners.find(isOwn(port)) : undefined;
    return own === undefined ? [] : [{ at: [...one.path, 'upstreamPort'], port, own }];
  });
  return [...fixed, ...found].map(({ at, port, own }) =>
    issue(at, `${host} port ${port} is ${nameOf(own)}: the gateway would talk to itself. Change one of them`),
  );
}

/** `smaller` must not exceed `greater`, or one of the two can never take effect. */
function order(config: Config): ConfigIssue[] {
  const { limits, scan } = config;
  const pairs: readonly (readonly [KeyPath, number, string, number])[] = [
    [['limits', 'maxMessageBytes'], limits.maxMessageBytes, 'limits.maxLiteralBytes', limits.maxLiteralBytes],
    [
      ['limits', 'maxLiteralBytes'],
      limits.maxLiteralBytes,
      'limits.maxSessionSpoolBytes',
      limits.maxSessionSpoolBytes,
    ],
    [
      ['limits', 'maxSessionSpoolBytes'],
      limits.maxSessionSpoolBytes,
      'limits.maxSpoolBytes',
      limits.maxSpoolBytes,
    ],
    [
      ['limits', 'spoolMemoryBytes'],
      limits.spoolMemoryBytes,
      'limits.maxSpoolMemoryBytes',
      limits.maxSpoolMemoryBytes,
    ],
    [
      ['limits', 'maxSpoolMemoryBytes'],
      limits.maxSpoolMemoryBytes,
      'limits.maxSpoolBytes',
      limits.maxSpoolBytes,
    ],
    [['scan', 'timeoutMs'], scan.timeoutMs, 'scan.deadlineMs', scan.deadlineMs],
    [
      ['scan', 'limits', 'maxObjectBytes'],
      scan.limits.maxObjectBytes,
      'scan.limits.maxTotalBytes',
      scan.limits.maxTotalBytes,
    ],
  ];
  return pairs.flatMap(([path, value, otherName, other]) =>
    value <= other
      ? []
      : [issue(path, `${value} is above ${otherName} (${other}). Lower it, or raise the other`)],
  );
}

/** One of a pair alone is a mistake. */
function together(config: Config): ConfigIssue[] {
  const { s3 } = config.quarantine;
  const shared = config.scan.sharedVerdicts;
  const pairs: readonly (readonly [KeyPath, unknown, string, unknown])[] = [
    [['quarantine', 's3', 'bucket'], s3.bucket, 'quarantine.s3.endpoint', s3.endpoint],
    [['quarantine', 's3', 'accessKeyId'], s3.accessKeyId, 'quarantine.s3.endpoint', s3.endpoint],
    [['quarantine', 's3', 'secretAccessKey'], s3.secretAccessKey, 'quarantine.s3.endpoint', s3.endpoint],
    [['scan', 'sharedVerdicts', 'secret'], shared.secret, 'scan.sharedVerdicts.url', shared.url],
    [['admin', 'tlsKey'], config.admin.tlsKey, 'admin.tlsCert', config.admin.tlsCert],
  ];
  return pairs.flatMap(([path, value, otherName, other]) =>
    (value === undefined) === (other === undefined)
      ? []
      : [issue(path, `and ${otherName} need each other. Set both or none`)],
  );
}

const LISTENING = ['listeners', 'imapsPorts', 'pop3sPorts'];

/** Each check with the top-level keys that it reads. */
const CHECKS: readonly {
  readonly reads: readonly string[];
  readonly check: (config: Config, listeners: readonly PlannedListener[]) => ConfigIssue[];
}[] = [
  { reads: ['listeners'], check: listenerTls },
  { reads: LISTENING, check: (_, listeners) => overlappingListeners(listeners) },
  { reads: [...LISTENING, 'admin'], check: adminOverlap },
  { reads: [...LISTENING, 'upstream', 'upstreams'], check: upstreamIsOurselves },
  { reads: ['listeners', 'upstream', 'upstreams', 'policies'], check: nameChecks },
  { reads: [...LISTENING, 'upstream'], check: defaultUpstreamCheck },
  { reads: [...LISTENING, 'upstreams'], check: routeChecks },
  { reads: [...LISTENING, 'upstreams'], check: domainChecks },
  { reads: ['listeners', 'trustedProxies'], check: listenerChecks },
  { reads: ['imapsPorts', 'pop3sPorts'], check: portListChecks },
  { reads: ['limits', 'scan'], check: order },
  { reads: ['quarantine', 'admin', 'scan'], check: together },
];

/**
 * What no single key can show: keys that contradict each other. Checks that read a key of `broken`, whose
 * value is known to be wrong already, are left out.
 */
export function crossChecks(config: Config, broken: ReadonlySet<string> = new Set()): readonly ConfigIssue[] {
  const listeners = plannedListeners(config);
  return CHECKS.filter(({ reads }) => !reads.some((key) => broken.has(key))).flatMap(({ check }) =>
    check(config, listeners),
  );
}
