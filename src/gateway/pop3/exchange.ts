import type { CloseReason, Effect, MessageId, Side } from '../relay.ts';
import { MAX_UPSTREAM_LINE_OCTETS } from './limits.ts';
import { freeText, parseStatus, statusLine, type Status } from './replies.ts';
import type { SessionState } from './session-state.ts';

/** What an exchange may do to its session. */
export interface ExchangeHost {
  readonly state: SessionState;
  /** An id for the spool, never used before. */
  nextMessage(): MessageId;
  /** An effect that need not wait for its turn towards the client. */
  emit(effect: Effect): void;
  /**
   * Ends the session because a peer broke the protocol or a limit: at once when it was the client, else as soon
   * as what the server had sent whole is delivered. Nothing more is read from that peer.
   */
  fail(reason: CloseReason, side: Side, what: string): void;
  /** The same for the client in its turn: it is told why, behind the replies that it waits for. */
  refuseClient(reason: CloseReason, what: string, text: string): void;
}

/**
 * One client command and its reply. The server answers in order and so do we: `out` is written when everything
 * before it was, whatever is known earlier.
 */
export abstract class Exchange {
  /** Effects for the client, in order; taken by the relay when it is this exchange's turn. */
  readonly out: Effect[] = [];
  /** Nothing more will be added to `out`. */
  finished = false;
  /** What comes next from the server for this exchange. */
  reading: 'line' | 'content' | 'nothing' = 'line';
  /** Octets that the next line may have. */
  lineLimit = MAX_UPSTREAM_LINE_OCTETS;
  protected readonly host: ExchangeHost;

  constructor(host: ExchangeHost) {
    this.host = host;
  }

  /** A line for this exchange, without CRLF; the buffer is only lent. */
  abstract line(line: Buffer): void;

  /** A chunk for this exchange while `reading` is `content`; returns how many bytes of it were its own. */
  content(_chunk: Buffer): number {
    return 0;
  }

  /** The bytes at hand are used up: what is complete may go on. */
  settle(): void {}

  /** A command that has to be sent before this exchange can go on; asked for when `reading` is `nothing`. */
  takeFollowUp(): Buffer | undefined {
    return undefined;
  }

  /** Were bytes of the reply written, so that it cannot become an error any more? */
  get begun(): boolean {
    return false;
  }

  protected say(bytes: Uint8Array): void {
    this.out.push({ kind: 'send', to: 'client', bytes });
  }

  protected finish(): void {
    this.reading = 'nothing';
    this.finished = true;
  }

  /** Undefined after it ended the session. */
  protected status(line: Buffer): Status | undefined {
    const status = parseStatus(line);
    if (status === undefined) {
      this.host.fail('upstream-protocol-error', 'upstream', 'status');
    }
    return status;
  }

  /** Passes a reply with text for people. */
  protected relay(status: Status): void {
    this.say(statusLine(status.ok, freeText(status.text)));
    this.finish();
  }
}
