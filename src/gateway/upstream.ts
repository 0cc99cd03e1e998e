import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import type { Config, UpstreamConfig } from '../base/config/schema.ts';
import { type ErrorCode, GatewayError } from '../base/errors.ts';
import type { Metrics } from '../base/metrics.ts';
import { Channel, type OnRead } from './channel.ts';
import { type ProxiedEnds, writeProxyHeader } from './placement/proxy-header.ts';
import { type UpstreamTls, upstreamTlsOptions } from './tls/tls-options.ts';
import { UpstreamHosts } from './upstream-hosts.ts';
import { isLoopback, type UpstreamRoute } from './upstream-route.ts';

/**
 * One read buffer for all servers: a read is handed on before the next one starts, so that thousands of
 * connections need one buffer. 256 KiB measured faster than 64 KiB.
 */
const READ_BUFFER_BYTES = 256 * 1024;
/** A host has this long at least, also when there are many to try. */
const LEAST_CONNECT_MS = 500;

export interface DialledUpstream {
  readonly channel: Channel;
  readonly isSecure: boolean;
  readonly startTls: 'off' | 'required' | 'if-needed';
  /** For STARTTLS and STLS. */
  readonly tlsOptions: ConnectionOptions;
}

export interface UpstreamParts {
  /** As metrics call it. */
  readonly name?: string;
  readonly upstream: UpstreamConfig;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly minVersion?: Config['tls']['minVersion'];
  /** Hears of every socket that was opened; true when its other end is the gateway itself. */
  readonly isOurselves?: (channel: Channel) => boolean;
}

export interface DialRequest {
  readonly route: UpstreamRoute;
  /** Where the client wanted to go; instead of the configured hosts. */
  readonly address?: string | undefined;
  /** The name the client asked for; instead of the configured one. */
  readonly serverName?: string | undefined;
  /** `judge-later`: somebody looks at the certificate afterwards. `chain-only`: its name is left to the client. */
  readonly trust?: UpstreamTls['trust'];
  /** What the server is told with a PROXY header, when it is configured. */
  readonly client?: ProxiedEnds['client'] | undefined;
}

interface Attempt extends DialRequest {
  readonly host: string;
  readonly connectMs: number;
  /** Read into this buffer; default: that of all servers. */
  readonly buffer?: Uint8Array;
}

/** One mail server: dials it, on its next host when one does not answer, and verifies who it is. */
export class Upstream {
  readonly hosts: UpstreamHosts;
  readonly #parts: UpstreamParts;
  readonly #tls: (request: UpstreamTls) => ConnectionOptions;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

  /** Throws `CERTIFICATE_INVALID` when the authorities cannot be read. */
  constructor(parts: UpstreamParts) {
    this.#parts = parts;
    this.#tls = upstreamTlsOptions(parts.upstream, parts.minVersion);
    const { host, fallbackHosts } = parts.upstream;
    this.hosts = new UpstreamHosts(host === undefined ? [] : [host, ...fallbackHosts], parts.clock);
    this.#publish();
  }

  get settings(): UpstreamConfig {
    return this.#parts.upstream;
  }

  /**
   * A connected, verified, paused channel. Rejects, also when there is no host, with `UPSTREAM_UNREACHABLE`, `UPSTREAM_TIMEOUT` or
   * `UPSTREAM_TLS_FAILED`, or when `signal` says that the client left.
   */
  async dial(request: DialRequest, signal: AbortSignal): Promise<DialledUpstream> {
    const isSecure = request.route.tls === 'implicit';
    const channel = await this.#firstThatAnswers(request, signal, (attempt) => this.#open(attempt, signal));
    const { startTls } = request.route;
    const tlsOptions = this.#tls({ serverName: request.serverName, trust: request.trust ?? 'verify' });
    if (startTls !== 'unless-loopback') return { channel, isSecure, startTls, tlsOptions };
    const needed = isLoopback(channel.remoteAddress) ? 'if-needed' : 'required';
    return { channel, isSecure, startTls: needed, tlsOptions };
  }

  /** A plain connection for bytes that are forwarded untouched; it reads into a buffer of its own. */
  async dialTunnel(request: DialRequest, buffer: Uint8Array, signal: AbortSignal): Promise<Channel> {
    const route = { ...request.route, tls: 'none' } as const;
    return await this.#firstThatAnswers({ ...request, route }, signal, (attempt) =>
      this.#open({ ...attempt, buffer }, signal),
    );
  }

  /** Does this host accept connections? For health checks. */
  async probe(host: string, route: UpstreamRoute): Promise<boolean> {
    const { connectTimeoutMs } = this.#parts.upstream;
    const attempt = { route, host, connectMs: connectTimeoutMs };
    try {
      (await this.#open(attempt, new AbortController().signal)).destroy();
      this.hosts.answered(host);
      return true;
    } catch {
      this.hosts.failed(host);
      return false;
    } finally {
      this.#publish();
    }
  }

  async #firstThatAnswers(
    request: DialRequest,
    signal: AbortSignal,
    open: (attempt: Attempt) => Promise<Channel>,
  ): Promise<Channel> {
    const { connectTimeoutMs } = this.#parts.upstream;
    if (request.address !== undefined) {
      return await open({ ...request, host: request.address, connectMs: connectTimeoutMs });
    }
    const hosts = this.hosts.inOrder;
    if (hosts.length === 0) throw dialError('UPSTREAM_UNREACHABLE');
    const connectMs = Math.max(LEAST_CONNECT_MS, Math.floor(connectTimeoutMs / hosts.length));
    let failure: unknown;
    for (const host of hosts) {
      try {
        const channel = await open({
          ...request,
          host,
          connectMs: hosts.length === 1 ? connectTimeoutMs : connectMs,
        });
        this.#noticed(host, true);
        return channel;
      } catch (error) {
        failure ??= error;
        const isDown = error instanceof GatewayError && error.code !== 'UPSTREAM_TLS_FAILED';
        if (signal.aborted || !isDown) throw error;
        this.#noticed(host, false);
      }
    }
    throw failure;
  }

  #noticed(host: string, answered: boolean): void {
    if (answered) this.hosts.answered(host);
    else this.hosts.failed(host);
    this.#publish();
  }

  #publish(): void {
    const { metrics, name = 'upstream' } = this.#parts;
    if (this.hosts.all.length === 0) return; // nothing that could be down
    metrics.upstreamHostsUp.set({ upstream: name }, this.hosts.upCount);
  }

  async #open(attempt: Attempt, signal: AbortSignal): Promise<Channel> {
    const { proxyProtocol } = this.#parts.upstream;
    const isSecure = attempt.route.tls === 'implicit';
    const header = proxyProtocol === 'off' ? undefined : proxyProtocol;
    const target = { host: attempt.host, port: attempt.route.port };
    const options = this.#tls({ serverName: attempt.serverName, trust: attempt.trust ?? 'verify' });
    const forTunnel = attempt.buffer === undefined ? {} : { allowHalfOpen: true };
    const open = (onread: OnRead) => {
      const own = { ...target, ...forTunnel, onread: { ...onread } };
      return isSecure && header === undefined ? connectTls({ ...options, ...own }) : connectPlain(own);
    };
    const channel = Channel.opened(attempt.buffer ?? this.#buffer, open);
    const event = isSecure && header === undefined ? 'secureConnect' : 'connect';
    await this.#settled(attempt, signal, channel, async () => {
      await reached(channel, event, signal);
      if (this.#parts.isOurselves?.(channel) === true) throw loopError();
      if (header === undefined) return;
      channel.write(writeProxyHeader(header, this.#ends(attempt, channel)));
      if (isSecure) await channel.secureAsClient(options);
    });
    return channel;
  }

  #ends({ client, address, route, host }: Attempt, channel: Channel): ProxiedEnds {
    const { localAddress = '', localPort = 0 } = channel.socket;
    const destination = address ?? (isIP(host) === 0 ? channel.remoteAddress : host);
    return {
      client: client ?? { address: localAddress, port: localPort },
      destination: { address: destination, port: route.port },
    };
  }

  /** One deadline over everything until the channel can be used. */
  async #settled(
    { connectMs, route }: Attempt,
    signal: AbortSignal,
    channel: Channel,
    connect: () => Promise<void>,
  ): Promise<void> {
    const { metrics, clock } = this.#parts;
    let cancel: (() => void) | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        cancel = clock.after(connectMs, () => reject(dialError('UPSTREAM_TIMEOUT')));
      });
      await Promise.race([connect(), late]);
      if (route.tls === 'implicit') metrics.tlsHandshakes.inc({ side: 'upstream', outcome: 'ok' });
    } catch (error) {
      channel.destroy();
      if (error instanceof GatewayError && !signal.aborted) this.#count(error.code);
      throw error;
    } finally {
      cancel?.();
    }
  }

  #count(code: ErrorCode): void {
    const { metrics } = this.#parts;
    metrics.upstreamErrors.inc({ code });
    if (code === 'UPSTREAM_TLS_FAILED') metrics.tlsHandshakes.inc({ side: 'upstream', outcome: 'failed' });
  }
}

async function reached(channel: Channel, event: string, signal: AbortSignal): Promise<void> {
  const { socket } = channel;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const gone = (): void => reject(dialError('UPSTREAM_UNREACHABLE'));
  const failed = (cause: Error): void => reject(dialError(codeOf(cause), cause));
  signal.addEventListener('abort', gone);
  socket.once(event, resolve).once('error', failed).once('close', gone);
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', gone);
    socket.off(event, resolve).off('error', failed).off('close', gone);
  }
}

function dialError(code: ErrorCode, cause?: unknown): GatewayError {
  return new GatewayError(code, `the mail server cannot be used: ${code}`, { cause, retryable: true });
}

function loopError(): GatewayError {
  const message = 'the connection to the mail server came back to the gateway itself';
  return new GatewayError('UPSTREAM_UNREACHABLE', message);
}

/** Failures of the connection have a system call; those of TLS, also of the verification, have none. */
function codeOf(error: Error): ErrorCode {
  if ('code' in error && error.code === 'ETIMEDOUT') return 'UPSTREAM_TIMEOUT';
  return 'syscall' in error ? 'UPSTREAM_UNREACHABLE' : 'UPSTREAM_TLS_FAILED';
}
