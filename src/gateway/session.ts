import type { Clock } from '../base/clock.ts';
import type { Config } from '../base/config/schema.ts';
import { GatewayError } from '../base/errors.ts';
import type { Located } from '../scan/scanner.ts';
import type { Channel, ChannelOwner } from './channel.ts';
import { Deadlines } from './deadlines.ts';
import { OpeningBytes } from './first-bytes.ts';
import { ReadPressure } from './flow/read-pressure.ts';
import { HeldMessages, type HeldMessagesOwner, type HeldMessagesParts } from './held-messages.ts';
import type { ClientApplication } from './message-judge.ts';
import { NoteRecorder } from './note-recorder.ts';
import { OutputQueue } from './output-queue.ts';
import type { Action } from './policy/action.ts';
import { ReadGate } from './read-gate.ts';
import type { CloseReason, Effect, MarkRequest, MessageId, Note, Relay, Side } from './relay.ts';
import { SessionTls, type SessionTlsOwner, type SessionTlsParts } from './session-tls.ts';

/** Dovecot gives a client that does not read as long (`CLIENT_OUTPUT_TIMEOUT_MSECS`). */
const STALLED_CLIENT_MS = 300_000;
/** For the last words: a peer that reads gets them, one that does not cannot keep the session. */
const GOODBYE_MS = 10_000;

/** Why a session ended: the relay's reasons and what happens around it. A metric label. */
export type SessionEnd =
  | CloseReason
  | 'client-lost'
  | 'client-timeout'
  | 'client-tls-failed'
  | 'upstream-tls-failed'
  | 'spool-failed'
  | 'internal-error';

export interface SessionParts extends SessionTlsParts {
  /** Of the listener, a metric label: `imap`, `imaps`, `pop3`, `pop3s`. */
  readonly listener: string;
  readonly relay: Relay;
  readonly held: HeldMessagesParts;
  readonly limits: Config['limits'];
  readonly greetingTimeoutMs: number;
  /** The client is logged in already: what the relay wanted done then. */
  readonly begun?: readonly Effect[] | undefined;
  readonly clock: Clock;
  /** The program named itself. */
  readonly onApplication?: (application: ClientApplication) => void;
  readonly onUser?: (user: string) => void;
  readonly onEnd: (reason: SessionEnd) => void;
}

type DeadlineName = 'greeting' | 'login' | 'idle' | 'stalled' | 'keepAlive' | 'handshake' | 'goodbye';

/**
 * Runs one relay between two channels. Executes its effects in order for each side, feeds it, and ends
 * safely whatever happens: after any failure not one more byte leaves.
 */
export class Session implements HeldMessagesOwner, SessionTlsOwner {
  readonly #parts: SessionParts;
  readonly #relay: Relay;
  readonly #out: Readonly<Record<Side, OutputQueue>>;
  readonly #gates: Readonly<Record<Side, ReadGate>>;
  readonly #held: HeldMessages;
  readonly #pressure: ReadPressure;
  readonly #deadlines: Deadlines<DeadlineName>;
  readonly #notes: NoteRecorder;
  readonly #tls: SessionTls;
  #user = '';
  /** Whose bytes the relay was given last. */
  #hearing: Side = 'upstream';
  readonly #opening = new OpeningBytes();
  #seenWritten = 0;
  /** Set by the first reason; the relay is not called after it. */
  #ending: SessionEnd | undefined;
  #isOver = false;
  readonly #ended = new Set<Side>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#relay = parts.relay;
    const { client, upstream } = parts;
    const failed = (error: unknown): void => this.failed(error);
    const { turns } = parts.held.flow;
    const queue = (channel: Channel): OutputQueue => new OutputQueue(channel, turns, failed);
    this.#out = { client: queue(client), upstream: queue(upstream) };
    this.#gates = { client: new ReadGate(client, turns), upstream: new ReadGate(upstream, turns) };
    this.#notes = new NoteRecorder(parts);
    this.#held = new HeldMessages(parts.held, this);
    const { maxSessionSpoolBytes } = parts.limits;
    this.#pressure = new ReadPressure({
      out: this.#out,
      gates: this.#gates,
      held: this.#held,
      relay: this.#relay,
      maxSessionSpoolBytes,
    });
    this.#deadlines = new Deadlines(parts.clock, (name) => this.#due(name));
    const place = { out: this.#out, gates: this.#gates, deadlines: this.#deadlines };
    this.#tls = new SessionTls(parts, place, this);
  }

  /** Starts reading both sides. */
  start(): void {
    const { client, upstream, limits, greetingTimeoutMs, begun } = this.#parts;
    if (begun === undefined) this.#deadlines.set('greeting', greetingTimeoutMs);
    this.#deadlines.set('login', limits.loginTimeoutMs);
    this.#deadlines.set('idle', limits.idleTimeoutMs);
    client.own(this.#owner('client', (bytes) => this.#fromClient(bytes)));
    upstream.own(this.#owner('upstream', (bytes) => this.#fromUpstream(bytes)));
    this.#step(() => [...(begun ?? [])]);
    upstream.resume();
    client.resume();
  }

  /** Asks the relay to stop at the next command boundary. */
  drain(): void {
    this.#step(() => this.#relay.drain());
  }

  /** A released original for a mailbox of the user, at a quiet moment; only where the protocol can. */
  offer(mailbox: string, content: Uint8Array, settle: (taken: boolean) => void): void {
    this.#step(() => this.#relay.offer?.(mailbox, content, settle) ?? []);
  }

  mark(request: MarkRequest): void {
    this.#step(() => this.#relay.mark?.(request) ?? []);
  }

  cut(reason: SessionEnd): void {
    this.#finish(reason);
  }

  decided(message: MessageId, action: Action): void {
    this.#step(() => this.#relay.decided(message, action));
  }

  located(message: MessageId, needle: MessageId, found: Located): void {
    this.#step(() => this.#relay.located(message, needle, found));
  }

  progressed(): void {
    this.#settle();
  }

  resumed(): void {
    this.#settle();
  }

  overdue(): void {
    this.#parts.log.warn({}, 'no room for what the server sends, deferred');
    this.#step(() => this.#relay.unavailable('deferred'));
  }

  shed(): void {
    this.#step(() => this.#relay.shed?.() ?? []);
  }

  failed(error: unknown): void {
    const code = error instanceof GatewayError ? error.code : 'INTERNAL';
    this.#parts.log.error({ err: error, code }, 'session failed');
    this.#finish(code === 'SPOOL_FAILED' ? 'spool-failed' : 'internal-error');
  }

  #owner(side: Side, received: (bytes: Uint8Array) => void): ChannelOwner {
    const bytes = this.#parts.metrics.bytes.labels({ protocol: this.#parts.listener, side });
    return {
      received: (chunk) => {
        bytes.inc(chunk.length);
        this.#gates[side].count(chunk.length);
        received(chunk);
      },
      drained: () => {
        this.#out[side].pump();
        if (this.#ending === undefined) this.#settle();
        else if (side === 'client' && !this.#isOver) this.#settleGoodbye();
      },
      ended: () => {
        this.#ended.add(side);
        this.#step(() => this.#relay.ended(side));
      },
      lost: (error) => this.#lost(side, error),
    };
  }

  #fromClient(bytes: Uint8Array): void {
    this.#deadlines.set('idle', this.#parts.limits.idleTimeoutMs);
    const opening = this.#opening.take(bytes);
    const { kind } = opening;
    if (kind === 'undecided') return;
    this.#hearing = 'client';
    if (kind === 'mail') return this.#step(() => this.#relay.fromClient(opening.bytes));
    // Nothing is answered: an error that echoes could be script in a browser (ALPACA).
    this.#note({ type: 'bad-input', side: 'client', what: kind });
    this.#finish('client-protocol-error');
  }

  #fromUpstream(bytes: Uint8Array): void {
    this.#deadlines.clear('greeting');
    this.#hearing = 'upstream';
    this.#step(() => this.#relay.fromUpstream(bytes));
  }

  /** One call of the relay with everything that follows from it. */
  #step(call: () => Effect[]): void {
    if (this.#ending !== undefined) return;
    try {
      for (const effect of call()) this.#execute(effect);
      this.#out.upstream.flush();
      this.#out.client.flush();
    } catch (error) {
      this.failed(error);
    }
    this.#settle();
  }

  #execute(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        return this.#out[effect.to].send(effect.bytes);
      case 'open':
        return this.#held.open(effect.message, effect.sizeHint);
      case 'spool':
        this.#pressure.contentFrom = this.#hearing;
        return this.#held.append(effect.message, effect.bytes);
      case 'scan':
        return this.#held.scan(effect, this.#user);
      case 'locate':
        return this.#held.locate(effect.message, effect.needle);
      case 'release':
        return this.#out[effect.to ?? 'client'].release(this.#held.release(effect));
      case 'discard':
        return this.#held.discard(effect.message);
      case 'startTls':
        return this.#tls.start(effect.side);
      case 'close':
        return this.#close(effect.reason);
      case 'note':
        return this.#note(effect.note);
    }
  }

  secured(side: Side): void {
    this.#step(() => this.#relay.secured(side));
  }

  insecure(side: Side, cause: 'failed' | 'injection'): void {
    if (cause === 'injection') {
      this.#note({ type: 'bad-input', side, what: 'bytes-before-tls' });
      return this.#finish('starttls-injection');
    }
    if (side === 'client') return this.#finish('client-tls-failed');
    this.#parts.metrics.upstreamErrors.inc({ code: 'UPSTREAM_TLS_FAILED' });
    this.#step(() => this.#relay.unavailable());
    if (this.#ending === undefined) this.#finish('upstream-tls-failed');
  }

  #note(note: Note): void {
    if (note.type === 'user') {
      this.#user = note.user;
      this.#held.belongsTo(note.user);
      this.#deadlines.clear('login');
      this.#parts.onUser?.(note.user);
    }
    if (note.type === 'application') this.#parts.onApplication?.(note);
    this.#notes.record(note);
  }

  /** After anything happened: who may be read, and which deadlines run. */
  #settle(): void {
    if (this.#isOver || this.#ending !== undefined) return;
    this.#settleKeepAlive();
    this.#settleStall();
    if (this.#pressure.settle() === 'stuck') this.#finish('limit-exceeded');
  }

  #settleKeepAlive(): void {
    if (!this.#relay.isHolding) return this.#deadlines.clear('keepAlive');
    const written = this.#parts.client.bytesWritten;
    if (written === this.#seenWritten && this.#deadlines.has('keepAlive')) return;
    this.#deadlines.set('keepAlive', this.#parts.limits.keepAliveMs);
  }

  #settleStall(): void {
    const written = this.#parts.client.bytesWritten;
    const isMoving = written !== this.#seenWritten;
    this.#seenWritten = written;
    if (isMoving) this.#deadlines.set('idle', this.#parts.limits.idleTimeoutMs);
    if (this.#out.client.isIdle) return this.#deadlines.clear('stalled');
    if (isMoving || !this.#deadlines.has('stalled')) this.#deadlines.set('stalled', STALLED_CLIENT_MS);
  }

  #due(name: DeadlineName): void {
    switch (name) {
      case 'greeting':
        this.#parts.metrics.upstreamErrors.inc({ code: 'UPSTREAM_TIMEOUT' });
        return this.#step(() => this.#relay.unavailable());
      case 'keepAlive':
        return this.#keepAlive();
      case 'goodbye':
        return this.#finish(this.#ending ?? 'internal-error');
      case 'login':
      case 'idle':
      case 'stalled':
        return this.#finish('client-timeout');
      case 'handshake':
        return this.#finish('client-timeout');
    }
  }

  #keepAlive(): void {
    if (!this.#relay.isHolding) return;
    // Bytes that wait for the client are sign of life enough.
    if (this.#out.client.isIdle) this.#step(() => this.#relay.tick());
    this.#settle();
  }

  /** The relay's own end: what is queued still leaves, then both sides are closed. */
  #close(reason: CloseReason): void {
    this.#ending = reason;
    this.#deadlines.close();
    this.#settleGoodbye();
    this.#held.close(comesBack(reason));
    const { client, upstream } = this.#parts;
    this.#out.upstream.barrier(() => Promise.resolve(upstream.end()));
    this.#out.client.barrier(() => Promise.resolve(client.end()));
    // Read on, into nothing: unread bytes would turn the close into a reset that can overtake the last words.
    client.resume();
    upstream.resume();
  }

  #settleGoodbye(): void {
    this.#deadlines.set('goodbye', this.#out.client.isIdle ? GOODBYE_MS : STALLED_CLIENT_MS);
  }

  #lost(side: Side, error: Error | undefined): void {
    const { client, upstream, log, metrics } = this.#parts;
    if (error !== undefined) log.debug({ err: error, side }, 'connection lost');
    if (this.#ending !== undefined) {
      if (side === 'client' || client.isLost) this.#finish(this.#ending);
      else if (upstream.isLost) this.#out.upstream.close();
      return;
    }
    if (side === 'client') return this.#finish('client-lost');
    this.#out.upstream.close();
    // After an orderly end the relay delivers what it has and closes by itself.
    if (this.#ended.has('upstream')) return;
    metrics.upstreamErrors.inc({ code: 'UPSTREAM_LOST' });
    this.#step(() => this.#relay.ended('upstream'));
  }

  #finish(reason: SessionEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#tls.close();
    this.#ending ??= reason;
    this.#deadlines.close();
    this.#parts.client.destroy();
    this.#parts.upstream.destroy();
    this.#out.client.close();
    this.#out.upstream.close();
    this.#held.close(comesBack(this.#ending));
    this.#parts.onEnd(this.#ending);
  }
}

/** Will the client ask again, so that a verdict in the cache is worth having? */
function comesBack(reason: SessionEnd): boolean {
  return reason === 'deferred' || reason === 'keepalive-exhausted';
}
