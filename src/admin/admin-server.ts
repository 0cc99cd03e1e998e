import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { systemClock, type Clock } from '../base/clock.ts';
import { GatewayError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { within } from '../base/within.ts';

/** One named condition of readiness. */
export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
}

export interface AdminServerOptions {
  readonly address: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly registry: Registry;
  readonly readiness: () => Promise<readonly ReadinessCheck[]>;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface AdminServer {
  /** Resolves with the port in use; rejects with `LISTEN_FAILED`. */
  start(): Promise<{ readonly port: number }>;
  stop(): Promise<void>;
}

/** A scraper sends a few hundred bytes of headers. */
const MAX_HEADER_BYTES = 8 * 1024;
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 5_000;
/** A few scrapers, probes and administrators; more is somebody who holds connections open. */
const MAX_CONNECTIONS = 100;
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

/** Everything that is served, without the server. */
class AdminRoutes {
  readonly #options: AdminServerOptions;
  readonly #clock: Clock;

  constructor(options: AdminServerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
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
    const [path = ''] = (request.url ?? '').split('?', 1);
    return [await this.#route(path), {}];
  }

  async #route(path: string): Promise<Answer> {
    const { registry } = this.#options;
    switch (path) {
      case '/metrics':
        return { status: 200, type: registry.contentType, body: await registry.metrics() };
      case '/healthz':
        return json(200, { status: 'ok' });
      case '/readyz':
        return this.#ready();
      default:
        return refusal(404, 'not found; there are /metrics, /healthz and /readyz');
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

/** `/metrics`, `/healthz` and `/readyz` on a port of their own. It has no password: keep the address private. */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  const { registry } = options;
  if (registry.getSingleMetric('process_cpu_seconds_total') === undefined) {
    collectDefaultMetrics({ register: registry });
  }
  const routes = new AdminRoutes(options);
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 1_000,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('request', (request, response) => routes.handle(request, response));
  return { start: () => listen(server, options), stop: () => close(server, options.clock ?? systemClock) };
}
