import type { Secret } from '../../base/secret.ts';
import type { DialogueStep, LoginDialogue } from '../login-desk.ts';
import { MAX_COMMAND_OCTETS } from './limits.ts';
import { CRLF, reply } from './replies.ts';

/** What was answered to AUTH, base64. */
export interface SaslResponses {
  readonly mechanism: 'PLAIN' | 'LOGIN';
  readonly responses: readonly Secret<string>[];
}

/** How a client proved who it is: with USER and PASS as they are said, or with AUTH. */
export type Credentials =
  | { readonly way: 'USER'; readonly user: Buffer; readonly password: Secret<Buffer> }
  | (SaslResponses & { readonly way: 'AUTH' });

interface Identity {
  /** On whose behalf; empty: its own. */
  readonly onBehalfOf: Buffer;
  readonly user: Buffer;
  readonly password: Buffer;
}

/** Undefined when it is not what the mechanism says (RFC 4616: identity NUL user NUL password). */
export function identityOf({ mechanism, responses }: SaslResponses): Identity | undefined {
  const [first = '', second = ''] = responses.map((response) =>
    Buffer.from(response.reveal(), 'base64').toString('latin1'),
  );
  const [onBehalfOf, user, password, ...rest] =
    mechanism === 'LOGIN' ? ['', first, second] : first.split('\0');
  if (onBehalfOf === undefined || user === undefined || password === undefined || rest.length > 0) {
    return undefined;
  }
  return { onBehalfOf: bytesOf(onBehalfOf), user: bytesOf(user), password: bytesOf(password) };
}

/** What the gateway's greeting promises of every server. */
const PROMISED = ['TOP', 'UIDL'];
const WAIT: DialogueStep = { kind: 'wait' };

type State = 'greeting' | 'capa' | 'login';

/** Repeats USER and PASS, or AUTH, before the server. */
export class Pop3LoginDialogue implements LoginDialogue {
  readonly #credentials: Credentials;
  #answers: Uint8Array[] = [];
  #state: State = 'greeting';
  #unread = '';
  #capabilities: string[] = [];

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
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

  // oxlint-disable-next-line typescript/consistent-return -- the switch is exhaustive, which tsc checks
  #line(line: string): DialogueStep {
    switch (this.#state) {
      case 'greeting':
        this.#state = 'capa';
        return { kind: 'say', bytes: reply('CAPA') };
      case 'capa':
        return this.#capability(line);
      case 'login':
        return line.startsWith('-ERR') ? { kind: 'refused', answer: `${line}\r\n` } : this.#continue();
    }
  }

  /** A server without CAPA says nothing of what it can; most of them are older than the command, not than TOP. */
  #capability(line: string): DialogueStep {
    const isOver = line === '.' || (this.#capabilities.length === 0 && line.startsWith('-ERR'));
    if (!isOver) {
      this.#capabilities.push(line.toUpperCase());
      return WAIT;
    }
    const missing = line === '.' ? PROMISED.filter((name) => !this.#capabilities.includes(name)) : [];
    const answers = this.#answersTo(this.#capabilities);
    if (missing.length > 0 || answers === undefined) {
      return { kind: 'unsuitable', why: `it does not offer ${missing.join(' and ') || 'SASL'}` };
    }
    this.#state = 'login';
    this.#answers = answers;
    return this.#continue();
  }

  /** AUTH where the server has it; the same name and password with USER and PASS where they can say it. */
  #answersTo(capabilities: readonly string[]): Uint8Array[] | undefined {
    const credentials = this.#credentials;
    if (credentials.way === 'USER') {
      return [credentials.user, credentials.password.reveal()];
    }
    const { mechanism, responses } = credentials;
    const sasl = capabilities.find((line) => line.startsWith('SASL '))?.split(' ') ?? [];
    if (sasl.includes(mechanism)) {
      return [reply(`AUTH ${mechanism}`), ...responses.map((response) => reply(response.reveal()))];
    }
    const identity = identityOf(credentials);
    const isPlain = identity?.onBehalfOf.length === 0 && [identity.user, identity.password].every(isSayable);
    return isPlain ? [command('USER', identity.user), command('PASS', identity.password)] : undefined;
  }

  #continue(): DialogueStep {
    const bytes = this.#answers.shift();
    return bytes === undefined ? WAIT : { kind: 'say', bytes };
  }
}

/** RFC 2449 section 4: a command has 255 octets with its CRLF. */
function isSayable(text: Buffer): boolean {
  return text.length + 'PASS \r\n'.length <= MAX_COMMAND_OCTETS && !/[\0\r\n]/.test(text.toString('latin1'));
}

function command(verb: string, text: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${verb} `), text, Buffer.from(CRLF)]);
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
