import { BASE64 } from './command.ts';
import { Exchange, type ExchangeHost } from './exchange.ts';
import { MAX_AUTH_OCTETS, MAX_AUTH_STEPS } from './limits.ts';
import { reply } from './replies.ts';
import { SaslIdentity } from './sasl-identity.ts';
import { acceptLogin } from './single-reply.ts';

const CHALLENGE = /^\+(?: (.*))?$/su;

/** AUTH with its challenges and responses (RFC 5034). Nothing of it is kept but the name. */
export class AuthExchange extends Exchange {
  readonly #identity: SaslIdentity;
  #awaitsClient = false;
  #steps = 0;

  constructor(host: ExchangeHost, mechanism: string, initial: string | undefined) {
    super(host);
    this.lineLimit = MAX_AUTH_OCTETS;
    this.#identity = new SaslIdentity(mechanism);
    if (initial !== undefined && initial !== '=') {
      this.#identity.observe(initial);
    }
  }

  /** The next client line is a response, not a command. */
  get awaitsClient(): boolean {
    return this.#awaitsClient;
  }

  line(line: Buffer): void {
    const [challenge, text = ''] = CHALLENGE.exec(line.toString('latin1')) ?? [];
    if (challenge !== undefined) {
      this.#challenge(text);
      return;
    }
    const status = this.status(line);
    if (status !== undefined && this.#awaitsClient) {
      this.host.fail('upstream-protocol-error', 'upstream', 'auth');
    } else if (status !== undefined) {
      if (status.ok) {
        acceptLogin(this.host, this.#identity.user);
      }
      this.relay(status);
    }
  }

  /** A response of the client. What is not base64 cancels: servers decode it differently. */
  response(line: Buffer): void {
    const text = line.toString('latin1');
    const valid = text === '*' || BASE64.test(text);
    if (!valid) {
      this.host.emit({ kind: 'note', note: { type: 'bad-input', side: 'client', what: 'base64' } });
    } else if (text !== '*') {
      this.#identity.observe(text);
    }
    this.#awaitsClient = false;
    this.host.emit({ kind: 'send', to: 'upstream', bytes: reply(valid ? text : '*') });
  }

  #challenge(text: string): void {
    this.#steps += 1;
    if (this.#awaitsClient || !BASE64.test(text)) {
      this.host.fail('upstream-protocol-error', 'upstream', 'auth');
    } else if (this.#steps > MAX_AUTH_STEPS) {
      this.host.fail('limit-exceeded', 'upstream', 'auth-steps');
    } else {
      this.#awaitsClient = true;
      this.say(reply(`+ ${text}`));
    }
  }
}
