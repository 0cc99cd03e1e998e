import type { Located } from '../../scan/scanner.ts';
import type { Action } from '../policy/action.ts';
import type { CloseReason, Effect, MarkRequest, MessageId, Relay, RelaySettings, Side } from '../relay.ts';
import { ClientOutput, sendText } from './client-output.ts';
import { ClientSide } from './client-side.ts';
import { CommandQueue } from './command-queue.ts';
import { FetchGate } from './fetch-gate.ts';
import { ImapState } from './imap-state.ts';
import { KeptMessages } from './kept-messages.ts';
import { MarkDesk } from './mark-desk.ts';
import { IMAP_LIMITS } from './limits.ts';
import { offerCommand } from './offer-command.ts';
import { REPLIES } from './replies.ts';
import { ServerSide } from './server-side.ts';
import { type OpeningStep, UpstreamOpening } from './upstream-opening.ts';
import { ByteCollector } from './wire/byte-collector.ts';
import { ResponseReader } from './wire/response-reader.ts';
import { WireError, type WireFault } from './wire/wire-error.ts';

/** IMAP between one client and one server. */
export function createImapRelay(settings: RelaySettings, now: () => number = () => performance.now()): Relay {
  return new ImapRelay(settings, now);
}

/** Faults that mean «too much» rather than «wrong». */
const LIMIT_FAULTS: ReadonlySet<WireFault> = new Set(['line-too-long', 'literal-too-large']);

/**
 * Both directions as one state machine without I/O. Each direction has one parser; what leaves is re-emitted
 * canonically and in order. Any doubt about framing ends the session (protocol notes 6.3).
 */
class ImapRelay implements Relay {
  readonly #state: ImapState;
  readonly #output = new ClientOutput();
  readonly #queue: CommandQueue;
  readonly #kept: KeptMessages;
  readonly #gate: FetchGate;
  readonly #marks: MarkDesk;
  readonly #client: ClientSide;
  readonly #server: ServerSide;
  readonly #opening: UpstreamOpening;
  readonly #responses: ResponseReader;
  #effects: Effect[] = [];
  /** What the client sent before it was greeted. */
  readonly #early = new ByteCollector();
  #closing: CloseReason | undefined;
  #isDraining = false;
  /** What came in whole is still delivered, then the session ends. */
  #isUpstreamGone = false;
  #awaitsClientTls = false;
  #awaitsUpstreamTls = false;

  constructor(settings: RelaySettings, now: () => number) {
    const emit = (effect: Effect) => this.#effects.push(effect);
    const goodbye = (line: string) => this.#sayGoodbye(line, 'client-protocol-error');
    this.#state = new ImapState(settings);
    this.#kept = new KeptMessages(now, settings.maxLiteralBytes);
    this.#queue = new CommandQueue(emit);
    this.#opening = new UpstreamOpening(settings);
    this.#responses = new ResponseReader(settings.maxLiteralBytes);
    this.#marks = new MarkDesk(this.#state, this.#queue);
    const shared = {
      state: this.#state,
      output: this.#output,
      queue: this.#queue,
      kept: this.#kept,
      marks: this.#marks,
      emit,
      goodbye,
    };
    this.#gate = new FetchGate({
      emit,
      output: this.#output,
      kept: this.#kept,
      newMessage: () => this.#state.newMessage(),
      contextOf: (uid) => this.#state.contextOf(uid),
      onMessage: (...seen) => this.#marks.saw(...seen),
      onDefer: () => this.#defer(),
      onBlock: () => (this.#state.withheld = true),
    });
    this.#client = new ClientSide({ ...shared, onStartTls: () => this.#startClientTls() });
    this.#server = new ServerSide({
      ...shared,
      gate: this.#gate,
      onLogout: () => this.#output.effect({ kind: 'close', reason: 'logout' }),
    });
  }

  fromClient(bytes: Uint8Array): Effect[] {
    return this.#run('client', () => {
      if (this.#awaitsClientTls) {
        this.#close('starttls-injection');
      } else if (this.#opening.isDone) {
        this.#hear(bytes);
      } else {
        this.#keepEarly(bytes);
      }
    });
  }

  #hear(bytes: Uint8Array): void {
    this.#client.push(bytes);
    while (this.#closing === undefined && !this.#awaitsClientTls && this.#client.step()) {
      this.#pump();
    }
    if (this.#awaitsClientTls && this.#client.hasLeftover) {
      this.#close('starttls-injection');
    }
  }

  /** The server speaks first; what comes before that waits. */
  #keepEarly(bytes: Uint8Array): void {
    this.#early.add(bytes);
    if (this.#early.length > IMAP_LIMITS.earlyBytes) {
      throw new WireError('line-too-long', 'too much before the greeting');
    }
  }

  fromUpstream(bytes: Uint8Array): Effect[] {
    const effects = this.#fromUpstream(bytes);
    const isGreeted = this.#early.length > 0 && this.#opening.isDone && this.#closing === undefined;
    return isGreeted ? [...effects, ...this.fromClient(this.#early.take())] : effects;
  }

  #fromUpstream(bytes: Uint8Array): Effect[] {
    return this.#run('upstream', () => {
      if (this.#awaitsUpstreamTls) {
        this.#close('starttls-injection');
        return;
      }
      this.#responses.push(bytes);
      for (;;) {
        const event = this.#closing === undefined ? this.#responses.next() : undefined;
        if (event === undefined) {
          return;
        }
        if (this.#opening.isDone) {
          this.#server.take(event);
          this.#pump();
        } else {
          this.#open(this.#opening.take(event));
        }
      }
    });
  }

  decided(message: MessageId, action: Action): Effect[] {
    return this.#run('upstream', () => {
      if (!this.#gate.decided(message, action)) {
        this.#client.uploads.decided(message, action);
      }
      this.#pump();
    });
  }

  located(_message: MessageId, needle: MessageId, found: Located): Effect[] {
    return this.#run('upstream', () => this.#gate.located(needle, found));
  }

  secured(side: Side): Effect[] {
    return this.#run(side, () => {
      if (side === 'client') {
        this.#awaitsClientTls = false;
        this.#state.clientSecure = true;
      } else {
        this.#awaitsUpstreamTls = false;
        this.#open(this.#opening.secured());
      }
    });
  }

  ended(side: Side): Effect[] {
    return this.#run(side, () => {
      if (side === 'client') {
        this.#close('logout');
      } else if (this.#gate.isReading || !this.#opening.isDone) {
        this.#abort(REPLIES.byeServerGone, 'upstream-unavailable');
      } else {
        this.#gate.abandonUnpaired();
        this.#isUpstreamGone = true;
      }
    });
  }

  unavailable(reason: 'upstream-unavailable' | 'deferred' = 'upstream-unavailable'): Effect[] {
    return this.#run('upstream', () =>
      reason === 'deferred' ? this.#defer() : this.#sayGoodbye(REPLIES.byeUnavailable, reason),
    );
  }

  shed(): Effect[] {
    return this.#run('client', () =>
      this.#kept.shed().forEach((message) => this.#output.effect({ kind: 'discard', message })),
    );
  }

  tick(): Effect[] {
    if (this.#closing !== undefined) {
      return [];
    }
    const byte = this.#output.tick();
    if (byte === 'exhausted') {
      return this.#run('upstream', () => this.#close('keepalive-exhausted'));
    }
    return byte === 'nothing' ? [] : [byte];
  }

  offer(mailbox: string, content: Uint8Array, settle: (taken: boolean) => void): Effect[] {
    return this.#run('upstream', () => {
      const tag = this.#queue.ownTag();
      const isSelected = () => this.#state.mailbox !== '';
      this.#queue.addBackground(offerCommand(tag, { mailbox, content, settle, isSelected }));
      this.#pump();
    });
  }

  mark(request: MarkRequest): Effect[] {
    return this.#run('upstream', () => {
      this.#marks.mark(request);
      this.#pump();
    });
  }

  get isHolding(): boolean {
    return this.#output.isHolding;
  }

  get isSaturated(): boolean {
    return !this.#opening.isDone || this.#queue.isSaturated;
  }

  drain(): Effect[] {
    return this.#run('client', () => {
      this.#isDraining = true;
      this.#endWhenDone();
    });
  }

  /** Does the work and hands out what came of it; a framing fault ends the session with nothing held released. */
  #run(side: Side, work: () => void): Effect[] {
    try {
      work();
      if (this.#closing === undefined) {
        this.#kept.expire().forEach((message) => this.#output.effect({ kind: 'discard', message }));
        this.#effects.push(...this.#output.flush());
        this.#endWhenDone();
      }
    } catch (error) {
      if (!(error instanceof WireError)) {
        throw error;
      }
      this.#effects.push({ kind: 'note', note: { type: 'bad-input', side, what: error.fault } });
      this.#effects.push(...this.#output.flush());
      const reason = side === 'client' ? 'client-protocol-error' : 'upstream-protocol-error';
      this.#abort(REPLIES.byeProtocol, LIMIT_FAULTS.has(error.fault) ? 'limit-exceeded' : reason);
    }
    const effects = this.#effects;
    this.#effects = [];
    return this.#closing === undefined ? effects : this.#endWith(effects, this.#closing);
  }

  #pump(): void {
    if (this.#opening.isDone && this.#closing === undefined) {
      this.#queue.pump();
    }
  }

  #open(step: OpeningStep): void {
    switch (step.kind) {
      case 'wait':
        break;
      case 'send':
        this.#effects.push(sendText(step.text, 'upstream'));
        break;
      case 'startTls':
        this.#startUpstreamTls();
        break;
      case 'fail':
        this.#sayGoodbye(
          step.reason === 'upstream-insecure' ? REPLIES.byeInsecure : REPLIES.byeUnavailable,
          step.reason,
        );
        break;
      case 'ready':
        this.#greet(step);
    }
  }

  #greet(step: OpeningStep & { kind: 'ready' }): void {
    this.#state.serverCapabilities = step.capabilities;
    this.#state.isLoggedIn = step.preauth;
    const word = step.preauth ? 'PREAUTH' : 'OK';
    const text = step.text === '' ? 'Ready' : step.text;
    this.#output.text(`* ${word} [CAPABILITY ${this.#state.visibleCapabilities}] ${text}\r\n`);
    this.#pump();
  }

  /** Anything behind the completion of STARTTLS was not protected, whoever sent it. */
  #startUpstreamTls(): void {
    if (this.#responses.hasLeftover) {
      this.#close('starttls-injection');
      return;
    }
    this.#awaitsUpstreamTls = true;
    this.#effects.push({ kind: 'startTls', side: 'upstream' });
  }

  #startClientTls(): void {
    this.#awaitsClientTls = true;
    this.#output.effect({ kind: 'startTls', side: 'client' });
  }

  #defer(): void {
    this.#abort(REPLIES.byeDeferred, 'deferred');
  }

  /** Says it when the client is between two responses, and ends the session without what is held. */
  #abort(line: string, reason: CloseReason): void {
    if (this.#closing === undefined) {
      const isBetween = !this.#output.hasBegunHeld;
      this.#closing = reason;
      if (isBetween && !this.#awaitsClientTls && line !== '') {
        this.#effects.push(sendText(`${line}\r\n`));
      }
    }
  }

  /** In order behind what is queued, when nothing is held; `line` empty: without a word. */
  #sayGoodbye(line: string, reason: CloseReason): void {
    if (this.#closing === undefined && line !== '') {
      this.#effects.push(...this.#output.flush());
      if (!this.#output.hasBegunHeld) {
        this.#effects.push(sendText(`${line}\r\n`));
      }
    }
    this.#close(reason);
  }

  #close(reason: CloseReason): void {
    this.#effects.push(...this.#output.flush());
    this.#closing ??= reason;
  }

  /** After what was queued has left: the end that LOGOUT, the server or a drain asked for. */
  #endWhenDone(): void {
    if (this.#closing !== undefined) {
      return;
    }
    const end = this.#effects.find((effect) => effect.kind === 'close');
    if (end !== undefined) {
      this.#closing = end.reason;
    } else if (this.#isUpstreamGone && this.#output.isEmpty) {
      this.#abort(this.#server.saidBye ? '' : REPLIES.byeServerGone, 'upstream-unavailable');
    } else if (this.#isDraining && this.#output.isEmpty && this.#isBetweenCommands) {
      this.#abort(REPLIES.byeShutdown, 'shutdown');
    }
  }

  get #isBetweenCommands(): boolean {
    const isIdle = this.#queue.isIdle && !this.#client.uploads.isReceiving;
    return isIdle || this.#queue.outstanding('IDLE') !== undefined;
  }

  /** Nothing follows a close, and no handshake comes before it. */
  #endWith(effects: readonly Effect[], reason: CloseReason): Effect[] {
    return [
      ...effects.filter(({ kind }) => kind !== 'close' && kind !== 'startTls'),
      { kind: 'close', reason },
    ];
  }
}
