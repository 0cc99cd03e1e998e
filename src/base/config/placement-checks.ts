import type { ConfigIssue } from './issue.ts';
import { nearest } from './nearest.ts';
import { parsePortList } from './port-list.ts';
import type { KeyPath } from './problem.ts';
import type { Config } from './schema.ts';

function issue(path: KeyPath, what: string): ConfigIssue {
  return { path, what, atKey: false };
}

interface Reference {
  readonly path: KeyPath;
  readonly name: string | undefined;
}

/** Every name that is referred to has to be there, once. */
function references(kind: string, uses: readonly Reference[], names: readonly string[]): ConfigIssue[] {
  return uses.flatMap(({ path, name }) => {
    if (name === undefined || names.includes(name)) return [];
    const meant = nearest(name, names);
    const remedy =
      meant === undefined
        ? `Possible: ${names.join(', ') || `none, ${kind} is empty`}`
        : `Did you mean ${meant}?`;
    return [issue(path, `${kind} has no ${JSON.stringify(name)}. ${remedy}`)];
  });
}

function repeated(kind: 'upstreams' | 'policies', names: readonly string[]): ConfigIssue[] {
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          issue(
            [kind, index, 'name'],
            `${JSON.stringify(name)} is the name of an earlier one. Choose another name`,
          ),
        ],
  );
}

/** The built-in name stands before those of the file. */
function shifted({ path: [kind = '', index, key = ''], ...rest }: ConfigIssue): ConfigIssue {
  return { ...rest, path: [kind, Number(index) - 1, key] };
}

/** Upstreams and policies that are referred to by name. */
export function nameChecks({ listeners = [], upstream, upstreams, policies }: Config): ConfigIssue[] {
  const upstreamNames = upstreams.map(({ name }) => name);
  // `default` is the section `policy` itself.
  const policyNames = ['default', ...policies.map(({ name }) => name)];
  return [
    ...repeated('upstreams', upstreamNames),
    ...repeated('policies', policyNames).map(shifted),
    ...references(
      'upstreams',
      listeners.map((one, index) => ({ path: ['listeners', index, 'upstream'], name: one.upstream })),
      upstreamNames,
    ),
    ...references(
      'policies',
      [
        ...listeners.map((one, index) => ({ path: ['listeners', index, 'policy'], name: one.policy })),
        { path: ['upstream', 'policy'], name: upstream.policy },
        ...upstreams.map((one, index) => ({ path: ['upstreams', index, 'policy'], name: one.policy })),
      ],
      policyNames,
    ),
  ];
}

/** Keys of listeners that only make sense together. */
export function listenerChecks({ listeners = [], trustedProxies }: Config): ConfigIssue[] {
  const taken = new Map<number, number>();
  return listeners.flatMap((listener, index) => {
    const at = (key: string): KeyPath => ['listeners', index, key];
    const {
      transparent = false,
      proxyProtocol = false,
      interceptPorts,
      upstreamPort,
      protocol,
      upstream,
    } = listener;
    const problems: (readonly [boolean, string, string])[] = [
      [
        proxyProtocol && trustedProxies === undefined,
        'proxyProtocol',
        'needs trustedProxies: without it anybody could claim any address. List the addresses of the proxies there',
      ],
      [interceptPorts !== undefined && !transparent, 'interceptPorts', 'needs transparent: true'],
      [
        upstreamPort !== undefined && (protocol !== 'auto' || transparent),
        'upstreamPort',
        'is for protocol auto without transparent. Other listeners have upstream.ports, or the port of the client',
      ],
      [
        transparent && upstream !== undefined,
        'upstream',
        'does not fit transparent: the client itself says where it wants to go. Remove one of them',
      ],
    ];
    return [
      ...problems.filter(([applies]) => applies).map(([, key, what]) => issue(at(key), what)),
      ...interceptedTwice(parsePortList(interceptPorts ?? '') ?? [], index, taken),
    ];
  });
}

function interceptedTwice(
  ports: readonly number[],
  index: number,
  taken: Map<number, number>,
): ConfigIssue[] {
  return ports.flatMap((port) => {
    const other = taken.get(port);
    taken.set(port, other ?? index);
    return other === undefined
      ? []
      : [
          issue(
            ['listeners', index, 'interceptPorts'],
            `port ${port} is redirected to listeners[${other}] already. Remove it from one of them`,
          ),
        ];
  });
}

/** Every TLS port that is listed belongs to one protocol only. */
export function portListChecks({ imapsPorts = '', pop3sPorts = '' }: Config): ConfigIssue[] {
  const imaps = parsePortList(imapsPorts) ?? [];
  const both = (parsePortList(pop3sPorts) ?? []).filter((port) => imaps.includes(port));
  return both.map((port) =>
    issue(['pop3sPorts'], `port ${port} is in imapsPorts already. Remove it from one of them`),
  );
}
