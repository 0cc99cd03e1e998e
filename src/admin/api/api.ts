import { Hono } from 'hono';
import { GatewayError } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { CHALLENGE, type Identity } from '../accounts/authenticator.ts';
import { mayAct } from '../accounts/principal.ts';
import { ApiError } from './api-error.ts';
import type { ApiParts } from './api-parts.ts';
import { openApiDocument } from './openapi.ts';
import { readBody } from './request-body.ts';
import type { Peer, Route } from './route.ts';
import { accountRoutes } from './routes/account-routes.ts';
import { alertRoutes } from './routes/alert-routes.ts';
import { configurationRoutes } from './routes/configuration-routes.ts';
import { detectionRoutes } from './routes/detection-routes.ts';
import { operationRoutes } from './routes/operation-routes.ts';
import { protectionRoutes } from './routes/protection-routes.ts';
import { quarantineRoutes } from './routes/quarantine-routes.ts';
import { retroHuntRoutes } from './routes/retro-hunt-routes.ts';
import { sessionRoutes } from './routes/session-routes.ts';

/** What stands in every answer: nothing is stored, guessed, framed or loaded from elsewhere. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** A longer address is no query of ours. */
const MAX_URL_CHARACTERS = 4_096;

/** Requests in, answers out; never rejects. */
export type ApiHandler = (request: Request, peer: Peer) => Promise<Response>;

export function apiRoutes(parts: ApiParts): readonly Route[] {
  return [
    ...sessionRoutes(parts),
    ...operationRoutes(parts),
    ...protectionRoutes(parts),
    ...detectionRoutes(parts),
    ...retroHuntRoutes(parts),
    ...quarantineRoutes(parts),
    ...alertRoutes(parts),
    ...configurationRoutes(parts),
    ...accountRoutes(parts),
  ];
}

type Env = { Bindings: Peer };

/** The API below `/api/`. */
export function createApi(parts: ApiParts, version: string): ApiHandler {
  const routes = apiRoutes(parts);
  const app = new Hono<Env>({ strict: true });
  const document = openApiDocument(routes, version);
  app.get('/api/openapi.json', (context) => context.json(document));
  for (const route of routes) {
    app.on(route.method.toUpperCase(), honoPath(route.path), (context) =>
      serve(route, parts, { request: context.req.raw, peer: context.env, params: context.req.param() }),
    );
  }
  app.notFound((context) => notFound(routes, context.req.path).toResponse());
  app.onError((error) => refusal(error, parts.log).toResponse());
  return async (request, peer) => {
    const response =
      request.url.length > MAX_URL_CHARACTERS
        ? new ApiError('bad-request', 'the address is too long').toResponse()
        : await app.fetch(request, peer);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value);
    if (!response.ok && mayHaveBody(request)) response.headers.set('connection', 'close');
    return response;
  };
}

/** The rest of a refused upload is not waited for: the connection ends with the answer. */
function mayHaveBody({ headers }: Request): boolean {
  return headers.has('transfer-encoding') || (headers.get('content-length') ?? '0') !== '0';
}

const honoPath = (path: string): string => path.replaceAll(/\{(\w+)\}/gu, ':$1');

/** Is it the path that is unknown, or only the method? */
function notFound(routes: readonly Route[], path: string): ApiError {
  const here = routes.filter((route) => {
    const pattern = route.path.replaceAll('.', String.raw`\.`).replaceAll(/\{\w+\}/gu, '[^/]+');
    return new RegExp(`^${pattern}$`, 'u').test(path);
  });
  if (here.length === 0) {
    return new ApiError('not-found', 'there is no such path; /api/openapi.json lists all');
  }
  // RFC 9110 section 15.5.6. Whoever may GET may HEAD.
  const allow = here.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  return new ApiError('method-not-allowed', 'this path does not take this method', {
    headers: { allow: allow.join(', ') },
  });
}

interface Incoming {
  readonly request: Request;
  readonly peer: Peer;
  readonly params: Readonly<Record<string, string>>;
}

async function serve(route: Route, { authenticator }: ApiParts, incoming: Incoming): Promise<Response> {
  const { request, peer, params } = incoming;
  const identity = authenticator.identify(request, peer);
  requireAccess(route, identity);
  if (identity !== undefined && route.method !== 'get') authenticator.requireOwnPage(request, identity);
  const body = await readBody(request, route.body);
  const query = queryOf(new URL(request.url).searchParams);
  return route.run({ params, query, body }, { principal: identity?.principal, peer, request });
}

function requireAccess(route: Route, identity: Identity | undefined): void {
  if (route.access === 'anyone') return;
  if (identity === undefined) {
    throw new ApiError('unauthenticated', 'log in, or send a token', { headers: CHALLENGE });
  }
  if (!mayAct(identity.principal.role, route.access)) {
    throw new ApiError('forbidden', `this needs the role ${route.access}`);
  }
}

/** A name that comes twice has two meanings. */
function queryOf(search: URLSearchParams): Readonly<Record<string, string>> {
  const names = [...search.keys()];
  if (new Set(names).size !== names.length) {
    throw new ApiError('bad-request', 'a query name comes twice');
  }
  return Object.fromEntries(search);
}

/** What an error means to a caller; the log has the reason. */
function refusal(error: unknown, log: Logger): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof GatewayError) {
    log.warn({ err: error, code: error.code }, 'an API call could not be answered');
    return new ApiError('unavailable', `${error.code}: the log has the reason`);
  }
  log.error({ err: error }, 'an API call failed');
  return new ApiError('internal', 'internal error; the log has the reason');
}
