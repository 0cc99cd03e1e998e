import type { Clock } from '../base/clock.ts';
import { GatewayError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { DialogueStep, LoginDialogue, LoginFailure, LoginRequest } from './login-desk.ts';
import type { Effect, Relay } from './relay.ts';
import type { DialledUpstream, Upstream } from './upstream.ts';

/** A client that is logged in at its server, ready to be served. */
export interface LoggedIn {
  readonly kind: 'logged-in';
  readonly upstream: Upstream;
  readonly dialled: DialledUpstream;
  readonly relay: Relay;
  /** What the relay wanted done when the server agreed: the answer to the client, and who it is. */
  readonly effects: readonly Effect[];
}

export interface LoginAttemptParts {
  /** Undefined: no server takes this name. */
  readonly serverFor: (user: string) => Upstream | undefined;
  readonly dial: (upstream: Upstream, signal: AbortSignal) => Promise<DialledUpstream>;
  /** For a client that was greeted already. */
  readonly relayFor: (upstream: Upstream, dialled: DialledUpstream) => Relay;
  readonly log: Logger;
  readonly clock: Clock;
}

/**
 * Logs a client in at the server that its name leads to. Never rejects but for what is our own fault. Once `signal`
 * says that the client has left, nothing is left open.
 */
export async function attemptLogin(
  request: LoginRequest,
  parts: LoginAttemptParts,
  signal: AbortSignal,
): Promise<LoggedIn | LoginFailure> {
  const { log, clock } = parts;
  const { user } = request;
  const upstream = parts.serverFor(user);
  if (upstream === undefined) {
    log.info({ user }, 'no mail server takes this user name');
    return { kind: 'unknown' };
  }
  try {
    const dialled = await parts.dial(upstream, signal);
    const relay = parts.relayFor(upstream, dialled);
    const waitMs = upstream.settings.greetingTimeoutMs;
    const dialogue = request.dialogue();
    const conversation = new LoginConversation({ dialled, relay, dialogue, log, clock, waitMs });
    const effects = await conversation.run(signal);
    return 'kind' in effects ? effects : { kind: 'logged-in', upstream, dialled, relay, effects };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    if (!signal.aborted) log.error({ err: error, code: error.code }, 'the mail server cannot be used');
    return { kind: 'unavailable' };
  }
}

interface ConversationParts {
  readonly dialled: DialledUpstream;
  readonly relay: Relay;
  readonly dialogue: LoginDialogue;
  readonly log: Logger;
  readonly clock: Clock;
  /** The server has this long for each answer. */
  readonly waitMs: number;
}

/** A relay with a dialogue in the place of the client: the relay sees the login as if the client had said it. */
class LoginConversation {
  readonly #parts: ConversationParts;
  readonly #outcome = Promise.withResolvers<readonly Effect[] | LoginFailure>();
  #notes: Effect[] = [];
  /** For the client, if the server agrees. */
  #shown: Effect[] = [];
  #isLoggedIn = false;
  #isOver = false;
  #cancelWait: (() => void) | undefined;

  constructor(parts: ConversationParts) {
    this.#parts = parts;
  }

  async run(signal: AbortSignal): Promise<readonly Effect[] | LoginFailure> {
    const { channel } = this.#parts.dialled;
    const leave = (): void => this.#fail('the client has left');
    signal.addEventListener('abort', leave);
    this.#wait();
    channel.own({
      received: (bytes) => this.#step(() => this.#parts.relay.fromUpstream(bytes)),
      drained: () => undefined,
      ended: () => this.#step(() => this.#parts.relay.ended('upstream')),
      lost: () => this.#fail('the connection was lost'),
    });
    channel.resume();
    if (signal.aborted) leave();
    try {
      return await this.#outcome.promise;
    } finally {
      signal.removeEventListener('abort', leave);
      this.#cancelWait?.();
    }
  }

  #wait(): void {
    const { clock, waitMs } = this.#parts;
    this.#cancelWait?.();
    this.#cancelWait = clock.after(waitMs, () => this.#fail('it does not answer'));
  }

  /** One call of the relay with everything that follows from it. */
  #step(call: () => readonly Effect[]): void {
    if (this.#isOver) return;
    try {
      const text = call().map((effect) => this.#execute(effect));
      if (this.#isOver) return;
      if (this.#isLoggedIn) return this.#finish([...this.#notes, ...this.#shown]);
      const heard = text.join('');
      if (heard !== '') this.#follow(this.#parts.dialogue.hear(heard));
    } catch (error) {
      this.#isOver = true;
      this.#parts.dialled.channel.destroy();
      this.#outcome.reject(error);
    }
  }

  /** Returns what the client would read. */
  // oxlint-disable-next-line typescript/consistent-return -- the switch is exhaustive, which tsc checks
  #execute(effect: Effect): string {
    if (this.#isOver) return '';
    switch (effect.kind) {
      case 'send':
        return this.#send(effect);
      case 'note':
        this.#isLoggedIn ||= effect.note.type === 'user';
        this.#notes.push(effect);
        return '';
      case 'startTls':
        void this.#secure().catch((error: unknown) => this.#failedToSecure(error));
        return '';
      case 'close':
        this.#fail(effect.reason);
        return '';
      // Nothing of a mailbox comes before the login is accepted.
      case 'open':
      case 'spool':
      case 'scan':
      case 'locate':
      case 'release':
      case 'discard':
        this.#fail(`unexpected ${effect.kind}`);
        return '';
    }
  }

  #send(effect: Extract<Effect, { kind: 'send' }>): string {
    const bytes = Buffer.from(effect.bytes); // the view is only lent
    if (effect.to === 'upstream') {
      this.#parts.dialled.channel.write(bytes);
      return '';
    }
    this.#shown.push({ ...effect, bytes });
    return bytes.toString('latin1');
  }

  #follow(step: DialogueStep): void {
    switch (step.kind) {
      case 'wait':
        return;
      case 'say':
        this.#shown = [];
        this.#wait();
        return this.#step(() => this.#parts.relay.fromClient(step.bytes));
      case 'refused':
        this.#parts.log.info({}, 'the mail server refused the login');
        return this.#finish({ kind: 'refused', answer: step.answer });
      case 'unsuitable':
        return this.#fail(step.why);
    }
  }

  async #secure(): Promise<void> {
    const { channel, tlsOptions } = this.#parts.dialled;
    channel.pause();
    await channel.secureAsClient(tlsOptions);
    this.#step(() => this.#parts.relay.secured('upstream'));
    if (!this.#isOver) channel.resume();
  }

  #failedToSecure(error: unknown): void {
    this.#parts.log.warn({ err: error, side: 'upstream' }, 'TLS handshake failed');
    this.#fail('TLS handshake failed');
  }

  #fail(why: string): void {
    if (this.#isOver) return;
    this.#parts.log.error({ why }, 'the mail server cannot be used for a login');
    this.#finish({ kind: 'unavailable' });
  }

  #finish(outcome: readonly Effect[] | LoginFailure): void {
    this.#isOver = true;
    const { channel } = this.#parts.dialled;
    if ('kind' in outcome) channel.destroy();
    else channel.pause();
    this.#outcome.resolve(outcome);
  }
}
