import type { ConnectionOptions } from 'node:tls';
import { GatewayError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Channel } from './channel.ts';
import type { Deadlines } from './deadlines.ts';
import type { OutputQueue } from './output-queue.ts';
import type { ReadGate } from './read-gate.ts';
import type { Side } from './relay.ts';
import type { ClientTls } from './tls/tls-options.ts';

const HANDSHAKE_MS = 30_000;

export interface SessionTlsParts {
  readonly client: Channel;
  readonly upstream: Channel;
  /** Read at the time of the handshake, so that a new certificate serves the next one. */
  readonly clientTls: ClientTls;
  readonly upstreamTls: () => ConnectionOptions;
  /** Looks at the server after the handshake with it. Throws `UPSTREAM_TLS_FAILED`: it is not used. */
  readonly judgeUpstream?: (() => void) | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** What a handshake waits in: the output before it, the input behind it, and its time. */
export interface HandshakePlace {
  readonly out: Readonly<Record<Side, OutputQueue>>;
  readonly gates: Readonly<Record<Side, ReadGate>>;
  readonly deadlines: Pick<Deadlines<'handshake'>, 'set' | 'clear'>;
}

/** Hears how a handshake ended. */
export interface SessionTlsOwner {
  secured(side: Side): void;
  insecure(side: Side, cause: 'failed' | 'injection'): void;
}

/**
 * STARTTLS within a session: what was said before leaves in clear text, what comes behind is read after the handshake
 * only.
 */
export class SessionTls {
  readonly #parts: SessionTlsParts;
  readonly #place: HandshakePlace;
  readonly #owner: SessionTlsOwner;
  #isClosed = false;

  constructor(parts: SessionTlsParts, place: HandshakePlace, owner: SessionTlsOwner) {
    this.#parts = parts;
    this.#place = place;
    this.#owner = owner;
  }

  start(side: Side): void {
    const { out, gates, deadlines } = this.#place;
    gates[side].close('handshake');
    out[side].barrier(async () => {
      deadlines.set('handshake', HANDSHAKE_MS);
      const isSecure = await this.#handshake(side);
      deadlines.clear('handshake');
      if (!isSecure) return;
      this.#owner.secured(side);
      gates[side].open('handshake');
    });
  }

  /** The session is over: a handshake under way has no effect any more. */
  close(): void {
    this.#isClosed = true;
  }

  async #handshake(side: Side): Promise<boolean> {
    const { client, upstream, clientTls, upstreamTls, judgeUpstream, metrics, log } = this.#parts;
    try {
      await (side === 'client'
        ? client.secureAsServer(await clientTls())
        : upstream.secureAsClient(upstreamTls()));
      if (side === 'upstream') judgeUpstream?.();
      metrics.tlsHandshakes.inc({ side, outcome: 'ok' });
      return !this.#isClosed;
    } catch (error) {
      metrics.tlsHandshakes.inc({ side, outcome: 'failed' });
      log.warn({ err: error, side }, 'TLS handshake failed');
      const isInjection = error instanceof GatewayError && error.fields['injection'] === true;
      this.#owner.insecure(side, isInjection ? 'injection' : 'failed');
      return false;
    }
  }
}
