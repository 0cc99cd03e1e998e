import type { Action } from '../policy/action.ts';
import type { MessageContext } from '../relay.ts';
import { Exchange, type ExchangeHost } from './exchange.ts';
import { IncomingContent } from './incoming-content.ts';
import { INTERACTIVE_RETRIEVALS, MAX_HEADER_OCTETS } from './limits.ts';
import { reply, REPLIES, TERMINATOR } from './replies.ts';
import { Trickle } from './trickle.ts';
import { DotStuffer } from './wire/dot-stuffer.ts';

const OCTETS = /^(\d{1,15}) octets\b/iu;

export interface RetrievalRequest {
  readonly number: number;
  /** Lines of the body that were asked for (TOP); undefined: the whole message (RETR). */
  readonly lines: number | undefined;
}

/**
 * RETR and TOP. The answer is spooled, judged and only then released. `TOP n 0` asks the server for the header
 * alone, which is judged by itself; every other TOP is content, so the whole message is fetched and TOP is made
 * from the judged copy. A header that is too large to be one is fetched again as a whole message.
 */
export class Retrieval extends Exchange {
  readonly #request: RetrievalRequest;
  readonly #lane: 'interactive' | 'bulk';
  #headerOnly: boolean;
  #incoming: IncomingContent | undefined;
  #trickle: Trickle | undefined;
  #followUp: Buffer | undefined;

  constructor(host: ExchangeHost, request: RetrievalRequest) {
    super(host);
    this.#request = request;
    this.#headerOnly = request.lines === 0 && host.state.settings.editsHeaders !== true;
    host.state.retrievals += 1;
    this.#lane = host.state.retrievals > INTERACTIVE_RETRIEVALS ? 'bulk' : 'interactive';
  }

  /** What the server is asked for. */
  get wire(): Buffer {
    return reply(this.#headerOnly ? `TOP ${this.#request.number} 0` : `RETR ${this.#request.number}`);
  }

  /** The spool entry that the verdict will be about. */
  get message(): number | undefined {
    return this.#incoming?.message;
  }

  override get begun(): boolean {
    return this.#trickle?.begun === true;
  }

  /** The server agreed and the client has no answer yet. */
  get isHolding(): boolean {
    return this.#trickle !== undefined && !this.finished;
  }

  line(line: Buffer): void {
    const status = this.status(line);
    if (status?.ok === true) {
      this.#begin(OCTETS.exec(status.text)?.[1]);
    } else if (status !== undefined && this.begun) {
      // The second command of this exchange failed after `+OK` of the first had begun to leave.
      this.out.push({ kind: 'close', reason: 'upstream-protocol-error' });
      this.finish();
    } else if (status !== undefined) {
      this.relay(status);
    }
  }

  override content(chunk: Buffer): number {
    const incoming = this.#incoming;
    if (incoming === undefined) {
      return 0;
    }
    const { consumed, done } = incoming.push(chunk);
    if (incoming.tooLarge && !this.#headerOnly && !this.finished) {
      this.#refuseTooLarge();
    }
    if (done) {
      this.#complete(incoming);
    }
    return consumed;
  }

  override takeFollowUp(): Buffer | undefined {
    const command = this.#followUp;
    this.#followUp = undefined;
    return command;
  }

  /** One octet more of the status line. */
  tick(): Buffer | undefined {
    return this.#trickle?.next();
  }

  decided(action: Action): void {
    const incoming = this.#incoming;
    if (incoming === undefined || this.finished) {
      return;
    }
    switch (action) {
      case 'deliver':
        this.#release(incoming, false);
        break;
      case 'neutralise':
        // The overlay begins behind the header, which is all there is: nothing of a guilty one may stay.
        this.#release(incoming, this.#headerOnly);
        break;
      case 'block':
        this.#refuse(REPLIES.blocked, () => this.#release(incoming, true));
        break;
      case 'defer':
        this.#refuse(REPLIES.deferred, () => this.out.push({ kind: 'close', reason: 'deferred' }));
        break;
    }
    this.out.push({ kind: 'discard', message: incoming.message });
    this.finished = true;
  }

  #begin(octets: string | undefined): void {
    const { maxLiteralBytes } = this.host.state.settings;
    const { lines } = this.#request;
    const isGenuine = lines === undefined && octets !== undefined;
    this.#trickle ??= new Trickle(isGenuine ? `+OK ${Number(octets)} octets` : '+OK');
    const limit = this.#headerOnly ? Math.min(MAX_HEADER_OCTETS, maxLiteralBytes) : maxLiteralBytes;
    // Every line has at least two octets, so that many lines are always the whole message.
    const isWhole = lines === undefined || lines >= maxLiteralBytes;
    this.#incoming = new IncomingContent(this.host, limit, isWhole ? Infinity : lines);
    this.#incoming.open(Number(octets ?? 0));
    this.reading = 'content';
  }

  #complete(incoming: IncomingContent): void {
    this.reading = 'nothing';
    if (!incoming.tooLarge) {
      this.host.emit({
        kind: 'scan',
        message: incoming.message,
        subject: 'message', // also a header alone: readers disagree on where one ends
        lane: this.#lane,
        context: this.#context(incoming.size),
      });
    } else if (this.#headerOnly) {
      // The header was no header: judge the message that it belongs to.
      this.#headerOnly = false;
      this.#followUp = this.wire;
      this.reading = 'line';
    }
  }

  #context(size: number): MessageContext {
    const { number } = this.#request;
    const uid = this.host.state.uidl(number);
    return { identity: uid === '' ? `message=${number};size=${size}` : `uidl=${uid}`, mailbox: 'INBOX', uid };
  }

  #release(incoming: IncomingContent, blank: boolean): void {
    this.say(this.#trickle?.rest() ?? reply('+OK'));
    this.out.push({
      kind: 'release',
      message: incoming.message,
      start: 0,
      end: incoming.end,
      ...(blank ? { blank } : {}),
      encoder: new DotStuffer(),
      tail: TERMINATOR,
    });
  }

  /** An error is possible until the first octet of `+OK` was written. */
  #refuse(text: string, whenBegun: () => void): void {
    if (this.begun) {
      whenBegun();
    } else {
      this.say(reply(text));
    }
  }

  /** The rest of the message is read and dropped, so that the session can go on. */
  #refuseTooLarge(): void {
    this.host.emit({
      kind: 'note',
      note: { type: 'bad-input', side: 'upstream', what: 'message-too-large' },
    });
    this.#refuse(REPLIES.tooLarge, () => this.out.push({ kind: 'close', reason: 'limit-exceeded' }));
    this.finished = true;
  }
}
