import { type Endpoint, PASSWORD } from './mail-server.ts';
import { Wire } from './wire.ts';

/** One response: its text with the literals taken out (their `{n}` stays), and the literals. */
export interface ImapResponse {
  readonly text: string;
  readonly literals: readonly Buffer[];
}

export interface ImapResult {
  /** `OK`, `NO` or `BAD`, and what follows it. */
  readonly tagged: string;
  readonly untagged: readonly ImapResponse[];
}

const LITERAL = /\{(\d+)\}$/;

/** An IMAP client that understands framing only, so that it hides nothing and changes nothing. */
export class ImapReader {
  readonly wire: Wire;
  readonly greeting: string;
  #tags = 0;

  private constructor(wire: Wire, greeting: string) {
    this.wire = wire;
    this.greeting = greeting;
  }

  static async connect(endpoint: Endpoint): Promise<ImapReader> {
    const wire = await Wire.open(endpoint);
    const reader = new ImapReader(wire, await wire.line());
    if (endpoint.security === 'starttls') {
      await reader.ok('STARTTLS');
      await wire.secure();
    }
    return reader;
  }

  /** Connected, logged in and in the INBOX. */
  static async inbox(endpoint: Endpoint, user: string): Promise<ImapReader> {
    const reader = await ImapReader.connect(endpoint);
    await reader.ok(`LOGIN ${user} ${PASSWORD}`);
    await reader.ok('SELECT INBOX');
    return reader;
  }

  /** The next response with its literals. */
  async response(): Promise<ImapResponse> {
    const literals: Buffer[] = [];
    let text = await this.wire.line();
    for (let match = LITERAL.exec(text); match !== null; match = LITERAL.exec(text)) {
      literals.push(await this.wire.exactly(Number(match[1])));
      text += await this.wire.line();
    }
    return { text, literals };
  }

  /** Sends a command and returns its tag; the answer is read with `completion`. */
  send(command: string): string {
    this.#tags += 1;
    const tag = `t${this.#tags}`;
    this.wire.send(`${tag} ${command}\r\n`);
    return tag;
  }

  async completion(tag: string): Promise<ImapResult> {
    const untagged: ImapResponse[] = [];
    for (;;) {
      const response = await this.response();
      if (response.text.startsWith(`${tag} `)) {
        return { tagged: response.text.slice(tag.length + 1), untagged };
      }
      untagged.push(response);
    }
  }

  command(command: string): Promise<ImapResult> {
    return this.completion(this.send(command));
  }

  /** A command that has to succeed. */
  async ok(command: string): Promise<ImapResult> {
    const result = await this.command(command);
    if (!result.tagged.startsWith('OK')) {
      throw new Error(`${command.replace(PASSWORD, '…')}: ${result.tagged}`);
    }
    return result;
  }

  /** Uploads a message into the INBOX. */
  async append(bytes: Uint8Array): Promise<ImapResult> {
    const tag = this.send(`APPEND INBOX {${bytes.length}}`);
    const answer = await this.wire.line();
    if (!answer.startsWith('+')) {
      throw new Error(`APPEND: ${answer}`);
    }
    this.wire.send(bytes);
    this.wire.send('\r\n');
    return this.completion(tag);
  }

  /** Whole messages by UID, in the order of the answers. `item` holds exactly one literal. */
  async fetchAll(item = 'BODY.PEEK[]', set = '1:*'): Promise<Map<number, Buffer>> {
    const { untagged } = await this.ok(`UID FETCH ${set} (UID ${item})`);
    const messages = new Map<number, Buffer>();
    for (const { text, literals } of untagged) {
      const uid = /UID (\d+)/.exec(text)?.[1];
      const [literal] = literals;
      if (uid !== undefined && literal !== undefined) {
        messages.set(Number(uid), literal);
      }
    }
    return messages;
  }

  async logout(): Promise<void> {
    const tag = this.send('LOGOUT');
    await this.completion(tag);
    this.wire.destroy();
  }
}
