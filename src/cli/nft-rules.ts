import { parsePortList } from '../base/config/port-list.ts';
import { plannedListeners, type PlannedListener } from '../base/config/listeners.ts';
import type { Config } from '../base/config/schema.ts';

/** Where a listener's clients connect by themselves. */
const PORTS = { imap: [143], imaps: [993, 585], pop3: [110], pop3s: [995] } as const;

/** One redirection: connections to these ports come to that port of ours. */
export interface Redirection {
  readonly ports: readonly number[];
  readonly to: number;
}

function portList(list: string | number | undefined): readonly number[] {
  return parsePortList(list ?? '') ?? [];
}

// oxlint-disable-next-line typescript/consistent-return -- the switch is exhaustive, which tsc checks
function portsOf({ protocol, interceptPorts }: PlannedListener, config: Config): readonly number[] {
  if (interceptPorts !== undefined) return portList(interceptPorts);
  const [imaps, pop3s] = [portList(config.imapsPorts), portList(config.pop3sPorts)];
  switch (protocol) {
    case 'imap':
    case 'pop3':
      return PORTS[protocol];
    case 'imaps':
      return [...PORTS.imaps, ...imaps];
    case 'pop3s':
      return [...PORTS.pop3s, ...pop3s];
    case 'auto':
      return [...Object.values(PORTS).flat(), ...imaps, ...pop3s];
  }
}

/** What has to be redirected for the transparent listeners of a configuration; an earlier one keeps its ports. */
export function redirections(config: Config): readonly Redirection[] {
  const taken = new Set<number>();
  return plannedListeners(config)
    .filter(({ transparent, port }) => transparent === true && port !== 0)
    .map((listener) => {
      const ports = [...new Set(portsOf(listener, config))].filter((port) => !taken.has(port));
      ports.forEach((port) => taken.add(port));
      return { ports: ports.toSorted((a, b) => a - b), to: listener.port };
    })
    .filter(({ ports }) => ports.length > 0);
}

export interface NftOptions {
  /** Interfaces whose traffic is redirected; none: every one. */
  readonly interfaces: readonly string[];
  /** Redirect also what programs on this machine send, except those of this user (the gateway's own). */
  readonly localExcept: string | undefined;
}

function rulesOf(redirects: readonly Redirection[]): string[] {
  return redirects.map(({ ports, to }) => `tcp dport { ${ports.join(', ')} } redirect to :${to}`);
}

function chain(name: string, hook: string, lines: readonly string[]): string[] {
  return [
    `  chain ${name} {`,
    `    type nat hook ${hook}; policy accept;`,
    ...lines.map((line) => `    ${line}`),
    '  }',
  ];
}

/** An nftables table of our own, which replaces itself: `nft -f` may be run again at any time. */
export function nftRules(redirects: readonly Redirection[], { interfaces, localExcept }: NftOptions): string {
  const from =
    interfaces.length === 0 ? '' : `iifname { ${interfaces.map((one) => `"${one}"`).join(', ')} } `;
  const forwarded = rulesOf(redirects).map((rule) => `${from}${rule}`);
  // What is addressed to this machine itself is no traffic in passing.
  const incoming = ['fib daddr type local return', ...forwarded];
  const outgoing =
    localExcept === undefined
      ? []
      : chain('output', 'output priority -100', [
          // Our own connections to the servers must not come back to us.
          `meta skuid ${localExcept} return`,
          'oif "lo" return',
          ...rulesOf(redirects),
        ]);
  return [
    '# Written by "postern nft"; load it with "nft -f".',
    'table inet postern',
    'delete table inet postern',
    'table inet postern {',
    ...chain('prerouting', 'prerouting priority dstnat', incoming),
    ...outgoing,
    '}',
    '',
  ].join('\n');
}
