import type { Config, ListenerConfig } from './schema.ts';
import { parsePortList } from './port-list.ts';
import type { KeyPath } from './problem.ts';

export type ListenerProtocol = ListenerConfig['protocol'];
export type ListenerTls = NonNullable<ListenerConfig['tls']>;

/** One endpoint to open, all defaults applied. */
export interface EffectiveListener {
  readonly protocol: ListenerProtocol;
  readonly address: string;
  readonly port: number;
  readonly tls: ListenerTls;
  readonly transparent?: boolean | undefined;
  readonly proxyProtocol?: boolean | undefined;
  readonly upstreamPort?: number | undefined;
  readonly upstream?: string | undefined;
  readonly route?: 'login-domain' | undefined;
  readonly policy?: string | undefined;
  readonly interceptPorts?: string | number | undefined;
}

/** An endpoint and the key of the configuration that asks for it; an empty path is a default. */
export interface PlannedListener extends EffectiveListener {
  readonly path: KeyPath;
}

/** RFC 9051, 8314 and 1939; 585 is the old IMAPS port that some clients still use. */
const DEFAULT_PORTS: readonly (readonly [ListenerProtocol, number])[] = [
  ['imap', 143],
  ['imaps', 993],
  ['imaps', 585],
  ['pop3', 110],
  ['pop3s', 995],
];
const ALL_ADDRESSES = '::';

export function defaultTls(protocol: ListenerProtocol): ListenerTls {
  return protocol === 'imaps' || protocol === 'pop3s' ? 'implicit' : 'starttls';
}

function onAllAddresses(protocol: ListenerProtocol, port: number, path: KeyPath): PlannedListener {
  return { protocol, address: ALL_ADDRESSES, port, tls: defaultTls(protocol), path };
}

function isSame(a: EffectiveListener, b: EffectiveListener): boolean {
  return a.protocol === b.protocol && a.port === b.port && a.address === b.address;
}

/** Every endpoint with its origin; an extra port that is there already is not repeated. */
export function plannedListeners(config: Config): readonly PlannedListener[] {
  const planned: PlannedListener[] =
    config.listeners?.map((listener, index) => ({
      ...listener,
      tls: listener.tls ?? defaultTls(listener.protocol),
      path: ['listeners', index],
    })) ?? DEFAULT_PORTS.map(([protocol, port]) => onAllAddresses(protocol, port, []));
  const extra = [
    ...(parsePortList(config.imapsPorts ?? '') ?? []).map((port) =>
      onAllAddresses('imaps', port, ['imapsPorts']),
    ),
    ...(parsePortList(config.pop3sPorts ?? '') ?? []).map((port) =>
      onAllAddresses('pop3s', port, ['pop3sPorts']),
    ),
  ];
  return [...planned, ...extra.filter((one) => !planned.some((other) => isSame(one, other)))];
}

/** The endpoints to open: `listeners` or the defaults, and the extra port lists. */
export function effectiveListeners(config: Config): readonly EffectiveListener[] {
  return plannedListeners(config).map((listener) => {
    const { protocol, address, port, tls, path: _, interceptPorts: __, ...options } = listener;
    const set = Object.entries(options).filter(([, value]) => value !== undefined);
    return { protocol, address, port, tls, ...Object.fromEntries(set) };
  });
}
