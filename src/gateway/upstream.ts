import { connect as connectPlain } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { Config } from '../base/config/schema.ts';
import type { Clock } from '../base/clock.ts';
import { type ErrorCode, GatewayError } from '../base/errors.ts';
import type { Metrics } from '../base/metrics.ts';
import { Channel } from './channel.ts';
import { upstreamTlsOptions } from './tls/tls-options.ts';
import { isLoopback, type ListenerProtocol, upstreamRoute } from './upstream-route.ts';

/**
 * One read buffer for all servers: a read is handed on before the next one starts, so that thousands of
 * connections need one buffer. 256 KiB measured faster than 64 KiB.
 */
const READ_BUFFER_BYTES = 256 * 1024;

export interface DialledUpstream {
  readonly channel: Channel;
  readonly isSecure: boolean;
  readonly startTls: 'off' | 'required' | 'if-needed';
}

export interface UpstreamParts {
  readonly upstream: Config['upstream'];
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** The mail server: dials it and verifies who it is. */
export class Upstream {
  readonly #parts: UpstreamParts;
  readonly #tls: ConnectionOptions;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

  /** Throws `CERTIFICATE_INVALID` when the authorities cannot be read. */
  constructor(parts: UpstreamParts) {
    this.#parts = parts;
    this.#tls = upstreamTlsOptions(parts.upstream);
  }

  /** For STARTTLS and STLS. */
  tlsOptions(): ConnectionOptions {
    return this.#tls;
  }

  /**
   * A connected, verified, paused channel. Rejects with `UPSTREAM_UNREACHABLE`, `UPSTREAM_TIMEOUT` or
   * `UPSTREAM_TLS_FAILED`, or when `signal` says that the client left.
   */
  async dial(protocol: ListenerProtocol, signal: AbortSignal): Promise<DialledUpstream> {
    const { upstream } = this.#parts;
    const route = upstreamRoute(protocol, upstream);
    const isSecure = route.tls === 'implicit';
    const target = { host: upstream.host, port: route.port };
    const channel = Channel.opened(this.#buffer, (onread) => {
      const options = { ...target, onread: { ...onread } };
      return isSecure ? connectTls({ ...this.#tls, ...options }) : connectPlain(options);
    });
    await this.#connected(channel, isSecure, signal);
    const { startTls } = route;
    if (startTls !== 'unless-loopback') return { channel, isSecure, startTls };
    return { channel, isSecure, startTls: isLoopback(channel.remoteAddress) ? 'if-needed' : 'required' };
  }

  /** A plain connection for bytes that are forwarded untouched; it reads into a buffer of its own. */
  async dialTunnel(port: number, buffer: Uint8Array, signal: AbortSignal): Promise<Channel> {
    const { host } = this.#parts.upstream;
    const channel = Channel.opened(buffer, (onread) =>
      connectPlain({ host, port, allowHalfOpen: true, onread: { ...onread } }),
    );
    await this.#connected(channel, false, signal);
    return channel;
  }

  async #connected(channel: Channel, isSecure: boolean, signal: AbortSignal): Promise<void> {
    const { metrics, clock, upstream } = this.#parts;
    const event = isSecure ? 'secureConnect' : 'connect';
    let cancel: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const { socket } = channel;
        cancel = clock.after(upstream.connectTimeoutMs, () => reject(dialError('UPSTREAM_TIMEOUT')));
        signal.addEventListener('abort', () => reject(dialError('UPSTREAM_UNREACHABLE')), { once: true });
        socket.once(event, resolve);
        socket.once('error', (cause) => reject(dialError(codeOf(cause), cause)));
        socket.once('close', () => reject(dialError('UPSTREAM_UNREACHABLE')));
      });
      if (isSecure) metrics.tlsHandshakes.inc({ side: 'upstream', outcome: 'ok' });
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

function dialError(code: ErrorCode, cause?: unknown): GatewayError {
  return new GatewayError(code, `the mail server cannot be used: ${code}`, { cause, retryable: true });
}

/** Failures of the connection have a system call; those of TLS, also of the verification, have none. */
function codeOf(error: Error): ErrorCode {
  if ('code' in error && error.code === 'ETIMEDOUT') return 'UPSTREAM_TIMEOUT';
  return 'syscall' in error ? 'UPSTREAM_UNREACHABLE' : 'UPSTREAM_TLS_FAILED';
}
