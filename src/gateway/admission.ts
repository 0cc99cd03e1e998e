import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { GatewayListener } from './listener.ts';
import { type Opening, readHello, readOpening } from './placement/opening.ts';
import { type Place, placeConnection, type PlacementParts, type RefusalReason } from './placement/place.ts';
import {
  needsHello,
  treatOpening,
  treatPlace,
  type Treatment,
  type TreatmentParts,
  type TunnelCause,
} from './placement/treatment.ts';
import type { DialRequest, Upstream } from './upstream.ts';
import { portRoute, upstreamRoute } from './upstream-route.ts';
import type { Upstreams } from './upstreams.ts';

/** What is known of a connection before anything is said in its protocol. */
export interface Admitted {
  readonly place: Place;
  readonly opening: Exclude<Opening, { kind: 'closed' }>;
  readonly upstream: Upstream;
  readonly request: DialRequest;
}

/** What becomes of a connection. */
export type Admission =
  | { readonly kind: 'closed' }
  | { readonly kind: 'refused'; readonly reason: RefusalReason }
  | { readonly kind: 'tunnel'; readonly cause: TunnelCause; readonly admitted: Admitted }
  | { readonly kind: 'serve'; readonly admitted: Admitted };

export interface AdmissionParts {
  readonly upstreams: Upstreams;
  readonly placement: PlacementParts;
  readonly treatment: TreatmentParts;
  readonly clock: Clock;
}

/** Finds out who wants to talk with whom and how it begins, and decides whether it is served. Consumes nothing. */
export async function admit(
  socket: Socket,
  listener: GatewayListener,
  parts: AdmissionParts,
): Promise<Admission> {
  const place = await placeConnection(socket, listener, parts.placement);
  if (place.kind !== 'place') return place;
  const upstream = parts.upstreams.choose(listener);
  const early = { place, opening: { kind: 'clear' }, upstream } as const;
  // Which server it is, is not known before the login where the login decides.
  const host = listener.route === undefined ? upstream.settings.host : undefined;
  const ofPlace = await treatPlace(place, listener, host, parts.treatment);
  if (ofPlace.kind !== 'serve') return outcome(ofPlace, withRequest(early, listener));
  const opening = await openingOf(socket, listener, parts);
  if (opening.kind === 'closed') return opening;
  const serverName = opening.kind === 'tls' ? opening.hello.serverName : '';
  const named = listener.route === undefined ? serverName : '';
  const chosen = { place, opening, upstream: parts.upstreams.choose(listener, named) };
  const isAuto = listener.protocol === 'auto';
  const treatment = treatOpening(opening, portOf(place, listener), isAuto, parts.treatment);
  return outcome(treatment, withRequest(chosen, listener));
}

function outcome(treatment: Treatment, admitted: Admitted): Admission {
  if (treatment.kind === 'refuse') return { kind: 'refused', reason: treatment.reason };
  return { ...treatment, admitted };
}

async function openingOf(socket: Socket, listener: GatewayListener, parts: AdmissionParts): Promise<Opening> {
  const { protocol, tls, transparent } = listener;
  if (protocol === 'auto') return await readOpening(socket, parts.clock);
  if (tls !== 'implicit') return { kind: 'clear' };
  const matters = needsHello(parts.treatment) || transparent === true;
  return matters ? await readHello(socket, parts.clock) : { kind: 'bad-tls' };
}

/** The port that the client wanted. */
function portOf({ destination, local }: Place, { upstreamPort }: GatewayListener): number {
  return destination?.port ?? upstreamPort ?? local.port;
}

function withRequest(admitted: Omit<Admitted, 'request'>, listener: GatewayListener): Admitted {
  const { place, opening, upstream } = admitted;
  const { destination, client } = place;
  const beginsWithTls = opening.kind !== 'clear' || listener.tls === 'implicit';
  const route =
    destination === undefined && listener.protocol !== 'auto'
      ? upstreamRoute(listener.protocol, upstream.settings)
      : portRoute(portOf(place, listener), beginsWithTls, upstream.settings);
  const asked = opening.kind === 'tls' ? opening.hello.serverName : '';
  const serverName = destination === undefined ? undefined : asked === '' ? destination.address : asked;
  return { ...admitted, request: { route, address: destination?.address, serverName, client } };
}

/** A tunnel goes to the port that speaks what the client speaks here. */
export function tunnelRequest(
  { request, place, upstream }: Admitted,
  { protocol }: GatewayListener,
): DialRequest {
  if (place.destination !== undefined || protocol === 'auto') return request;
  return { ...request, route: { port: upstream.settings.ports[protocol], tls: 'none', startTls: 'off' } };
}
