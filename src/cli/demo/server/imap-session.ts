import { ArgumentReader, Refusal } from './argument-reader.ts';
import { CommandReader, FramingError } from './command-reader.ts';
import type { Connection } from './connection.ts';
import { authenticate, decodePlain } from './credentials.ts';
import type { ImapContext } from './imap-context.ts';
import type { Account } from './mailbox.ts';
import { MAILBOX_COMMANDS } from './mailbox-commands.ts';
import { MESSAGE_COMMANDS, UID_COMMANDS } from './message-commands.ts';
import type { SelectedMailbox } from './selected-mailbox.ts';

const CAPABILITIES = 'IMAP4rev1 SASL-IR LITERAL+ ID IDLE NAMESPACE CHILDREN UIDPLUS UNSELECT AUTH=PLAIN';

/** EXPUNGE must not be told while these run (RFC 3501 section 7.4.1). */
const KEEPS_NUMBERS = new Set(['FETCH', 'STORE', 'SEARCH']);

/** One IMAP connection from greeting to end. Resolves when it is over. */
export async function serveImap(
  connection: Connection,
  accounts: ReadonlyMap<string, Account>,
  extraCapabilities: readonly string[],
): Promise<void> {
  const session = new ImapSession(connection, accounts, extraCapabilities);
  try {
    await session.run();
  } catch (error) {
    if (!(error instanceof FramingError)) {
      throw error;
    }
    connection.write(`* BYE ${error.message}\r\n`);
  } finally {
    session.close();
    connection.end();
  }
}

class ImapSession {
  readonly #connection: Connection;
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #extraCapabilities: readonly string[];
  #reader: CommandReader;
  #account: Account | undefined;
  #selected: SelectedMailbox | undefined;
  #hasEnded = false;

  constructor(
    connection: Connection,
    accounts: ReadonlyMap<string, Account>,
    extraCapabilities: readonly string[],
  ) {
    this.#connection = connection;
    this.#accounts = accounts;
    this.#extraCapabilities = extraCapabilities;
    this.#reader = this.#newReader();
  }

  async run(): Promise<void> {
    this.#connection.write(`* OK [CAPABILITY ${this.#capabilities()}] Postern demo server ready.\r\n`);
    this.#connection.pour(this.#reader);
    while (!this.#hasEnded) {
      const line = await this.#reader.next();
      if (line === undefined) {
        return;
      }
      await this.#execute(line);
      await this.#connection.flush();
    }
  }

  close(): void {
    this.#select(undefined);
  }

  async #execute(line: Buffer): Promise<void> {
    const head = /^([^\s(){%*"\\+\x00-\x1f]{1,100}) ([A-Za-z]{1,20})/.exec(line.toString('latin1', 0, 200));
    if (head === null) {
      this.#connection.write('* BAD Invalid command\r\n');
      return;
    }
    const tag = head[1] ?? '';
    const args = new ArgumentReader(line.subarray(head[0].length));
    let name = (head[2] ?? '').toUpperCase();
    try {
      const byUid = name === 'UID';
      name = byUid ? readUidCommand(args) : name;
      this.#count(byUid ? `UID ${name}` : name);
      const text = await this.#dispatch(name, args, byUid);
      this.#sendUpdates(byUid || !KEEPS_NUMBERS.has(name));
      this.#connection.write(`${tag} OK ${text}\r\n`);
    } catch (error) {
      if (!(error instanceof Refusal)) {
        throw error;
      }
      this.#connection.write(`${tag} ${error.condition} ${error.message}\r\n`);
    }
    if (name === 'STARTTLS' && this.#mayStartTls) {
      await this.#secure();
    }
  }

  #dispatch(name: string, args: ArgumentReader, byUid: boolean): string | Promise<string> {
    const always = this.#executeAlways(name, args);
    if (always !== undefined) {
      return always;
    }
    if (this.#account === undefined) {
      return this.#executeBeforeLogin(name, args);
    }
    const context = this.#context(this.#account);
    const mailboxCommand = MAILBOX_COMMANDS.get(name);
    if (mailboxCommand !== undefined) {
      return mailboxCommand(context, args);
    }
    if (name === 'IDLE') {
      args.expectEnd();
      return this.#idle();
    }
    const messageCommand = MESSAGE_COMMANDS.get(name);
    if (messageCommand === undefined || this.#selected === undefined) {
      throw new Refusal('BAD', messageCommand === undefined ? 'Unknown command' : 'No mailbox selected');
    }
    return messageCommand(context, this.#selected, args, byUid);
  }

  #executeAlways(name: string, args: ArgumentReader): string | undefined {
    switch (name) {
      case 'CAPABILITY':
        args.expectEnd();
        this.#connection.write(`* CAPABILITY ${this.#capabilities()}\r\n`);
        return 'Capability completed.';
      case 'NOOP':
        args.expectEnd();
        return 'Noop completed.';
      case 'ID':
        this.#connection.write('* ID ("name" "Postern demo server")\r\n');
        return 'Id completed.';
      case 'LOGOUT':
        args.expectEnd();
        this.#hasEnded = true;
        this.#connection.write('* BYE Logging out\r\n');
        return 'Logout completed.';
      default:
        return undefined;
    }
  }

  #executeBeforeLogin(name: string, args: ArgumentReader): string | Promise<string> {
    switch (name) {
      case 'STARTTLS':
        args.expectEnd();
        if (!this.#mayStartTls) {
          throw new Refusal('BAD', 'TLS is not available here');
        }
        return 'Begin TLS negotiation now.';
      case 'LOGIN': {
        args.expect(' ');
        const user = args.astring();
        args.expect(' ');
        const password = args.astring();
        args.expectEnd();
        return this.#logIn(utf8(user), utf8(password));
      }
      case 'AUTHENTICATE':
        return this.#authenticate(args);
      default:
        throw new Refusal('BAD', 'Please log in first');
    }
  }

  async #authenticate(args: ArgumentReader): Promise<string> {
    args.expect(' ');
    if (args.atom().toUpperCase() !== 'PLAIN') {
      throw new Refusal('NO', 'Unsupported mechanism');
    }
    const initial = args.skip(' ') ? args.astring() : undefined;
    const response = initial ?? (await this.#challenge());
    const credentials = decodePlain(response);
    if (credentials === undefined) {
      throw new Refusal('BAD', 'Invalid response');
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
      throw new Refusal('NO', '[AUTHENTICATIONFAILED] Authentication failed.');
    }
    this.#account = account;
    this.#connection.traffic.user = user;
    return `[CAPABILITY ${this.#capabilities()}] Logged in`;
  }

  async #idle(): Promise<string> {
    this.#connection.write('+ idling\r\n');
    this.#sendUpdates(true);
    const selected = this.#selected;
    if (selected !== undefined) {
      selected.onChange = () => this.#sendUpdates(true);
    }
    const line = await this.#reader.next();
    if (selected !== undefined) {
      selected.onChange = undefined;
    }
    if (line !== undefined && line.toString('latin1', 0, 10).toUpperCase() !== 'DONE') {
      throw new Refusal('BAD', 'Expected DONE.');
    }
    return 'Idle completed.';
  }

  async #secure(): Promise<void> {
    const { unreadBytes } = this.#reader;
    this.#reader = this.#newReader();
    this.#hasEnded = !(await this.#connection.startTls(unreadBytes, this.#reader));
  }

  #newReader(): CommandReader {
    return new CommandReader({
      hasLiterals: true,
      invite: () => this.#connection.write('+ OK\r\n'),
      drained: () => this.#connection.resume(),
    });
  }

  get #mayStartTls(): boolean {
    const isAnonymous = this.#account === undefined;
    return this.#connection.share.offersStartTls && !this.#connection.isSecure && isAnonymous;
  }

  #capabilities(): string {
    const startTls = this.#mayStartTls ? ['STARTTLS'] : [];
    return [CAPABILITIES, ...startTls, ...this.#extraCapabilities].join(' ');
  }

  #context(account: Account): ImapContext {
    return {
      connection: this.#connection,
      account,
      selected: this.#selected,
      select: (mailbox) => this.#select(mailbox),
      untagged: (line) => this.#connection.write(`* ${line}\r\n`),
    };
  }

  #select(mailbox: SelectedMailbox | undefined): void {
    this.#selected?.close();
    this.#selected = mailbox;
  }

  #sendUpdates(mayExpunge: boolean): void {
    for (const line of this.#selected?.updates(mayExpunge) ?? []) {
      this.#connection.write(`${line}\r\n`);
    }
  }

  #count(name: string): void {
    const { commands } = this.#connection.traffic;
    if (commands.has(name) || commands.size < MAX_COUNTED_COMMANDS) {
      commands.set(name, (commands.get(name) ?? 0) + 1);
    }
  }
}
/** Names come from the client; unknown ones must not fill the memory. */
const MAX_COUNTED_COMMANDS = 100;

function readUidCommand(args: ArgumentReader): string {
  args.expect(' ');
  const name = args.atom().toUpperCase();
  if (!UID_COMMANDS.has(name)) {
    throw new Refusal('BAD', 'Unknown UID command');
  }
  return name;
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
