import { CommandReader, FramingError } from './command-reader.ts';
import type { Connection } from './connection.ts';
import { authenticate, decodePlain } from './credentials.ts';
import { endsWithLineBreak, firstLines, stuffDots } from './dot-stuffing.ts';
import type { Account, StoredMessage } from './mailbox.ts';

/** The command cannot be executed; answered as `-ERR`. */
class Pop3Refusal extends Error {
  override readonly name = 'Pop3Refusal';
}

const END = Buffer.from('.\r\n');
const CRLF_END = Buffer.from('\r\n.\r\n');

/** One POP3 connection from greeting to end. Resolves when it is over. */
export async function servePop3(
  connection: Connection,
  accounts: ReadonlyMap<string, Account>,
): Promise<void> {
  const session = new Pop3Session(connection, accounts);
  try {
    await session.run();
  } catch (error) {
    if (!(error instanceof FramingError)) {
      throw error;
    }
    connection.write(`-ERR ${error.message}\r\n`);
  } finally {
    connection.end();
  }
}

class Pop3Session {
  readonly #connection: Connection;
  readonly #accounts: ReadonlyMap<string, Account>;
  #reader: CommandReader;
  #account: Account | undefined;
  /** The mailbox as it was at login; numbers do not change during a session. */
  #messages: readonly StoredMessage[] = [];
  readonly #deleted = new Set<StoredMessage>();
  #user = '';
  #hasEnded = false;

  constructor(connection: Connection, accounts: ReadonlyMap<string, Account>) {
    this.#connection = connection;
    this.#accounts = accounts;
    this.#reader = this.#newReader();
  }

  async run(): Promise<void> {
    this.#connection.write('+OK Postern demo server ready.\r\n');
    this.#connection.pour(this.#reader);
    while (!this.#hasEnded) {
      const line = await this.#reader.next();
      if (line === undefined) {
        return;
      }
      await this.#execute(line.toString('latin1'));
      await this.#connection.flush();
    }
  }

  async #execute(line: string): Promise<void> {
    const [verb = '', ...args] = line.split(' ');
    const name = verb.toUpperCase();
    const { commands } = this.#connection.traffic;
    if (VERBS.has(name)) {
      commands.set(name, (commands.get(name) ?? 0) + 1);
    }
    try {
      const reply =
        this.#account === undefined ? await this.#authorise(name, args) : await this.#transact(name, args);
      if (reply !== undefined) {
        this.#connection.write(`+OK ${reply}\r\n`);
      }
    } catch (error) {
      if (!(error instanceof Pop3Refusal)) {
        throw error;
      }
      this.#connection.write(`-ERR ${error.message}\r\n`);
      return;
    }
    if (name === 'STLS') {
      await this.#secure();
    }
  }

  async #authorise(name: string, args: readonly string[]): Promise<string | undefined> {
    switch (name) {
      case 'CAPA':
        return this.#capabilities();
      case 'STLS':
        if (!this.#mayStartTls) {
          throw new Pop3Refusal('TLS is not available here');
        }
        return 'Begin TLS negotiation now.';
      case 'USER':
        this.#user = utf8(args.join(' '));
        return 'Send the password.';
      case 'PASS':
        return this.#logIn(this.#user, utf8(args.join(' ')));
      case 'AUTH':
        return this.#authenticate(args);
      case 'QUIT':
        return this.#quit();
      default:
        throw new Pop3Refusal('Please log in first.');
    }
  }

  async #transact(name: string, args: readonly string[]): Promise<string | undefined> {
    switch (name) {
      case 'CAPA':
        return this.#capabilities();
      case 'STAT':
        return `${this.#kept().length} ${octets(this.#kept())}`;
      case 'LIST':
        return this.#scanListing(args[0], (message) => String(message.bytes.length));
      case 'UIDL':
        return this.#scanListing(args[0], (message) => `${this.#account?.inbox.uidValidity}-${message.uid}`);
      case 'RETR':
        return this.#sendMessage(this.#message(args[0]), undefined);
      case 'TOP':
        return this.#sendMessage(this.#message(args[0]), readCount(args[1]));
      case 'DELE':
        this.#deleted.add(this.#message(args[0]));
        return 'Marked to be deleted.';
      case 'RSET':
        this.#deleted.clear();
        return '';
      case 'NOOP':
        return '';
      case 'QUIT':
        this.#account?.inbox.expunge(this.#deleted);
        return this.#quit();
      default:
        throw new Pop3Refusal('Unknown command.');
    }
  }

  #capabilities(): undefined {
    const startTls = this.#mayStartTls ? ['STLS'] : [];
    const names = ['TOP', 'UIDL', 'USER', 'RESP-CODES', 'PIPELINING', 'SASL PLAIN', ...startTls];
    this.#connection.write(`+OK\r\n${names.join('\r\n')}\r\n.\r\n`);
  }

  async #authenticate(args: readonly string[]): Promise<string> {
    if (args[0]?.toUpperCase() !== 'PLAIN') {
      throw new Pop3Refusal('Unsupported mechanism.');
    }
    const credentials = decodePlain(args[1] ?? (await this.#challenge()));
    if (credentials === undefined) {
      throw new Pop3Refusal('Invalid response.');
    }
    return this.#logIn(credentials.user, credentials.password);
  }

  async #challenge(): Promise<string> {
    this.#connection.write('+ \r\n');
    return (await this.#reader.next())?.toString('latin1') ?? '';
  }

  #logIn(user: string, password: string): string {
    const account = authenticate(this.#accounts, user, password);
    if (account === undefined) {
      throw new Pop3Refusal('[AUTH] Authentication failed.');
    }
    this.#account = account;
    this.#messages = [...account.inbox.messages];
    this.#connection.traffic.user = user;
    return 'Logged in.';
  }

  #scanListing(number: string | undefined, value: (message: StoredMessage) => string): string | undefined {
    if (number !== undefined) {
      return `${Number(number)} ${value(this.#message(number))}`;
    }
    const lines = this.#messages.flatMap((message, index) =>
      this.#deleted.has(message) ? [] : [`${index + 1} ${value(message)}\r\n`],
    );
    this.#connection.write(`+OK ${lines.length} messages:\r\n${lines.join('')}.\r\n`);
    return undefined;
  }

  /** The last line and the terminator leave in one write: clients hang on a split one. */
  async #sendMessage(message: StoredMessage, bodyLines: number | undefined): Promise<undefined> {
    const { bytes } = message;
    const content =
      bodyLines === undefined ? bytes : firstLines(bytes, message.structure.bodyStart, bodyLines);
    const status = Buffer.from(bodyLines === undefined ? `+OK ${bytes.length} octets\r\n` : '+OK\r\n');
    const end = content.length === 0 || endsWithLineBreak(content) ? END : CRLF_END;
    await this.#connection.sendContent([status, stuffDots(content), end], status.length, message.uid);
  }

  #message(number: string | undefined): StoredMessage {
    const message = /^\d{1,9}$/.test(number ?? '') ? this.#messages[Number(number) - 1] : undefined;
    if (message === undefined || this.#deleted.has(message)) {
      throw new Pop3Refusal('No such message.');
    }
    return message;
  }

  #kept(): readonly StoredMessage[] {
    return this.#messages.filter((message) => !this.#deleted.has(message));
  }

  #quit(): string {
    this.#hasEnded = true;
    return 'Logging out.';
  }

  async #secure(): Promise<void> {
    const { unreadBytes } = this.#reader;
    this.#reader = this.#newReader();
    this.#hasEnded = !(await this.#connection.startTls(unreadBytes, this.#reader));
  }

  #newReader(): CommandReader {
    return new CommandReader({ hasLiterals: false, drained: () => this.#connection.resume() });
  }

  get #mayStartTls(): boolean {
    return this.#connection.share.offersStartTls && !this.#connection.isSecure && this.#account === undefined;
  }
}

const VERBS = new Set('CAPA STLS USER PASS AUTH QUIT STAT LIST UIDL RETR TOP DELE RSET NOOP'.split(' '));

function octets(messages: readonly StoredMessage[]): number {
  return messages.reduce((sum, message) => sum + message.bytes.length, 0);
}

function readCount(text: string | undefined): number {
  if (!/^\d{1,10}$/.test(text ?? '')) {
    throw new Pop3Refusal('Invalid number of lines.');
  }
  return Number(text);
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
