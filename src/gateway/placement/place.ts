import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { AddressSet } from '../exclusions/address-set.ts';
import type { GatewayListener } from '../listener.ts';
import { canonicalAddress } from './canonical-address.ts';
import type { OriginalDestinations } from './original-destination.ts';
import type { OwnConnections } from './own-connections.ts';
import { type ProxyHeaderReading, readProxyHeader, type SocketEnd } from './proxy-header.ts';
import { readAhead } from './read-ahead.ts';

/** A proxy sends its header at once; whoever is silent this long is none. */
const PROXY_HEADER_MS = 5_000;

/** Why a connection is refused before anything of it is understood. A metric label. */
export type RefusalReason =
  | 'proxy-untrusted'
  | 'proxy-header'
  | 'loop'
  | 'not-redirected'
  | 'protocol'
  | 'application-protocol'
  | 'certificate';

/** Between whom a connection is, all proxies and packet filters taken into account. */
export interface Place {
  readonly kind: 'place';
  readonly client: SocketEnd;
  /** Where the client wanted to go; undefined when it is told by the configuration alone. */
  readonly destination: SocketEnd | undefined;
  /** Our own end. */
  readonly local: SocketEnd;
}

export type Placing =
  | Place
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  | { readonly kind: 'closed' };

export interface PlacementParts {
  readonly trustedProxies: AddressSet | undefined;
  /** Undefined when there is no transparent listener. */
  readonly destinations: OriginalDestinations | undefined;
  readonly own: OwnConnections;
  readonly clock: Clock;
}

const refused = (reason: RefusalReason): Placing => ({ kind: 'refused', reason });

/** Finds out who is connected with whom, from a paused socket. Reads nothing but a PROXY header. */
export async function placeConnection(
  socket: Socket,
  listener: GatewayListener,
  parts: PlacementParts,
): Promise<Placing> {
  const peer = { address: canonicalAddress(socket.remoteAddress ?? ''), port: socket.remotePort ?? 0 };
  const local = { address: canonicalAddress(socket.localAddress ?? ''), port: socket.localPort ?? 0 };
  if (parts.own.accepted(socket, parts.destinations?.of(socket))) return refused('loop');
  const proxied = listener.proxyProtocol === true ? await readHeader(socket, peer.address, parts) : undefined;
  if (proxied !== undefined && 'kind' in proxied) return proxied;
  const client = proxied?.client ?? peer;
  if (listener.transparent !== true) return { kind: 'place', client, destination: undefined, local };
  const destination = proxied?.destination ?? parts.destinations?.of(socket);
  if (destination === undefined || isSame(destination, local)) return refused('not-redirected');
  return { kind: 'place', client, destination, local };
}

type Proxied = { readonly client: SocketEnd; readonly destination: SocketEnd } | undefined;

/** Only whom we trust may say who somebody else is, and then has to. */
async function readHeader(
  socket: Socket,
  peer: string,
  { trustedProxies, clock }: PlacementParts,
): Promise<Proxied | Exclude<Placing, Place>> {
  if (trustedProxies?.has(peer) !== true) return { kind: 'refused', reason: 'proxy-untrusted' };
  const ahead = await readAhead(socket, { clock, waitMs: PROXY_HEADER_MS }, decideHeader);
  if (ahead.kind === 'closed') return { kind: 'closed' };
  if (ahead.kind === 'silent' || ahead.value.kind !== 'header')
    return { kind: 'refused', reason: 'proxy-header' };
  return ahead.value.ends;
}

function decideHeader(bytes: Buffer): { value: ProxyHeaderReading; consumed: number } | undefined {
  const value = readProxyHeader(bytes);
  if (value.kind === 'undecided') return undefined;
  return { value, consumed: value.kind === 'header' ? value.length : 0 };
}

function isSame(a: SocketEnd, b: SocketEnd): boolean {
  return a.port === b.port && canonicalAddress(a.address) === canonicalAddress(b.address);
}
