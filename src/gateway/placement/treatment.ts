import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Config } from '../../base/config/schema.ts';
import type { ExclusionKind, Exclusions, ExclusionSubject } from '../exclusions/exclusions.ts';
import type { GatewayListener } from '../listener.ts';
import type { ClientHello } from './client-hello.ts';
import { ja4 } from './ja4.ts';
import { localOwner } from './local-owner.ts';
import type { Opening } from './opening.ts';
import type { Place, RefusalReason } from './place.ts';
import type { SocketEnd } from './proxy-header.ts';

/** Why a connection is forwarded untouched: a row of the unscanned ledger. */
export type TunnelCause =
  | 'protection-off'
  | `excluded-${ExclusionKind}`
  | 'tls-filter-off'
  | 'tls-port-not-listed'
  | 'certificate';

/** What is done with a connection. */
export type Treatment =
  | { readonly kind: 'serve' }
  | { readonly kind: 'tunnel'; readonly cause: TunnelCause }
  | { readonly kind: 'refuse'; readonly reason: RefusalReason };

export interface TreatmentParts {
  readonly config: Config;
  readonly exclusions: Exclusions;
  /** Ports on which TLS is opened by listeners that find out for themselves. */
  readonly tlsPorts: ReadonlySet<number>;
}

const SERVE: Treatment = { kind: 'serve' };
/** ALPN names of RFC 8314 and the registry of IANA. */
const MAIL_PROTOCOLS = ['imap', 'pop3'];

function tunnelled(exclusions: Exclusions, subject: ExclusionSubject): Treatment | undefined {
  const found = exclusions.find(subject);
  return found === undefined ? undefined : { kind: 'tunnel', cause: `excluded-${found.kind}` };
}

/** What can be said before the client has spoken: switches, addresses, programs on this machine. */
export async function treatPlace(
  place: Place,
  listener: GatewayListener,
  upstreamHost: string | undefined,
  { config, exclusions }: TreatmentParts,
): Promise<Treatment> {
  const isOff = listener.protocol !== 'auto' && !config.protocols[listener.protocol];
  if (!config.protection || isOff) return { kind: 'tunnel', cause: 'protection-off' };
  const byClient = tunnelled(exclusions, { kind: 'client', address: place.client.address });
  if (byClient !== undefined) return byClient;
  return (
    (await treatServer(place.destination?.address ?? upstreamHost, exclusions)) ??
    (await treatProgram(place, exclusions)) ??
    SERVE
  );
}

async function treatServer(host: string | undefined, exclusions: Exclusions): Promise<Treatment | undefined> {
  if (host === undefined || !exclusions.has('server')) return undefined;
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  for (const address of addresses) {
    const treatment = tunnelled(exclusions, { kind: 'server', address });
    if (treatment !== undefined) return treatment;
  }
  return undefined;
}

/** A name that cannot be resolved is reported when it is dialled. */
async function resolve(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

async function treatProgram(place: Place, exclusions: Exclusions): Promise<Treatment | undefined> {
  if (!exclusions.has('executable')) return undefined;
  const servers: SocketEnd[] = [place.local, ...(place.destination === undefined ? [] : [place.destination])];
  const path = await localOwner(place.client, servers);
  return path === undefined ? undefined : tunnelled(exclusions, { kind: 'executable', path });
}

/** Does anything depend on what is in the hello of a listener that knows that TLS comes? */
export function needsHello({ config, exclusions }: TreatmentParts): boolean {
  const chosenByName = config.upstreams.some(({ serverNames }) => serverNames.length > 0);
  const { strictAlpn } = config.tls;
  return exclusions.has('fingerprint') || exclusions.has('server-name') || chosenByName || strictAlpn;
}

/** What can be said of a client that began. `port`: where it wanted to go. */
export function treatOpening(
  opening: Opening,
  port: number,
  isAuto: boolean,
  parts: TreatmentParts,
): Treatment {
  if (opening.kind === 'clear') return SERVE;
  if (!parts.config.tlsFilter.enabled) return { kind: 'tunnel', cause: 'tls-filter-off' };
  if (isAuto && !parts.tlsPorts.has(port)) return { kind: 'tunnel', cause: 'tls-port-not-listed' };
  return opening.kind === 'tls' ? treatHello(opening.hello, parts) : SERVE;
}

function treatHello(hello: ClientHello, { config, exclusions }: TreatmentParts): Treatment {
  const byPrint = exclusions.has('fingerprint')
    ? tunnelled(exclusions, { kind: 'fingerprint', ja4: ja4(hello) })
    : undefined;
  const byName =
    byPrint ??
    (hello.serverName === ''
      ? undefined
      : tunnelled(exclusions, { kind: 'server-name', name: hello.serverName }));
  if (byName !== undefined) return byName;
  const offersOthersOnly =
    hello.protocols.length > 0 && !hello.protocols.some((name) => MAIL_PROTOCOLS.includes(name));
  return config.tls.strictAlpn && offersOthersOnly
    ? { kind: 'refuse', reason: 'application-protocol' }
    : SERVE;
}
