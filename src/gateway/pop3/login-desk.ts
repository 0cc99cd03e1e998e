import { Secret } from '../../base/secret.ts';
import {
  type DeskEvent,
  type DeskSettings,
  type LoginDesk,
  type LoginFailure,
  MAX_CREDENTIAL_BYTES,
  MAX_LOGIN_TRIES,
} from '../login-desk.ts';
import { BASE64, type Command, isForeignProtocol, parseCommand, stageOf, verbOf } from './command.ts';
import { MAX_AUTH_OCTETS, MAX_BAD_COMMANDS_BEFORE_LOGIN, MAX_COMMAND_OCTETS } from './limits.ts';
import { type Credentials, identityOf, Pop3LoginDialogue } from './login-dialogue.ts';
import { CRLF, REPLIES } from './replies.ts';
import { LineReader } from './wire/line-reader.ts';

const NO_BYTES = Buffer.alloc(0);
/** What every server has to have (it is looked at before each login), and what the gateway does itself. */
const BEFORE_LOGIN = ['TOP', 'UIDL', 'RESP-CODES'];
const LOGIN = ['USER', 'SASL PLAIN LOGIN'];
const WORDS = {
  hello: '+OK',
  capabilities: '+OK Capability list follows',
  unknown: '-ERR [AUTH] No mail server for this user name',
  timeout: '-ERR Too slow',
  cancelled: '-ERR Authentication cancelled',
} as const;

interface Sasl {
  readonly mechanism: 'PLAIN' | 'LOGIN';
  readonly responses: Secret<string>[];
}

/** POP3 before login, in the place of a server that the login decides. */
export function createPop3LoginDesk(settings: DeskSettings): LoginDesk {
  return new Pop3LoginDesk(settings);
}

class Pop3LoginDesk implements LoginDesk {
  readonly greeting = `${REPLIES.greeting}${CRLF}`;
  readonly #settings: DeskSettings;
  #isSecure: boolean;
  #lines = new LineReader(MAX_AUTH_OCTETS);
  #rest: Buffer = NO_BYTES;
  #events: DeskEvent[] = [];
  #sasl: Sasl | undefined;
  #user: { readonly name: string; readonly wire: Buffer } | undefined;
  #badCommands = 0;
  #tries = 0;
  #isStopped = false;

  constructor(settings: DeskSettings) {
    this.#settings = settings;
    this.#isSecure = settings.clientSecure;
  }

  hear(bytes: Uint8Array): DeskEvent[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    return this.#work();
  }

  secured(): void {
    this.#isSecure = true;
    this.#isStopped = false;
    this.#lines = new LineReader(MAX_AUTH_OCTETS);
    this.#user = undefined; // said in clear text, by whomever
  }

  failed(failure: LoginFailure): DeskEvent[] {
    this.#tries += 1;
    this.#isStopped = false;
    this.#user = undefined;
    this.#answer(failure.kind === 'refused' ? failure.answer.trimEnd() : failureLine(failure.kind));
    if (this.#tries >= MAX_LOGIN_TRIES) {
      this.#close('limit-exceeded', '');
    }
    return this.#work();
  }

  takeRest(): Uint8Array {
    const rest = this.#rest;
    this.#rest = NO_BYTES;
    return rest;
  }

  farewell(why: 'shutdown' | 'timeout'): string {
    return `${why === 'shutdown' ? REPLIES.shutdown : WORDS.timeout}${CRLF}`;
  }

  #work(): DeskEvent[] {
    while (!this.#isStopped && this.#rest.length > 0) {
      this.#step();
    }
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #step(): void {
    const isSasl = this.#sasl !== undefined;
    const limit = (line: Buffer): number =>
      isSasl || /^AUTH /i.test(line.toString('latin1', 0, 5)) ? MAX_AUTH_OCTETS : MAX_COMMAND_OCTETS;
    const read = this.#lines.read(this.#rest, limit);
    if (read.kind === 'line') {
      const line = Buffer.from(read.bytes);
      this.#rest = this.#rest.subarray(read.consumed);
      this.#line(line);
      return;
    }
    this.#rest = NO_BYTES;
    if (read.kind === 'bad') {
      this.#events.push({ kind: 'note', note: { type: 'bad-input', side: 'client', what: read.what } });
      this.#close(
        read.what === 'line-too-long' ? 'limit-exceeded' : 'client-protocol-error',
        REPLIES.badLine,
      );
    }
  }

  #line(line: Buffer): void {
    if (this.#sasl !== undefined) {
      this.#response(this.#sasl, line.toString('latin1'));
      return;
    }
    if (isForeignProtocol(line)) {
      this.#events.push({
        kind: 'note',
        note: { type: 'bad-input', side: 'client', what: 'foreign-protocol' },
      });
      this.#close('client-protocol-error', ''); // nothing is said, so that nothing is reflected (ALPACA)
      return;
    }
    const verb = verbOf(line);
    const refusal = this.#misplaced(verb);
    if (refusal !== undefined) {
      this.#events.push({ kind: 'note', note: { type: 'refused', what: verb } });
      this.#answer(refusal);
      return;
    }
    const command = parseCommand(verb, line, false);
    const isRefused = command.kind === 'refused';
    this.#events.push({
      kind: 'note',
      note: isRefused ? { type: 'refused', what: command.what } : { type: 'command', name: verb },
    });
    this.#perform(command);
  }

  get #mayStartTls(): boolean {
    return !this.#isSecure && this.#settings.clientStartTls !== 'off';
  }

  get #mayLogIn(): boolean {
    return this.#isSecure || this.#settings.clientStartTls !== 'required';
  }

  /** What is not for now, or not for a server that is not chosen yet. */
  #misplaced(verb: string): string | undefined {
    if (verb === 'STLS') {
      return this.#mayStartTls ? undefined : REPLIES.notAvailable;
    }
    // The greeting has no timestamp, which would be that of one server.
    if (verb === 'APOP' || verb === 'UTF8' || verb === 'LANG') {
      return REPLIES.notAvailable;
    }
    if (stageOf(verb) === 'after-login' || verb === 'NOOP') {
      return REPLIES.notPermitted;
    }
    if (stageOf(verb) === 'before-login' && !this.#mayLogIn) {
      return REPLIES.tlsRequired;
    }
    return verb === 'PASS' && this.#user === undefined ? REPLIES.notPermitted : undefined;
  }

  #perform(command: Command): void {
    switch (command.kind) {
      case 'user':
        this.#user = { name: command.user, wire: Buffer.from(command.wire) };
        this.#answer(WORDS.hello);
        break;
      case 'pass':
        this.#pass(Buffer.from(command.wire));
        break;
      case 'auth':
        this.#authenticate(command.mechanism, command.initial);
        break;
      case 'auth-list':
        this.#list(WORDS.hello, ['PLAIN', 'LOGIN']);
        break;
      case 'capa':
        this.#list(WORDS.capabilities, this.#capabilities);
        break;
      case 'stls':
        this.#startTls();
        break;
      case 'quit':
        this.#close('logout', REPLIES.goodbye);
        break;
      case 'refused':
        this.#refuse(command);
        break;
      case 'apop':
      case 'languages':
      case 'single':
      case 'listing':
      case 'retrieve':
        this.#answer(REPLIES.notPermitted);
    }
  }

  get #capabilities(): readonly string[] {
    const login = this.#mayLogIn ? LOGIN : [];
    return [...BEFORE_LOGIN, ...login, ...(this.#mayStartTls ? ['STLS'] : [])];
  }

  #answer(line: string): void {
    this.#events.push({ kind: 'answer', text: `${line}${CRLF}` });
  }

  #list(first: string, lines: readonly string[]): void {
    this.#answer([first, ...lines, '.'].join(CRLF));
  }

  #close(reason: Extract<DeskEvent, { kind: 'close' }>['reason'], line: string): void {
    if (line !== '') {
      this.#answer(line);
    }
    this.#events.push({ kind: 'close', reason });
    this.#isStopped = true;
  }

  #refuse({ text, bad }: Extract<Command, { kind: 'refused' }>): void {
    this.#badCommands += bad ? 1 : 0;
    if (this.#badCommands > MAX_BAD_COMMANDS_BEFORE_LOGIN) {
      this.#close('limit-exceeded', REPLIES.tooManyBad);
    } else {
      this.#answer(text);
    }
  }

  #startTls(): void {
    if (this.#rest.length > 0) {
      this.#events.push({ kind: 'note', note: { type: 'bad-input', side: 'client', what: 'before-tls' } });
      this.#close('starttls-injection', '');
      return;
    }
    this.#answer(REPLIES.startTls);
    this.#events.push({ kind: 'startTls' });
    this.#isStopped = true;
  }

  #pass(wire: Buffer): void {
    const user = this.#user;
    if (user !== undefined) {
      this.#request(user.name, { way: 'USER', user: user.wire, password: new Secret(wire) });
    }
  }

  #authenticate(mechanism: string, initial: string | undefined): void {
    if (mechanism !== 'PLAIN' && mechanism !== 'LOGIN') {
      this.#answer(REPLIES.mechanism);
      return;
    }
    this.#sasl = { mechanism, responses: [] };
    if (initial === undefined) {
      this.#ask(this.#sasl);
    } else {
      this.#response(this.#sasl, initial === '=' ? '' : initial);
    }
  }

  /** The prompts of LOGIN are what clients of that mechanism wait for. */
  #ask({ mechanism, responses }: Sasl): void {
    const prompt = responses.length === 0 ? 'Username:' : 'Password:';
    this.#answer(`+ ${mechanism === 'PLAIN' ? '' : Buffer.from(prompt).toString('base64')}`);
  }

  #response(sasl: Sasl, text: string): void {
    if (!BASE64.test(text)) {
      this.#sasl = undefined;
      this.#answer(WORDS.cancelled);
      return;
    }
    sasl.responses.push(new Secret(text));
    if (sasl.mechanism === 'LOGIN' && sasl.responses.length === 1) {
      this.#ask(sasl);
      return;
    }
    this.#sasl = undefined;
    this.#request(userOf(sasl), { way: 'AUTH', ...sasl });
  }

  #request(user: string, credentials: Credentials): void {
    if (user === '' || user.length > MAX_CREDENTIAL_BYTES) {
      this.#refuse({ kind: 'refused', what: 'AUTH', text: REPLIES.syntax, bad: true });
      return;
    }
    const dialogue = () => new Pop3LoginDialogue(credentials);
    this.#events.push({ kind: 'login', request: { user, dialogue } });
    this.#isStopped = true;
  }
}

function failureLine(kind: 'unknown' | 'unavailable'): string {
  return kind === 'unknown' ? WORDS.unknown : REPLIES.unavailable;
}

/** The name, of which something has to be known before there is a server to ask. */
function userOf(sasl: Sasl): string {
  return identityOf(sasl)?.user.toString('utf8') ?? '';
}
