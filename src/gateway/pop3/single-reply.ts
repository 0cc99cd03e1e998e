import type { Effect } from '../relay.ts';
import { Exchange, type ExchangeHost } from './exchange.ts';
import { dataText, freeText, statusLine, type Status } from './replies.ts';

/** Replies whose text is data for programs; RFC 1939 calls the first of each a drop or scan listing. */
const DATA_VERBS = new Set(['STAT', 'LIST', 'UIDL']);
const UNIQUE_ID = /^(\d{1,10}) ([\x21-\x7e]{1,255})(?: |$)/u;

/** An answer that needs no server. */
export class LocalReply extends Exchange {
  constructor(host: ExchangeHost, bytes: Uint8Array) {
    super(host);
    this.say(bytes);
    this.finish();
  }

  line(): void {}
}

/** A command whose reply is one line. */
export class SingleReply extends Exchange {
  readonly #verb: string;

  constructor(host: ExchangeHost, verb: string) {
    super(host);
    this.#verb = verb;
  }

  line(line: Buffer): void {
    const status = this.status(line);
    if (status === undefined) {
      return;
    }
    if (!status.ok || !DATA_VERBS.has(this.#verb)) {
      this.relay(status);
      return;
    }
    this.#rememberUidl(status);
    this.say(statusLine(true, dataText(status.text)));
    this.finish();
  }

  #rememberUidl({ text }: Status): void {
    const [, number, uidl] = this.#verb === 'UIDL' ? (UNIQUE_ID.exec(text) ?? []) : [];
    if (uidl !== undefined) {
      this.host.state.remember(Number(number), uidl);
    }
  }
}

/** USER, PASS, APOP: whose reply may change who we speak for. */
export class LoginReply extends Exchange {
  readonly #user: string | undefined;

  /** @param user the name that counts when the server agrees; undefined when the reply ends no login (USER). */
  constructor(host: ExchangeHost, user: string | undefined) {
    super(host);
    this.#user = user;
  }

  line(line: Buffer): void {
    const status = this.status(line);
    if (status === undefined) {
      return;
    }
    if (status.ok && this.#user !== undefined) {
      acceptLogin(this.host, this.#user);
    }
    this.relay(status);
  }
}

export function acceptLogin(host: ExchangeHost, user: string): void {
  host.state.loggedIn = true;
  host.state.named(user);
  host.emit({ kind: 'note', note: { type: 'user', user: host.state.user } });
}

/** QUIT: the reply ends the session. */
export class QuitReply extends Exchange {
  line(line: Buffer): void {
    const status = this.status(line);
    if (status !== undefined) {
      const close: Effect = { kind: 'close', reason: 'logout' };
      this.say(statusLine(status.ok, freeText(status.text)));
      this.out.push(close);
      this.finish();
    }
  }
}

/** Our own NOOP to a server that would else grow tired of waiting; nobody sees the reply. */
export class KeepAliveReply extends Exchange {
  line(line: Buffer): void {
    if (this.status(line) !== undefined) {
      this.finish();
    }
  }
}

/** STLS of the client. The relay answers it when everything before is answered and nothing came after it. */
export class StartTlsOffer extends Exchange {
  /** The client was told to begin. */
  offered = false;

  constructor(host: ExchangeHost) {
    super(host);
    this.reading = 'nothing';
  }

  line(): void {}

  secured(): void {
    this.finish();
  }
}
