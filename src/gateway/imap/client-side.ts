import type { Effect, Note } from '../relay.ts';
import { isMechanismAllowed, keptEnable } from './capabilities.ts';
import { applicationOf, isBoundedId } from './client-id.ts';
import type { ClientOutput } from './client-output.ts';
import { renderCommand } from './command-text.ts';
import type { CommandQueue, Pending } from './command-queue.ts';
import { FetchDesk } from './fetch-desk.ts';
import { isForeignLine, isForeignTag } from './foreign-line.ts';
import type { ImapState } from './imap-state.ts';
import type { KeptMessages } from './kept-messages.ts';
import type { MarkDesk } from './mark-desk.ts';
import { IMAP_LIMITS } from './limits.ts';
import { REPLIES } from './replies.ts';
import { isBase64, LineDialogue } from './line-dialogue.ts';
import { userOfLogin } from './login-user.ts';
import { UploadDesk } from './upload-desk.ts';
import { type Verb, verbOf } from './verbs.ts';
import { type CommandEvent, CommandReader } from './wire/command-reader.ts';
import { type Node, readNodes, textOf } from './wire/nodes.ts';
import { WireError } from './wire/wire-error.ts';

export interface ClientSideParts {
  readonly state: ImapState;
  readonly output: ClientOutput;
  readonly queue: CommandQueue;
  readonly kept: KeptMessages;
  readonly marks: MarkDesk;
  readonly emit: (effect: Effect) => void;
  /** Ends the session with this line. */
  readonly goodbye: (line: string) => void;
  /** STARTTLS was accepted. */
  readonly onStartTls: () => void;
}

type Command = CommandEvent & { kind: 'command' };

/** What the client may do, and what of it goes to the server: checked for arity, rewritten canonically. */
export class ClientSide {
  readonly #parts: ClientSideParts;
  readonly #reader: CommandReader;
  readonly uploads: UploadDesk;
  readonly #dialogue: LineDialogue;
  readonly #fetches: FetchDesk;

  constructor(parts: ClientSideParts) {
    this.#parts = parts;
    const { state, output, queue, kept, emit } = parts;
    this.#fetches = new FetchDesk(queue, kept);
    this.#reader = new CommandReader({
      maxUploadBytes: state.settings.maxLiteralBytes,
      takesLiteral: (first) => (verbOf(first)?.maxArguments ?? 0) > 0,
    });
    const bad = (tag: string, reply: string) => this.#refuse(tag, reply);
    this.uploads = new UploadDesk({ state, output, queue, reader: this.#reader, emit, bad });
    this.#dialogue = new LineDialogue(queue, this.#reader);
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  get hasLeftover(): boolean {
    return this.#reader.hasLeftover;
  }

  /** Handles one complete piece of what was pushed; false when there is none. Throws `WireError`. */
  step(): boolean {
    const event = this.#reader.next();
    switch (event?.kind) {
      case undefined:
        return false;
      case 'command':
        this.#command(event);
        break;
      case 'continue':
        this.#parts.output.text(`${REPLIES.continueLiteral}\r\n`);
        break;
      case 'refused':
        this.uploads.refused(event.tag, event.why === 'too-large' ? REPLIES.tooLarge : REPLIES.syntax);
        break;
      case 'line':
        this.#dialogue.line(event.text);
        break;
      case 'uploadText':
        this.uploads.text(event);
        break;
      case 'uploadOctets':
        this.uploads.octets(event.bytes);
        break;
      case 'garbage':
        this.#garbage(event.text);
    }
    return true;
  }

  #note(note: Note): void {
    this.#parts.emit({ kind: 'note', note });
  }

  /** Nothing of the line is echoed (ALPACA, protocol notes 6.4). */
  #garbage(text: string): void {
    const { isLoggedIn } = this.#parts.state;
    const isForeign = isForeignLine(text);
    this.#note({ type: 'bad-input', side: 'client', what: isForeign ? 'http' : 'syntax' });
    if (isForeign && !isLoggedIn) {
      this.#parts.goodbye('');
    } else {
      this.#countBad('* ');
    }
  }

  #countBad(prefix: string, reply: string = REPLIES.syntax): void {
    const { state, output, goodbye } = this.#parts;
    state.badCommands += 1;
    const limit = state.isLoggedIn ? IMAP_LIMITS.badCommands : IMAP_LIMITS.badCommandsBeforeLogin;
    output.text(`${prefix}${reply}\r\n`);
    if (state.badCommands >= limit) {
      goodbye(REPLIES.byeTooMany);
    }
  }

  #refuse(tag: string, reply: string): void {
    if (reply.startsWith('BAD')) {
      this.#countBad(`${tag} `, reply);
    } else {
      this.#parts.output.text(`${tag} ${reply}\r\n`);
    }
  }

  #command(command: Command): void {
    const name = command.first.toUpperCase();
    const verb = verbOf(name);
    if (verb === undefined) {
      this.#unknown(command, name);
      return;
    }
    this.#note({ type: 'command', name });
    const nodes = verb.treatment === 'fetch' ? [] : this.#nodesOf(command, verb);
    const isWellFormed = nodes !== undefined && (name !== 'ID' || isBoundedId(nodes[0]));
    const refusal = isWellFormed ? this.#refusalOf(verb) : REPLIES.syntax;
    if (nodes === undefined || refusal !== undefined) {
      this.#refuse(command.tag, refusal ?? REPLIES.syntax);
      return;
    }
    if (this.#parts.state.isLoggedIn) {
      this.#parts.state.badCommands = 0; // in a row, as Dovecot counts; before login altogether
    }
    this.#treat(command, name, verb, nodes);
  }

  #unknown(command: Command, name: string): void {
    this.#note({ type: 'command', name: 'unknown' });
    if (isForeignTag(command.tag) && !this.#parts.state.isLoggedIn) {
      this.#note({ type: 'bad-input', side: 'client', what: 'http' });
      this.#parts.goodbye('');
      return;
    }
    this.#note({ type: 'refused', what: 'command' });
    this.#refuse(command.tag, name === 'COMPRESS' ? REPLIES.compress : REPLIES.unknown);
  }

  #nodesOf(command: Command, verb: Verb): readonly Node[] | undefined {
    const limits = { maxDepth: IMAP_LIMITS.commandDepth, maxNodes: IMAP_LIMITS.commandNodes };
    try {
      const nodes = readNodes(command.parts, limits);
      return nodes.length >= verb.minArguments && nodes.length <= verb.maxArguments ? nodes : undefined;
    } catch (error) {
      if (error instanceof WireError) {
        this.#note({ type: 'bad-input', side: 'client', what: error.fault });
        return undefined;
      }
      throw error;
    }
  }

  #refusalOf(verb: Verb): string | undefined {
    const { state } = this.#parts;
    if (verb.needsLogin && !state.isLoggedIn) {
      return REPLIES.needsLogin;
    }
    const logsIn =
      verb.treatment === 'authenticate' || (verb.treatment === 'barrier' && verb.minArguments === 2);
    return logsIn && !state.isLoggedIn && state.capabilityContext.loginDisabled
      ? REPLIES.needsTls
      : undefined;
  }

  #treat(command: Command, name: string, verb: Verb, nodes: readonly Node[]): void {
    switch (verb.treatment) {
      case 'plain':
        this.#forward(command, name, { isExclusive: false });
        break;
      case 'upload':
        this.#uploadWithoutLiteral(command, name, nodes);
        break;
      case 'barrier':
        this.#barrier(command, name, nodes);
        break;
      case 'fetch':
        this.#fetch(command, name);
        break;
      case 'id':
        this.#id(command, name, nodes);
        break;
      case 'idle':
        this.#forward(command, name, { isExclusive: true, onTagged: this.#dialogue.beginIdle() });
        break;
      case 'authenticate':
        this.#authenticate(command, name, nodes);
        break;
      case 'startTls':
        this.#startTls(command);
        break;
      case 'enable':
        this.#enable(command, name, nodes);
    }
  }

  #forward(command: Command, name: string, more: Partial<Pending> & { readonly isExclusive: boolean }): void {
    const { tag, parts } = command;
    this.#parts.queue.add({
      tag,
      name,
      segments: () => renderCommand(tag, name, parts, (offer) => this.#parts.state.serverOffers(offer)),
      isReady: true,
      ...more,
    });
  }

  /** CATENATE of nothing but URLs; a message as a quoted string is no upload that can be judged (RFC 9051 section 9). */
  #uploadWithoutLiteral(command: Command, name: string, nodes: readonly Node[]): void {
    const [keyword, list] = nodes.slice(-2);
    const isCatenate = textOf(keyword).toUpperCase() === 'CATENATE' && list?.kind === 'list';
    if (isCatenate) {
      this.#forward(command, name, { isExclusive: true });
    } else {
      this.#refuse(command.tag, REPLIES.syntax);
    }
  }

  #barrier(command: Command, name: string, nodes: readonly Node[]): void {
    const user = name === 'LOGIN' ? userOfLogin(nodes) : '';
    const mailbox = name === 'SELECT' || name === 'EXAMINE' ? textOf(nodes[0]) : '';
    const onTagged: NonNullable<Pending['onTagged']> = (word) => {
      if (word === 'OK' && name === 'LOGIN') {
        this.#loggedIn(user);
      } else if (word === 'OK' && mailbox !== '') {
        this.#parts.state.mailbox = mailbox; // not before: one that cannot be selected lends its name to nothing
      }
    };
    const changesMailbox = ['SELECT', 'EXAMINE', 'CLOSE', 'UNSELECT'].includes(name);
    const onSent = changesMailbox ? () => this.#leaveMailbox() : undefined;
    this.#forward(command, name, {
      isExclusive: true,
      onTagged,
      ...(onSent === undefined ? {} : { onSent }),
    });
  }

  #leaveMailbox(): void {
    const { state, kept, marks, output } = this.#parts;
    state.leaveMailbox();
    marks.leave();
    kept.clear().forEach((message) => output.effect({ kind: 'discard', message }));
  }

  #loggedIn(user: string): void {
    this.#parts.state.isLoggedIn = true;
    this.#parts.state.badCommands = 0;
    if (user !== '') {
      this.#note({ type: 'user', user });
    }
  }

  #authenticate(command: Command, name: string, nodes: readonly Node[]): void {
    const { state } = this.#parts;
    const mechanism = textOf(nodes[0]);
    const initial = nodes[1] === undefined ? undefined : textOf(nodes[1]);
    if (!isMechanismAllowed(mechanism, state.serverCapabilities) || state.isLoggedIn) {
      this.#note({ type: 'refused', what: 'mechanism' });
      this.#refuse(command.tag, REPLIES.mechanism);
      return;
    }
    if (initial !== undefined && !isBase64(initial)) {
      this.#refuse(command.tag, REPLIES.syntax);
      return;
    }
    const onTagged = this.#dialogue.beginSasl(mechanism, initial, (user) => this.#loggedIn(user));
    this.#forward(command, name, { isExclusive: true, onTagged });
  }

  /** Alone, so that the name of a program counts for what it asks afterwards and for nothing it asked before. */
  #id(command: Command, name: string, nodes: readonly Node[]): void {
    const application = applicationOf(nodes[0]);
    const onSent = () => {
      if (application !== undefined) {
        this.#note({ type: 'application', ...application });
      }
    };
    this.#forward(command, name, { isExclusive: true, onSent });
  }

  #fetch({ tag, parts }: Command, name: string): void {
    if (!this.#fetches.add({ tag, name, parts })) {
      this.#note({ type: 'refused', what: 'fetch-item' });
      this.#refuse(tag, REPLIES.syntax);
    }
  }

  #startTls(command: Command): void {
    const { state, queue, onStartTls, output } = this.#parts;
    if (!state.capabilityContext.offerStartTls) {
      this.#refuse(command.tag, state.clientSecure ? REPLIES.tlsActive : REPLIES.unknown);
      return;
    }
    if (!queue.isIdle) {
      this.#refuse(command.tag, REPLIES.startTlsBusy);
      return;
    }
    output.text(`${command.tag} ${REPLIES.startTls}\r\n`);
    onStartTls();
  }

  #enable(command: Command, name: string, nodes: readonly Node[]): void {
    const kept = keptEnable(nodes.map(textOf));
    if (kept.length === 0) {
      this.#parts.output.text(`* ENABLED\r\n${command.tag} OK Nothing to enable\r\n`);
      return;
    }
    this.#forward({ ...command, parts: [kept.join(' ')] }, name, { isExclusive: true });
  }
}
