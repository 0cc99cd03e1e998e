import type { DialogueStep, LoginDialogue } from '../login-desk.ts';
import { argument, base64, type Credentials } from './login-credentials.ts';

const WAIT: DialogueStep = { kind: 'wait' };
const ID_TAG = 'GWID';

type Way = Credentials['way'];

/** What says the same, best first: what the client was offered, the gateway stands for. */
const WAYS: Readonly<Record<Way, readonly Way[]>> = {
  LOGIN: ['LOGIN'],
  'AUTHENTICATE PLAIN': ['AUTHENTICATE PLAIN', 'LOGIN'],
  'AUTHENTICATE LOGIN': ['AUTHENTICATE LOGIN', 'AUTHENTICATE PLAIN', 'LOGIN'],
};

/** Repeats LOGIN or AUTHENTICATE before the server, with the client's own tag, in the way the server offers. */
export class ImapLoginDialogue implements LoginDialogue {
  readonly #tag: string;
  readonly #credentials: Credentials;
  /** Argument of ID, when the client said one. */
  readonly #id: string | undefined;
  #unread = '';
  #isGreeted = false;
  #way: Way | undefined;
  /** What is still to be said, each after a `+`. */
  #answers: string[] = [];
  #offered: ReadonlySet<string> = new Set();

  constructor(tag: string, credentials: Credentials, id: string | undefined) {
    this.#tag = tag;
    this.#credentials = credentials;
    this.#id = id;
  }

  hear(text: string): DialogueStep {
    const lines = (this.#unread + text).split('\r\n');
    this.#unread = lines.pop() ?? '';
    for (const line of lines) {
      const step = this.#line(line);
      if (step.kind !== 'wait') {
        return step;
      }
    }
    return WAIT;
  }

  #line(line: string): DialogueStep {
    if (!this.#isGreeted) {
      return this.#greeted(line);
    }
    // The client's own tag may be the same: once the login is said, an answer is its answer.
    if (this.#way === undefined && line.startsWith(`${ID_TAG} `)) {
      return this.#begin();
    }
    if (line.startsWith('+')) {
      return this.#continue();
    }
    return this.#way !== undefined && line.startsWith(`${this.#tag} `)
      ? { kind: 'refused', answer: `${line}\r\n` }
      : WAIT;
  }

  #greeted(line: string): DialogueStep {
    if (!line.startsWith('* OK')) {
      return { kind: 'unsuitable', why: 'it does not greet as a server that waits for a login' };
    }
    this.#isGreeted = true;
    const [, capabilities = ''] = /\[CAPABILITY ([^\]]*)\]/i.exec(line) ?? [];
    this.#offered = new Set(capabilities.toUpperCase().split(' '));
    const isIdWanted = this.#id !== undefined && this.#offered.has('ID');
    return isIdWanted ? say(`${ID_TAG} ID ${this.#id}\r\n`) : this.#begin();
  }

  #begin(): DialogueStep {
    const { way, identity, user, password } = this.#credentials;
    // Only PLAIN can say on whose behalf it is.
    const chosen = (identity === '' ? WAYS[way] : [way]).find((one) => this.#offers(one));
    if (chosen === undefined) {
      return { kind: 'unsuitable', why: `it does not offer ${way}` };
    }
    this.#way = chosen;
    const secret = password.reveal();
    switch (chosen) {
      case 'LOGIN':
        return say(`${this.#tag} LOGIN ${argument(user)} ${argument(secret)}\r\n`);
      case 'AUTHENTICATE LOGIN':
        this.#answers = [base64(user), base64(secret)];
        break;
      case 'AUTHENTICATE PLAIN':
        this.#answers = [base64(`${identity}\0${user}\0${secret}`)];
    }
    return say(`${this.#tag} ${chosen}\r\n`);
  }

  #offers(way: Way): boolean {
    return way === 'LOGIN' || this.#offered.has(`AUTH=${way.slice('AUTHENTICATE '.length)}`);
  }

  #continue(): DialogueStep {
    const answer = this.#answers.shift();
    return answer === undefined ? WAIT : say(`${answer}\r\n`);
  }
}

function say(text: string): DialogueStep {
  return { kind: 'say', bytes: Buffer.from(text, 'latin1') };
}
