import type { Clock } from '../base/clock.ts';
import { GatewayError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Channel } from './channel.ts';
import { shakeHands } from './client-handshake.ts';
import { OpeningBytes } from './first-bytes.ts';
import { sayLastWords } from './last-words.ts';
import type { LoggedIn } from './login-attempt.ts';
import type { DeskEvent, LoginDesk, LoginFailure, LoginRequest } from './login-desk.ts';
import { NoteRecorder } from './note-recorder.ts';
import type { SessionEnd } from './session.ts';
import type { ClientTls } from './tls/tls-options.ts';

/** Answers that a client does not read: all of them together are shorter than one message. */
const MAX_UNREAD_BYTES = 64 * 1024;

/** Made once: the stack of a new one would cost each connection 0.2 ms. */
const CLIENT_LEFT = new DOMException('the client has left', 'AbortError');

export interface ReceptionParts {
  /** Of the listener, a metric label. */
  readonly listener: string;
  readonly client: Channel;
  readonly clientSecure: boolean;
  readonly clientTls: ClientTls;
  readonly desk: LoginDesk;
  readonly loginTimeoutMs: number;
  readonly attempt: (
    request: LoginRequest,
    clientSecure: boolean,
    signal: AbortSignal,
  ) => Promise<LoggedIn | LoginFailure>;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  /** The client belongs to somebody else from now on; what it sent behind the login is to be read again. */
  readonly onLogin: (loggedIn: LoggedIn, clientSecure: boolean) => void;
  readonly onEnd: (reason: SessionEnd) => void;
}

/** Receives a client whose server is not known yet: from the greeting to the login, under one deadline. */
export class LoginReception {
  readonly #parts: ReceptionParts;
  readonly #notes: NoteRecorder;
  readonly #opening = new OpeningBytes();
  readonly #left = new AbortController();
  readonly #cancelDeadline: () => void;
  #isSecure: boolean;
  /** A handshake or a login is under way: nothing is read. */
  #isBusy = false;
  #isOver = false;

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
    this.#isSecure = parts.clientSecure;
    this.#notes = new NoteRecorder(parts);
    this.#cancelDeadline = parts.clock.after(parts.loginTimeoutMs, () => this.#leave('timeout'));
  }

  start(): void {
    const { client, desk } = this.#parts;
    client.own({
      received: (bytes) => this.#received(bytes),
      drained: () => undefined,
      ended: () => this.#end('client-lost'),
      lost: () => this.#end('client-lost'),
    });
    client.write(Buffer.from(desk.greeting, 'latin1'));
    client.resume();
  }

  /** Ends it with a word to the client. */
  drain(): void {
    this.#leave('shutdown');
  }

  /** The connection ends for reasons of its own. */
  cut(): void {
    this.#close();
  }

  #received(bytes: Uint8Array): void {
    if (this.#isOver) return;
    const opening = this.#opening.take(bytes);
    if (opening.kind === 'undecided') return;
    if (opening.kind === 'mail') return this.#handle(this.#parts.desk.hear(opening.bytes));
    // Nothing is answered: an error that echoes could be script in a browser (ALPACA).
    this.#notes.record({ type: 'bad-input', side: 'client', what: opening.kind });
    this.#end('client-protocol-error');
  }

  #handle(events: readonly DeskEvent[]): void {
    for (const event of events) this.#perform(event);
    if (this.#parts.client.pendingBytes > MAX_UNREAD_BYTES) this.#end('limit-exceeded');
  }

  #perform(event: DeskEvent): void {
    const { client } = this.#parts;
    if (this.#isOver) return;
    switch (event.kind) {
      case 'answer':
        return client.write(Buffer.from(event.text, 'latin1'));
      case 'note':
        return this.#notes.record(event.note);
      case 'startTls':
        return this.#aside(() => this.#secure());
      case 'login':
        return this.#aside(() => this.#logIn(event.request));
      case 'close':
        return this.#farewell('', event.reason);
    }
  }

  /** Nothing is read meanwhile. */
  #aside(task: () => Promise<void>): void {
    this.#isBusy = true;
    this.#parts.client.pause();
    task().catch((error: unknown) => {
      this.#parts.log.error({ err: error }, 'login failed');
      this.#end('internal-error');
    });
  }

  async #secure(): Promise<void> {
    const { client, clientTls, desk, log } = this.#parts;
    try {
      await shakeHands(client, clientTls, this.#parts);
    } catch (error) {
      log.warn({ err: error, side: 'client' }, 'TLS handshake failed');
      const isInjection = error instanceof GatewayError && error.fields['injection'] === true;
      return this.#end(isInjection ? 'starttls-injection' : 'client-tls-failed');
    }
    if (this.#isOver) return;
    this.#isSecure = true;
    desk.secured();
    this.#isBusy = false;
    client.resume();
  }

  async #logIn(request: LoginRequest): Promise<void> {
    const { attempt, client, desk } = this.#parts;
    const outcome = await attempt(request, this.#isSecure, this.#left.signal);
    if (this.#isOver) {
      if (outcome.kind === 'logged-in') outcome.dialled.channel.destroy();
      return;
    }
    if (outcome.kind !== 'logged-in') {
      if (outcome.kind === 'unknown') this.#notes.record({ type: 'refused', what: 'domain' });
      this.#isBusy = false;
      this.#handle(desk.failed(outcome)); // which may begin with the next login at once
      if (!this.#isOver && !this.#isBusy) client.resume();
      return;
    }
    this.#close();
    client.unread(desk.takeRest());
    this.#parts.onLogin(outcome, this.#isSecure);
  }

  #leave(why: 'shutdown' | 'timeout'): void {
    const reason = why === 'shutdown' ? 'shutdown' : 'client-timeout';
    this.#farewell(this.#parts.desk.farewell(why), reason);
  }

  /** What was said leaves, then the connection ends; a client that does not go cannot stay. */
  #farewell(words: string, reason: SessionEnd): void {
    if (this.#isOver) return;
    this.#close();
    const { client, clock, onEnd } = this.#parts;
    sayLastWords(client, Buffer.from(words, 'latin1'), clock, () => onEnd(reason));
  }

  #end(reason: SessionEnd): void {
    if (this.#isOver) return;
    this.#close();
    this.#parts.onEnd(reason);
  }

  #close(): void {
    this.#isOver = true;
    this.#cancelDeadline();
    this.#left.abort(CLIENT_LEFT);
  }
}
