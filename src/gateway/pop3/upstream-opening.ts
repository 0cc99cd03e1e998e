import type { CloseReason, Effect, Side } from '../relay.ts';
import { greetingText, parseStatus, REPLIES, reply, statusLine } from './replies.ts';
import type { SessionState } from './session-state.ts';

/** What the opening needs of the session. */
export interface OpeningHost {
  readonly state: SessionState;
  emit(effect: Effect): void;
  fail(reason: CloseReason, side: Side, what: string): void;
  /** The server is ready; so is the client greeted. */
  greet(greeting: Buffer): void;
  /** The server's own farewell. */
  hangUp(text: string): void;
}

/** `greeting`, `stls` and `xclient` wait for a line of the server, `securing` for the handshake with it. */
type Step = 'greeting' | 'stls' | 'securing' | 'xclient';

/** The server's greeting, STLS where it has to be, and XCLIENT: what happens before the client is greeted. */
export class UpstreamOpening {
  readonly #host: OpeningHost;
  #step: Step = 'greeting';
  #greeting: Buffer = reply(REPLIES.greeting);

  constructor(host: OpeningHost) {
    this.#host = host;
  }

  get isSecuring(): boolean {
    return this.#step === 'securing';
  }

  line(line: Buffer): void {
    switch (this.#step) {
      case 'greeting':
        return this.#readGreeting(line);
      case 'stls':
        return this.#readStlsReply(line);
      case 'xclient':
        return this.#readXclientReply(line);
      case 'securing': // whoever feeds this looks at `isSecuring` before
    }
  }

  /** What the greeting said in clear text is forgotten, the APOP timestamp with it. */
  secured(): void {
    this.#introduce(reply(REPLIES.greeting));
  }

  #readGreeting(line: Buffer): void {
    const status = parseStatus(line);
    const { settings, mayLogIn } = this.#host.state;
    if (status === undefined) {
      this.#host.fail('upstream-protocol-error', 'upstream', 'greeting');
    } else if (!status.ok) {
      this.#host.hangUp(status.text);
    } else if (settings.upstreamStartTls === 'required' && !settings.upstreamSecure) {
      this.#step = 'stls';
      this.#host.emit({ kind: 'send', to: 'upstream', bytes: reply('STLS') });
    } else {
      this.#introduce(statusLine(true, greetingText(status.text, mayLogIn)));
    }
  }

  #readStlsReply(line: Buffer): void {
    if (parseStatus(line)?.ok === true) {
      this.#step = 'securing';
    } else {
      this.#host.fail('upstream-insecure', 'upstream', 'stls-refused');
    }
  }

  /** Says whom we speak for to a server that may trust us; one that does not know the word answers -ERR. */
  #introduce(greeting: Buffer): void {
    const { forwardedClient } = this.#host.state.settings;
    if (forwardedClient === undefined) {
      this.#host.greet(greeting);
      return;
    }
    this.#greeting = greeting;
    this.#step = 'xclient';
    const line = `XCLIENT ADDR=${forwardedClient.address} PORT=${forwardedClient.port}`;
    this.#host.emit({ kind: 'send', to: 'upstream', bytes: reply(line) });
  }

  #readXclientReply(line: Buffer): void {
    if (parseStatus(line) === undefined) {
      this.#host.fail('upstream-protocol-error', 'upstream', 'xclient');
    } else {
      this.#host.greet(this.#greeting);
    }
  }
}
