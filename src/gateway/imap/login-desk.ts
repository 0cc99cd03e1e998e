import { Secret } from '../../base/secret.ts';
import {
  type DeskEvent,
  type DeskSettings,
  type LoginDesk,
  type LoginFailure,
  MAX_CREDENTIAL_BYTES,
  MAX_LOGIN_TRIES,
} from '../login-desk.ts';
import { isBoundedId } from './client-id.ts';
import { isForeignLine, isForeignTag } from './foreign-line.ts';
import { renderCommand } from './command-text.ts';
import { IMAP_LIMITS } from './limits.ts';
import { isBase64 } from './line-dialogue.ts';
import { base64, type Credentials, readPlain } from './login-credentials.ts';
import { ImapLoginDialogue } from './login-dialogue.ts';
import { REPLIES } from './replies.ts';
import { verbOf } from './verbs.ts';
import { type CommandEvent, CommandReader } from './wire/command-reader.ts';
import { type Node, readNodes, textOf } from './wire/nodes.ts';
import { WireError } from './wire/wire-error.ts';

const LF = 10;
/** Longer ones are answered, and not told to the server. */
const MAX_ID_BYTES = 4_096;
const NO_BYTES = Buffer.alloc(0);
/** What every server of IMAP can, and what the gateway does itself. */
const CAPABILITIES = 'IMAP4rev1 SASL-IR ID AUTH=PLAIN AUTH=LOGIN';
const BEFORE_TLS = 'IMAP4rev1 ID LOGINDISABLED';
/** All else is not for now, and is refused without its literal. */
const TAKES_LITERAL = new Set(['LOGIN', 'AUTHENTICATE', 'ID']);
const WORDS = {
  unknown: 'NO [AUTHENTICATIONFAILED] No mail server for this user name',
  unavailable: 'NO [UNAVAILABLE] The mail server cannot be reached, try again later',
  tooMany: '* BYE Too many failed logins',
  timeout: '* BYE Too slow',
  cancelled: 'BAD Authentication cancelled',
} as const;

type Command = CommandEvent & { kind: 'command' };

/** An AUTHENTICATE whose responses are still to come. */
interface Sasl {
  readonly tag: string;
  readonly mechanism: 'PLAIN' | 'LOGIN';
  readonly responses: Secret<string>[];
}

/** IMAP before login, in the place of a server that the login decides. */
export function createImapLoginDesk(settings: DeskSettings): LoginDesk {
  return new ImapLoginDesk(settings);
}

class ImapLoginDesk implements LoginDesk {
  readonly #settings: DeskSettings;
  #isSecure: boolean;
  #reader = newReader();
  #rest: Buffer = NO_BYTES;
  #events: DeskEvent[] = [];
  #sasl: Sasl | undefined;
  /** Tag of the login that is under way. */
  #tag = '';
  #id: string | undefined;
  #badCommands = 0;
  #tries = 0;
  #isStopped = false;

  constructor(settings: DeskSettings) {
    this.#settings = settings;
    this.#isSecure = settings.clientSecure;
  }

  get greeting(): string {
    return `* OK [CAPABILITY ${this.#capabilities}] Postern ready\r\n`;
  }

  hear(bytes: Uint8Array): DeskEvent[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    return this.#work();
  }

  secured(): void {
    this.#isSecure = true;
    this.#isStopped = false;
    this.#reader = newReader();
    this.#id = undefined; // said in clear text, by whomever
  }

  failed(failure: LoginFailure): DeskEvent[] {
    this.#tries += 1;
    this.#isStopped = false;
    this.#answer(failure.kind === 'refused' ? failure.answer : `${this.#tag} ${WORDS[failure.kind]}\r\n`);
    if (this.#tries >= MAX_LOGIN_TRIES) {
      this.#close('limit-exceeded', WORDS.tooMany);
    }
    return this.#work();
  }

  takeRest(): Uint8Array {
    const rest = this.#rest;
    this.#rest = NO_BYTES;
    return rest;
  }

  farewell(why: 'shutdown' | 'timeout'): string {
    return `${why === 'shutdown' ? REPLIES.byeShutdown : WORDS.timeout}\r\n`;
  }

  /** Line by line, so that nothing behind a login or STARTTLS is in the reader. */
  #work(): DeskEvent[] {
    try {
      while (!this.#isStopped && this.#rest.length > 0) {
        const end = this.#rest.indexOf(LF) + 1;
        const piece = end === 0 ? this.#rest : this.#rest.subarray(0, end);
        this.#rest = this.#rest.subarray(piece.length);
        this.#reader.push(piece);
        this.#drain();
      }
    } catch (error) {
      if (!(error instanceof WireError)) {
        throw error;
      }
      this.#events.push({ kind: 'note', note: { type: 'bad-input', side: 'client', what: error.fault } });
      this.#close('client-protocol-error', REPLIES.byeProtocol);
    }
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #drain(): void {
    for (let event = this.#reader.next(); event !== undefined; event = this.#reader.next()) {
      this.#take(event);
    }
  }

  #take(event: CommandEvent): void {
    switch (event.kind) {
      case 'command':
        this.#command(event);
        break;
      case 'continue':
        this.#answer(`${REPLIES.continueLiteral}\r\n`);
        break;
      case 'refused':
        this.#bad(`${event.tag} ${event.why === 'too-large' ? REPLIES.tooLarge : REPLIES.syntax}`);
        break;
      case 'line':
        this.#saslLine(event.text);
        break;
      case 'garbage':
        this.#garbage(event.text);
        break;
      // Before login nothing is uploaded: whoever tries does not speak as a client does.
      case 'uploadText':
      case 'uploadOctets':
        this.#close('client-protocol-error', REPLIES.byeProtocol);
    }
  }

  #answer(text: string): void {
    this.#events.push({ kind: 'answer', text });
  }

  #close(reason: Extract<DeskEvent, { kind: 'close' }>['reason'], line: string): void {
    if (line !== '') {
      this.#answer(`${line}\r\n`);
    }
    this.#events.push({ kind: 'close', reason });
    this.#isStopped = true;
  }

  #bad(line: string): void {
    this.#answer(`${line}\r\n`);
    this.#badCommands += 1;
    if (this.#badCommands >= IMAP_LIMITS.badCommandsBeforeLogin) {
      this.#close('client-protocol-error', REPLIES.byeTooMany);
    }
  }

  /** A browser or a mail server that was led here gets no answer (ALPACA). */
  #garbage(text: string): void {
    if (!isForeignLine(text)) {
      this.#bad(`* ${REPLIES.syntax}`);
      return;
    }
    this.#events.push({ kind: 'note', note: { type: 'bad-input', side: 'client', what: 'http' } });
    this.#close('client-protocol-error', '');
  }

  get #mayStartTls(): boolean {
    return !this.#isSecure && this.#settings.clientStartTls !== 'off';
  }

  get #mayLogIn(): boolean {
    return this.#isSecure || this.#settings.clientStartTls !== 'required';
  }

  get #capabilities(): string {
    const own = this.#mayLogIn ? CAPABILITIES : BEFORE_TLS;
    return this.#mayStartTls ? `${own} STARTTLS` : own;
  }

  #command(command: Command): void {
    const { tag } = command;
    const name = command.first.toUpperCase();
    const verb = verbOf(name);
    if (isForeignTag(tag)) {
      this.#garbage(`${tag} `);
      return;
    }
    const label = verb === undefined ? 'unknown' : name;
    this.#events.push({ kind: 'note', note: { type: 'command', name: label } });
    if (verb === undefined) {
      this.#bad(`${tag} ${REPLIES.unknown}`);
      return;
    }
    const nodes = readArguments(command);
    const isComplete = nodes !== undefined && nodes.length >= verb.minArguments;
    if (!isComplete || nodes.length > verb.maxArguments) {
      this.#bad(`${tag} ${REPLIES.syntax}`);
      return;
    }
    this.#perform(name, command, nodes);
  }

  #perform(name: string, command: Command, nodes: readonly Node[]): void {
    const { tag } = command;
    switch (name) {
      case 'CAPABILITY':
        this.#answer(`* CAPABILITY ${this.#capabilities}\r\n${tag} OK Done\r\n`);
        break;
      case 'NOOP':
        this.#answer(`${tag} OK Done\r\n`);
        break;
      case 'LOGOUT':
        this.#answer(`* BYE Logging out\r\n${tag} OK Done\r\n`);
        this.#close('logout', '');
        break;
      case 'ID':
        this.#identify(command, nodes);
        break;
      case 'STARTTLS':
        this.#startTls(tag);
        break;
      case 'LOGIN':
      case 'AUTHENTICATE':
        this.#logIn(name, tag, nodes);
        break;
      default:
        this.#bad(`${tag} ${REPLIES.needsLogin}`);
    }
  }

  #identify({ tag, parts }: Command, nodes: readonly Node[]): void {
    if (!isBoundedId(nodes[0])) {
      this.#bad(`${tag} ${REPLIES.syntax}`);
      return;
    }
    const [text] = renderCommand('', 'ID', parts, () => true).flatMap((segment) =>
      segment.kind === 'text' ? [segment.text] : [],
    );
    const said = text?.slice(' ID '.length, -'\r\n'.length) ?? '';
    this.#id = said.length <= MAX_ID_BYTES && !said.includes('\r') ? said : undefined;
    this.#answer(`* ID NIL\r\n${tag} OK Done\r\n`);
  }

  #startTls(tag: string): void {
    if (!this.#mayStartTls) {
      this.#bad(`${tag} ${this.#isSecure ? REPLIES.tlsActive : REPLIES.unknown}`);
      return;
    }
    if (this.#rest.length > 0) {
      const note = { type: 'bad-input', side: 'client', what: 'bytes-before-tls' } as const;
      this.#events.push({ kind: 'note', note });
      this.#close('starttls-injection', '');
      return;
    }
    this.#answer(`${tag} ${REPLIES.startTls}\r\n`);
    this.#events.push({ kind: 'startTls' });
    this.#isStopped = true;
  }

  #logIn(name: 'LOGIN' | 'AUTHENTICATE', tag: string, nodes: readonly Node[]): void {
    if (!this.#mayLogIn) {
      this.#answer(`${tag} ${REPLIES.needsTls}\r\n`);
      return;
    }
    const [first, second] = nodes;
    if (name === 'LOGIN') {
      const isText = first?.kind !== 'list' && second?.kind !== 'list';
      const password = new Secret(textOf(second));
      this.#request(tag, isText ? { way: 'LOGIN', user: textOf(first), password, identity: '' } : undefined);
      return;
    }
    const mechanism = textOf(first).toUpperCase();
    if (mechanism !== 'PLAIN' && mechanism !== 'LOGIN') {
      this.#events.push({ kind: 'note', note: { type: 'refused', what: 'mechanism' } });
      this.#answer(`${tag} ${REPLIES.mechanism}\r\n`);
      return;
    }
    this.#sasl = { tag, mechanism, responses: [] };
    this.#reader.mode = 'line';
    if (second === undefined) {
      this.#ask(this.#sasl);
    } else {
      this.#saslLine(textOf(second));
    }
  }

  /** The prompts of LOGIN are what clients of that mechanism wait for. */
  #ask({ mechanism, responses }: Sasl): void {
    const prompt = responses.length === 0 ? 'Username:' : 'Password:';
    this.#answer(`+ ${mechanism === 'PLAIN' ? '' : base64(prompt)}\r\n`);
  }

  #saslLine(text: string): void {
    const sasl = this.#sasl;
    if (sasl === undefined || text === '*' || !isBase64(text)) {
      this.#reader.mode = 'command';
      this.#sasl = undefined;
      this.#bad(`${sasl?.tag ?? '*'} ${WORDS.cancelled}`);
      return;
    }
    sasl.responses.push(new Secret(text));
    if (sasl.mechanism === 'LOGIN' && sasl.responses.length === 1) {
      this.#ask(sasl);
      return;
    }
    this.#reader.mode = 'command';
    this.#sasl = undefined;
    this.#request(sasl.tag, credentialsOf(sasl));
  }

  #request(tag: string, credentials: Credentials | undefined): void {
    if (credentials === undefined || !isUsable(credentials)) {
      this.#bad(`${tag} ${REPLIES.syntax}`);
      return;
    }
    const id = this.#id;
    const dialogue = () => new ImapLoginDialogue(tag, credentials, id);
    this.#events.push({ kind: 'login', request: { user: credentials.user, dialogue } });
    this.#tag = tag;
    this.#isStopped = true;
  }
}

function newReader(): CommandReader {
  return new CommandReader({ maxUploadBytes: 0, takesLiteral });
}

function takesLiteral(first: string): boolean {
  return TAKES_LITERAL.has(first.toUpperCase());
}

/** Undefined when they cannot be read. */
function readArguments({ parts }: Command): readonly Node[] | undefined {
  try {
    return readNodes(parts, { maxDepth: 1, maxNodes: 2 * IMAP_LIMITS.idPairs + 2 });
  } catch (error) {
    if (error instanceof WireError) {
      return undefined;
    }
    throw error;
  }
}

function credentialsOf({ mechanism, responses }: Sasl): Credentials | undefined {
  const [first = '', second = ''] = responses.map((response) => response.reveal());
  if (mechanism === 'LOGIN') {
    const [user = '', password = ''] = [first, second].map((text) =>
      Buffer.from(text, 'base64').toString('latin1'),
    );
    return { way: 'AUTHENTICATE LOGIN', user, password: new Secret(password), identity: '' };
  }
  const plain = readPlain(first);
  return plain === undefined
    ? undefined
    : { ...plain, way: 'AUTHENTICATE PLAIN', password: new Secret(plain.password) };
}

function isUsable({ user, password, identity }: Credentials): boolean {
  const all = [user, password.reveal(), identity];
  return user !== '' && all.every((text) => text.length <= MAX_CREDENTIAL_BYTES && !text.includes('\0'));
}
