import type { Action } from '../policy/action.ts';
import type { CloseReason, Effect, MessageId, Relay, RelaySettings, Side } from '../relay.ts';
import { ClientInput } from './client-input.ts';
import type { Command } from './command.ts';
import type { ExchangeHost } from './exchange.ts';
import { MAX_AUTH_OCTETS, MAX_UPSTREAM_LINE_OCTETS, TICKS_PER_UPSTREAM_NOOP } from './limits.ts';
import { Pipeline } from './pipeline.ts';
import { freeText, parseStatus, REPLIES, reply, statusLine } from './replies.ts';
import { SessionState } from './session-state.ts';
import { KeepAliveReply, StartTlsOffer } from './single-reply.ts';
import { type OpeningHost, UpstreamOpening } from './upstream-opening.ts';
import { LineReader } from './wire/line-reader.ts';

type Phase = 'opening' | 'ready' | 'closed';

/** POP3 between one client and one server (RFC 1939, 2449, 2595, 5034, 6856). */
class Pop3Relay implements Relay, ExchangeHost, OpeningHost {
  readonly state: SessionState;
  readonly #client: ClientInput;
  readonly #upstream = new LineReader(MAX_AUTH_OCTETS);
  readonly #pipeline: Pipeline;
  readonly #opening: UpstreamOpening;
  #phase: Phase = 'opening';
  /** Understood, but it has to wait. */
  #next: Command | undefined;
  #effects: Effect[] = [];
  #nextId: MessageId = 1;
  #ticks = 0;
  #draining = false;
  #clientEnded = false;
  /** Nothing more is heard from the server; what was received whole is still delivered. */
  #upstreamOver: CloseReason | undefined;

  constructor(settings: RelaySettings) {
    this.state = new SessionState(settings);
    this.#client = new ClientInput(this);
    this.#pipeline = new Pipeline(this);
    this.#opening = new UpstreamOpening(this);
  }

  get isHolding(): boolean {
    return this.#phase === 'ready' && this.#pipeline.held !== undefined;
  }

  get isSaturated(): boolean {
    return this.#client.isSaturated;
  }

  fromClient(bytes: Uint8Array): Effect[] {
    return this.#run(() => {
      this.#client.push(bytes);
      this.#advance();
      this.#client.checkBacklog();
    });
  }

  fromUpstream(bytes: Uint8Array): Effect[] {
    return this.#run(() => {
      let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      while (rest.length > 0 && this.#phase !== 'closed' && this.#upstreamOver === undefined) {
        rest = rest.subarray(this.#readUpstream(rest));
      }
      this.#pipeline.reader?.settle();
      this.#advance();
      if (this.#isSecuring) {
        this.emit({ kind: 'startTls', side: 'upstream' });
      }
    });
  }

  decided(message: MessageId, action: Action): Effect[] {
    return this.#run(() => {
      this.#pipeline.retrieval(message)?.decided(action);
      this.#advance();
    });
  }

  located(): Effect[] {
    return []; // POP3 releases whole messages and prefixes of them: there is nothing to find
  }

  secured(side: Side): Effect[] {
    return this.#run(() => {
      const { barrier } = this.#pipeline;
      if (side === 'upstream') {
        this.#opening.secured();
      } else if (barrier instanceof StartTlsOffer) {
        this.state.clientSecure = true;
        this.state.named('');
        barrier.secured();
      }
      this.#advance();
    });
  }

  ended(side: Side): Effect[] {
    return this.#run(() => {
      if (this.#phase !== 'ready') {
        this.#close(side === 'upstream' ? 'upstream-unavailable' : 'logout');
      } else if (side === 'upstream') {
        this.#upstreamOver ??= 'upstream-unavailable';
      } else {
        this.#clientEnded = true;
      }
      this.#advance();
    });
  }

  unavailable(reason: 'upstream-unavailable' | 'deferred' = 'upstream-unavailable'): Effect[] {
    return this.#run(() => this.#close(reason));
  }

  tick(): Effect[] {
    return this.#run(() => {
      const { held } = this.#pipeline;
      if (held === undefined) return;
      const octet = held.tick();
      if (octet === undefined) {
        this.emit({ kind: 'close', reason: 'keepalive-exhausted' });
      } else {
        this.#say(octet);
      }
      this.#keepUpstreamAlive();
    });
  }

  drain(): Effect[] {
    return this.#run(() => {
      this.#draining = true;
      if (this.#phase !== 'ready') {
        this.#close('shutdown');
      }
      this.#advance();
    });
  }

  // What exchanges may do.

  nextMessage(): MessageId {
    this.#nextId += 1;
    return this.#nextId - 1;
  }

  emit(effect: Effect): void {
    if (this.#phase === 'closed') {
      return;
    }
    this.#effects.push(effect);
    if (effect.kind === 'close') {
      this.#phase = 'closed';
    }
  }

  fail(reason: CloseReason, side: Side, what: string): void {
    this.emit({ kind: 'note', note: { type: 'bad-input', side, what } });
    if (side === 'client' || this.#phase !== 'ready') {
      this.#close(reason);
    } else {
      this.#upstreamOver ??= reason;
    }
  }

  refuseClient(reason: CloseReason, what: string, text: string): void {
    if (this.#pipeline.responder === undefined) {
      this.emit({ kind: 'note', note: { type: 'bad-input', side: 'client', what } });
      this.#pipeline.finishWith(reply(text), reason);
    } else {
      this.#say(reply(text)); // in the place of the server, which waits for a response
      this.fail(reason, 'client', what);
    }
  }

  /** Runs one input and hands over what came of it. */
  #run(input: () => void): Effect[] {
    this.#effects = [];
    if (this.#phase !== 'closed') {
      input();
    }
    return this.#effects;
  }

  #say(bytes: Uint8Array): void {
    this.emit({ kind: 'send', to: 'client', bytes });
  }

  /** Ends the session; a client that still waits for a greeting is told why, in its place. */
  #close(reason: CloseReason): void {
    if (this.#phase !== 'ready') {
      this.#say(reply(reason === 'shutdown' ? REPLIES.shutdown : REPLIES.unavailable));
    } else if (reason === 'deferred' && this.#pipeline.head?.begun === false) {
      this.#say(reply(REPLIES.deferred));
    }
    this.emit({ kind: 'close', reason });
  }

  // The server's side.

  /** The handshake with it is awaited. */
  get #isSecuring(): boolean {
    return this.#phase === 'opening' && this.#opening.isSecuring;
  }

  /** Handles one line or one piece of content; returns how many bytes it was. */
  #readUpstream(chunk: Buffer): number {
    if (this.#isSecuring) {
      this.fail('starttls-injection', 'upstream', 'before-tls');
      return chunk.length;
    }
    const { reader } = this.#pipeline;
    if (reader?.reading === 'content') {
      const consumed = reader.content(chunk);
      this.#pipeline.served(reader);
      this.#advance();
      return consumed;
    }
    const limit = reader?.lineLimit ?? MAX_UPSTREAM_LINE_OCTETS;
    const read = this.#upstream.read(chunk, () => limit);
    if (read.kind === 'line') {
      this.#readLine(read.bytes);
      return read.consumed;
    }
    if (read.kind === 'bad') {
      const reason = read.what === 'line-too-long' ? 'limit-exceeded' : 'upstream-protocol-error';
      this.fail(reason, 'upstream', read.what);
    }
    return chunk.length;
  }

  #readLine(line: Buffer): void {
    const { reader } = this.#pipeline;
    if (this.#phase === 'opening') {
      this.#opening.line(line);
    } else if (reader === undefined) {
      this.#readUnasked(line);
    } else {
      reader.line(line);
      this.#pipeline.served(reader);
      if (reader.reading === 'line' && !reader.finished) {
        this.#pipeline.flush(); // a challenge; the lines of a listing wait for `settle`
      } else {
        this.#advance();
      }
    }
  }

  greet(greeting: Buffer): void {
    this.#phase = 'ready';
    this.#say(greeting);
    this.#advance();
  }

  /** Servers say `-ERR` before they hang up; all else would be taken for the next reply. */
  #readUnasked(line: Buffer): void {
    const status = parseStatus(line);
    if (status?.ok !== false) {
      this.fail('upstream-protocol-error', 'upstream', 'unasked');
    } else if (this.#pipeline.head === undefined) {
      this.hangUp(status.text);
    } else {
      this.#upstreamOver ??= 'upstream-unavailable'; // what is held is still answered, and not by this line
    }
  }

  /** The server's own farewell. */
  hangUp(text: string): void {
    this.#say(statusLine(false, freeText(text)));
    this.emit({ kind: 'close', reason: 'upstream-unavailable' });
  }

  /** A server that waits through a long scan must not take the session for dead. */
  #keepUpstreamAlive(): void {
    this.#ticks += 1;
    const isTime = this.#ticks % TICKS_PER_UPSTREAM_NOOP === 0;
    if (isTime && this.#pipeline.reader === undefined && this.#upstreamOver === undefined) {
      this.#pipeline.ask(new KeepAliveReply(this), reply('NOOP'));
    }
  }

  // The client's side.

  /** Writes what is ready and takes further commands, until something has to be waited for. */
  #advance(): void {
    do {
      this.#pipeline.flush();
    } while (this.#phase === 'ready' && this.#step());
    if (this.#phase === 'ready') {
      this.#offerTls();
      this.#concludeIfDone();
    }
  }

  /** One command or one AUTH response; false when there is none or it has to wait. */
  #step(): boolean {
    const { responder } = this.#pipeline;
    if (responder !== undefined) {
      return this.#client.readResponse(responder);
    }
    if (this.#pipeline.barrier !== undefined || this.#draining || this.#upstreamOver !== undefined) {
      return false;
    }
    this.#next ??= this.#client.readCommand();
    const command = this.#next;
    if (command === undefined) {
      return this.#pipeline.barrier !== undefined; // a line was refused for good: there is a last reply
    }
    if (this.#pipeline.mustWait(command)) {
      return false;
    }
    this.#next = undefined;
    this.#pipeline.begin(command);
    return true;
  }

  /** STLS is answered when it is its turn, and only if the client waited for the answer (RFC 2595 section 4). */
  #offerTls(): void {
    const { barrier, head } = this.#pipeline;
    if (!(barrier instanceof StartTlsOffer)) {
      return;
    }
    const isTurn = head === barrier && !barrier.offered;
    if (isTurn) {
      barrier.offered = true;
      this.#say(reply(REPLIES.startTls));
    }
    if (this.#client.hasBytes) {
      this.fail('starttls-injection', 'client', 'before-tls');
    } else if (isTurn) {
      this.emit({ kind: 'startTls', side: 'client' });
    }
  }

  /** Did the client send what will not reach the server any more? */
  #hasUnanswered(): boolean {
    return this.#next !== undefined || this.#client.hasBytes;
  }

  /** A peer that left, or a drain, ends the session when everything that can be answered was. */
  #concludeIfDone(): void {
    const { head } = this.#pipeline;
    if (this.#upstreamOver !== undefined && (head === undefined || head.reading !== 'nothing')) {
      if (head === undefined ? this.#hasUnanswered() : !head.begun) {
        this.#say(reply(REPLIES.unavailable));
      }
      this.emit({ kind: 'close', reason: this.#upstreamOver });
    } else if (head === undefined && this.#draining) {
      this.#say(reply(REPLIES.shutdown));
      this.emit({ kind: 'close', reason: 'shutdown' });
    } else if (head === undefined && this.#clientEnded) {
      this.emit({ kind: 'close', reason: 'logout' });
    }
  }
}

/** A relay for one POP3 session. */
export function createPop3Relay(settings: RelaySettings): Relay {
  return new Pop3Relay(settings);
}
