import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type HttpBindings, getRequestListener } from '@hono/node-server';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { systemClock, type Clock } from '../base/clock.ts';
import { GatewayError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { within } from '../base/within.ts';
import type { Peer } from './api/route.ts';
import { ConnectionCap } from './connection-cap.ts';

const MISNAMED_METRICS = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** One named condition of readiness. */
export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
}

/** Answers everything below a path; never rejects. */
export type WebHandler = (request: Request, peer: Peer) => Promise<Response>;

export interface AdminServerOptions {
  readonly address: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** PEM files; both: HTTPS. Read once. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly registry: Registry;
  readonly readiness: () => Promise<readonly ReadinessCheck[]>;
  /** How well mail is protected now; answers `/status`. Never rejects. */
  readonly status?: () => unknown;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Everything below `/api/`. */
  readonly api?: WebHandler;
  /** Everything that is served by nobody else: the console. */
  readonly site?: WebHandler;
}

export interface AdminServer {
  /** Resolves with the port in use; rejects with `LISTEN_FAILED`. */
  start(): Promise<{ readonly port: number }>;
  stop(): Promise<void>;
}

/** A browser sends about a kilobyte of headers, a scraper a few hundred bytes. */
const MAX_HEADER_BYTES = 8 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
/** The largest message on a slow line; whoever only holds connections is bounded by their number. */
const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 5_000;
/** A few scrapers, probes and administrators; more is somebody who holds connections open. */
const MAX_CONNECTIONS = 256;
/** A browser takes six and one for events; behind one proxy there may be several people. */
const MAX_CONNECTIONS_PER_ADDRESS = 64;
/** Whoever connects shakes hands at once. */
const TLS_HANDSHAKE_MS = 5_000;
/** Who asks and does not read the answer: events and scans say something every 15 s. */
const SILENT_MS = 120_000;
/** A probe that gets no answer counts as a failure anyway; most orchestrators wait 1 to 10 seconds. */
const READINESS_TIMEOUT_MS = 5_000;
/** Answers in the making are finished within this time after `stop`. */
const STOP_GRACE_MS = 1_000;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` };
}

function refusal(status: number, error: string): Answer {
  return json(status, { error });
}

function send(
  response: ServerResponse,
  answer: Answer,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : answer.body);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

const OWN_PATHS: ReadonlySet<string> = new Set(['/metrics', '/healthz', '/readyz', '/status']);

function pathOf({ url = '' }: IncomingMessage): string {
  const [path = ''] = url.split('?', 1);
  return path;
}

const errorHandler = (): Response => Response.json({ error: 'bad request' }, { status: 400 });

/** Node's requests as those of the web. What is no proper request (a host name with blanks) is answered 400. */
function listenerOf(handler: WebHandler | undefined): ReturnType<typeof getRequestListener> | undefined {
  if (handler === undefined) {
    return undefined;
  }
  const fetch = (request: Request, { incoming }: HttpBindings): Promise<Response> =>
    handler(request, {
      address: incoming.socket.remoteAddress ?? '',
      isSecure: 'encrypted' in incoming.socket && incoming.socket.encrypted === true,
    });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- plain HTTP/1.1 server, see createServer below
  return getRequestListener((request, bindings) => fetch(request, bindings as HttpBindings), {
    overrideGlobalObjects: false,
    errorHandler,
  });
}

/** Everything that is served, without the server. */
class AdminRoutes {
  readonly #options: AdminServerOptions;
  readonly #clock: Clock;
  readonly #web: Readonly<Record<'api' | 'site', ReturnType<typeof getRequestListener> | undefined>>;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#web = { api: listenerOf(options.api), site: listenerOf(options.site) };
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const handler = this.#webHandler(pathOf(request));
    if (handler !== undefined) {
      void handler(request, response);
      return;
    }
    this.#answer(request).then(
      ([answer, headers]) => send(response, answer, headers),
      (error: unknown) => {
        this.#options.log.error({ error }, 'an admin request failed');
        send(response, refusal(500, 'internal error'));
      },
    );
  }

  async #answer(request: IncomingMessage): Promise<readonly [Answer, Readonly<Record<string, string>>]> {
    if (hasBody(request)) {
      // The rest of the connection is a body that nobody reads.
      return [refusal(413, 'no request here has a body'), { connection: 'close' }];
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return [refusal(405, 'only GET and HEAD'), { allow: 'GET, HEAD' }];
    }
    return [await this.#route(pathOf(request)), {}];
  }

  #webHandler(path: string): ReturnType<typeof getRequestListener> | undefined {
    const { api, site } = this.#web;
    if (OWN_PATHS.has(path)) {
      return undefined;
    }
    return path.startsWith('/api/') ? api : site;
  }

  async #route(path: string): Promise<Answer> {
    const { registry, status } = this.#options;
    switch (path) {
      case '/metrics':
        return { status: 200, type: registry.contentType, body: await registry.metrics() };
      case '/healthz':
        return json(200, { status: 'ok' });
      case '/readyz':
        return this.#ready();
      case '/status':
        return status === undefined ? refusal(404, 'there is no status') : json(200, await status());
      default:
        return refusal(404, 'not found; there are /metrics, /healthz, /readyz and /status');
    }
  }

  async #ready(): Promise<Answer> {
    let checks: readonly ReadinessCheck[];
    try {
      checks = await within(this.#options.readiness(), READINESS_TIMEOUT_MS, this.#clock);
    } catch (error) {
      this.#options.log.warn({ error }, 'the readiness checks failed');
      checks = [{ name: 'readiness', ok: false, detail: 'the checks failed or did not end' }];
    }
    const ready = checks.every(({ ok }) => ok);
    return json(ready ? 200 : 503, { ready, checks });
  }
}

function listen(server: Server, { address, port }: AdminServerOptions): Promise<{ readonly port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `the admin server cannot listen on ${address} port ${port} (${cause.message})`;
      reject(new GatewayError('LISTEN_FAILED', message, { cause }));
    });
    server.listen({ host: address, port, exclusive: true }, () => {
      const bound = server.address();
      resolve({ port: typeof bound === 'object' && bound !== null ? bound.port : port });
    });
  });
}

function close(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(STOP_GRACE_MS, () => server.closeAllConnections());
    server.close(() => {
      cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}

/**
 * `/metrics`, `/healthz`, `/readyz` and `/status` on a port of their own, without a password: keep the address private.
 * What `api` and `site` serve is guarded by themselves.
 */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  const { registry } = options;
  if (registry.getSingleMetric('process_cpu_seconds_total') === undefined) {
    collectDefaultMetrics({ register: registry });
    // Gauges whose names end like counters: `promtool check metrics` refuses the whole page for them.
    MISNAMED_METRICS.forEach((name) => registry.removeSingleMetric(name));
  }
  const routes = new AdminRoutes(options);
  const server = serverOf(options);
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(SILENT_MS);
  new ConnectionCap(MAX_CONNECTIONS_PER_ADDRESS).guard(server);
  server.on('request', (request, response) => routes.handle(request, response));
  return { start: () => listen(server, options), stop: () => close(server, options.clock ?? systemClock) };
}

const SERVER_SETTINGS = {
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: 1_000,
};

function serverOf({ tlsCert, tlsKey }: AdminServerOptions): Server {
  if (tlsCert === undefined || tlsKey === undefined) return createServer(SERVER_SETTINGS);
  try {
    const pair = { cert: readFileSync(tlsCert), key: readFileSync(tlsKey), minVersion: 'TLSv1.2' } as const;
    return createSecureServer({ ...SERVER_SETTINGS, ...pair, handshakeTimeout: TLS_HANDSHAKE_MS });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError('CERTIFICATE_INVALID', `admin.tlsCert cannot be used (${reason})`, { cause });
  }
}
