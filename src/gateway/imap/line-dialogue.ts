import type { CommandQueue, Pending } from './command-queue.ts';
import { IMAP_LIMITS } from './limits.ts';
import { userOfSasl } from './login-user.ts';
import type { CommandReader } from './wire/command-reader.ts';
import { WireError } from './wire/wire-error.ts';

type OnTagged = NonNullable<Pending['onTagged']>;

interface Sasl {
  readonly mechanism: string;
  /** Only the first response names the user; in LOGIN the second is the password. */
  hasResponse: boolean;
  user: string;
}

/** AUTHENTICATE and IDLE: the lines that are no commands. They pass verbatim and are never logged. */
export class LineDialogue {
  readonly #queue: CommandQueue;
  readonly #reader: CommandReader;
  #sasl: Sasl | undefined;
  /** Counts dialogues, so that the end of one does not end the next. */
  #dialogue = 0;

  constructor(queue: CommandQueue, reader: CommandReader) {
    this.#queue = queue;
    this.#reader = reader;
  }

  beginIdle(): OnTagged {
    const leave = this.#enter(undefined);
    return () => leave();
  }

  beginSasl(mechanism: string, initial: string | undefined, onLogin: (user: string) => void): OnTagged {
    const user = initial === undefined ? '' : userOfSasl(mechanism, initial);
    const sasl: Sasl = { mechanism, hasResponse: initial !== undefined, user };
    const leave = this.#enter(sasl);
    return (word) => {
      leave();
      if (word === 'OK') {
        onLogin(sasl.user);
      }
    };
  }

  /** A line of the running dialogue. Throws `WireError` for anything but DONE or a SASL response. */
  line(text: string): void {
    const sasl = this.#sasl;
    if (sasl === undefined) {
      this.#done(text);
      return;
    }
    if (text !== '*' && !isBase64(text)) {
      throw new WireError('syntax', 'malformed SASL response');
    }
    if (!sasl.hasResponse) {
      sasl.hasResponse = true;
      sasl.user = userOfSasl(sasl.mechanism, text);
    }
    this.#queue.say(`${text}\r\n`);
  }

  #done(text: string): void {
    if (text.toUpperCase() !== 'DONE') {
      throw new WireError('syntax', 'expected DONE');
    }
    this.#dialogue += 1;
    this.#reader.mode = 'command';
    this.#queue.say('DONE\r\n');
  }

  #enter(sasl: Sasl | undefined): () => void {
    this.#dialogue += 1;
    this.#sasl = sasl;
    this.#reader.mode = 'line';
    const dialogue = this.#dialogue;
    return () => {
      if (this.#dialogue === dialogue) {
        this.#reader.mode = 'command';
      }
    };
  }
}

/** Strict alphabet (Dovecot CVE-2026-33603); `=` alone is an empty initial response (RFC 4959). */
export function isBase64(text: string): boolean {
  return text.length <= IMAP_LIMITS.saslLineBytes && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
