import type { AuthExchange } from './auth-exchange.ts';
import { isForeignProtocol, parseCommand, stageOf, verbOf, type Command } from './command.ts';
import type { ExchangeHost } from './exchange.ts';
import {
  MAX_AUTH_OCTETS,
  MAX_BACKLOG,
  MAX_BACKLOG_BEFORE_LOGIN,
  MAX_BAD_COMMANDS,
  MAX_BAD_COMMANDS_BEFORE_LOGIN,
  MAX_COMMAND_OCTETS,
  SATURATED_BACKLOG,
} from './limits.ts';
import { REPLIES } from './replies.ts';
import { ByteQueue } from './wire/byte-queue.ts';
import { LineReader, type LineLimit } from './wire/line-reader.ts';

const AUTH = 'AUTH ';

const commandLimit: LineLimit = (line) =>
  line.toString('latin1', 0, AUTH.length).toUpperCase() === AUTH ? MAX_AUTH_OCTETS : MAX_COMMAND_OCTETS;
const responseLimit: LineLimit = () => MAX_AUTH_OCTETS;

/** The bytes of the client: cut into lines, understood, and refused where they must not reach the server. */
export class ClientInput {
  readonly #host: ExchangeHost;
  readonly #backlog = new ByteQueue();
  readonly #lines = new LineReader(MAX_AUTH_OCTETS);
  #badCommands = 0;

  constructor(host: ExchangeHost) {
    this.#host = host;
  }

  get isSaturated(): boolean {
    return this.#backlog.length >= SATURATED_BACKLOG;
  }

  /** Bytes that no command was made of yet. */
  get hasBytes(): boolean {
    return this.#backlog.length > 0 || this.#lines.pending > 0;
  }

  push(bytes: Uint8Array): void {
    this.#backlog.push(bytes);
  }

  /** Called when all that could be parsed was: ends the session of a client that does not wait for replies. */
  checkBacklog(): void {
    const limit = this.#host.state.loggedIn ? MAX_BACKLOG : MAX_BACKLOG_BEFORE_LOGIN;
    if (this.#backlog.length > limit) {
      this.#host.fail('limit-exceeded', 'client', 'backlog');
    }
  }

  /** The next whole command, refused already when it must be; undefined when there is none. */
  readCommand(): Command | undefined {
    const line = this.#readLine(commandLimit);
    return line === undefined ? undefined : this.#understand(line);
  }

  /** Passes the next line as a response of an AUTH exchange; false when there is none. */
  readResponse(exchange: AuthExchange): boolean {
    const line = this.#readLine(responseLimit);
    if (line !== undefined) {
      exchange.response(line);
    }
    return line !== undefined;
  }

  #readLine(limit: LineLimit): Buffer | undefined {
    const chunk = this.#backlog.peek();
    if (chunk.length === 0) {
      return undefined;
    }
    const read = this.#lines.read(chunk, limit);
    if (read.kind === 'line') {
      this.#backlog.skip(read.consumed);
      return read.bytes;
    }
    this.#backlog.clear();
    if (read.kind === 'bad') {
      const reason = read.what === 'line-too-long' ? 'limit-exceeded' : 'client-protocol-error';
      this.#host.refuseClient(reason, read.what, REPLIES.badLine);
    }
    return undefined;
  }

  #understand(line: Buffer): Command | undefined {
    const { state } = this.#host;
    if (!state.loggedIn && isForeignProtocol(line)) {
      // Cross-protocol attack: nothing is said, so that nothing is reflected (ALPACA).
      this.#host.fail('client-protocol-error', 'client', 'foreign-protocol');
      return undefined;
    }
    const verb = verbOf(line);
    const command = this.#misplaced(verb) ?? parseCommand(verb, line, state.plusOffered);
    if (command.kind !== 'refused') {
      this.#host.emit({ kind: 'note', note: { type: 'command', name: verb } });
      return command;
    }
    this.#host.emit({ kind: 'note', note: { type: 'refused', what: command.what } });
    return command.bad && this.#isOneTooMany() ? undefined : command;
  }

  /** A known verb at the wrong time: not forwarded, because identity and TLS change once and in one place. */
  #misplaced(verb: string): Command | undefined {
    const { state } = this.#host;
    const stage = stageOf(verb);
    const refused = (text: string): Command => ({ kind: 'refused', what: verb, text, bad: false });
    if (verb === 'STLS') {
      return state.mayStartTls ? undefined : refused(REPLIES.notAvailable);
    }
    if (stage !== 'any' && (stage === 'after-login') !== state.loggedIn) {
      return refused(REPLIES.notPermitted);
    }
    if (stage === 'before-login' && !state.mayLogIn) {
      return refused(REPLIES.tlsRequired);
    }
    // After STLS a name that was given in clear text does not count, even if the server still knows it.
    return verb === 'PASS' && state.user === '' ? refused(REPLIES.notPermitted) : undefined;
  }

  #isOneTooMany(): boolean {
    this.#badCommands += 1;
    const limit = this.#host.state.loggedIn ? MAX_BAD_COMMANDS : MAX_BAD_COMMANDS_BEFORE_LOGIN;
    if (this.#badCommands <= limit) {
      return false;
    }
    this.#host.refuseClient('limit-exceeded', 'bad-commands', REPLIES.tooManyBad);
    return true;
  }
}
