import type { Effect, Note } from '../relay.ts';
import { keptEnable, rewriteCapabilities } from './capabilities.ts';
import type { ClientOutput } from './client-output.ts';
import type { CommandQueue, Pending } from './command-queue.ts';
import type { FetchPlan } from './fetch-plan.ts';
import type { FetchGate } from './fetch-gate.ts';
import type { ImapState } from './imap-state.ts';
import type { KeptMessages } from './kept-messages.ts';
import type { MarkDesk } from './mark-desk.ts';
import { IMAP_LIMITS } from './limits.ts';
import { REPLIES } from './replies.ts';
import type { ResponseEvent, StatusWord } from './wire/response-reader.ts';
import { renderStatusText, type StatusText } from './wire/status-text.ts';
import { WireError } from './wire/wire-error.ts';

export interface ServerSideParts {
  readonly state: ImapState;
  readonly output: ClientOutput;
  readonly queue: CommandQueue;
  readonly kept: KeptMessages;
  readonly marks: MarkDesk;
  readonly gate: FetchGate;
  readonly emit: (effect: Effect) => void;
  readonly goodbye: (line: string) => void;
  /** LOGOUT was completed. */
  readonly onLogout: () => void;
}

/** Metadata that passes as it is once somebody is logged in. Everything else is dropped: it could carry content. */
const PASSED = new Set([
  'FLAGS',
  'LIST',
  'LSUB',
  'XLIST',
  'SEARCH',
  'ESEARCH',
  'SORT',
  'THREAD',
  'STATUS',
  'NAMESPACE',
  'QUOTA',
  'QUOTAROOT',
  'ACL',
  'LISTRIGHTS',
  'MYRIGHTS',
  'VANISHED',
  'XAPPLEPUSHSERVICE',
  'UIDBATCHES',
]);
/** Those of them that name mailboxes or users, which may be literals. */
const NAMING = new Set([
  'LIST',
  'LSUB',
  'XLIST',
  'ESEARCH',
  'STATUS',
  'NAMESPACE',
  'QUOTA',
  'QUOTAROOT',
  'ACL',
  'LISTRIGHTS',
  'MYRIGHTS',
  'UIDBATCHES',
]);
const PASSED_NUMBERED = new Set(['EXISTS', 'RECENT', 'EXPUNGE']);
const INTERNAL_PLAN: FetchPlan = {
  strips: { uid: true, whole: true, structure: false, seenProbe: false },
  wholeCuts: [],
  decodedCuts: new Map(),
  spliced: undefined,
  asked: new Map(),
  keeps: false,
};

/** What the server may say, and what of it the client hears: enforced on responses, whoever asked. */
export class ServerSide {
  readonly #parts: ServerSideParts;
  #saidBye = false;

  constructor(parts: ServerSideParts) {
    this.#parts = parts;
  }

  /** Handles one response. Throws `WireError`. */
  take(event: ResponseEvent): void {
    const { gate, queue } = this.#parts;
    switch (event.kind) {
      case 'status':
        this.#status(event.tag, event.word, event.status);
        break;
      case 'continuation':
        this.#continuation(event.text);
        break;
      case 'data':
        this.#data(event);
        break;
      case 'fetchBegin':
        this.#expectLogin();
        gate.begin(event.number, event.keyword, queue.plan, queue.isBulk ? 'bulk' : 'interactive');
        break;
      case 'fetchText':
        gate.text(event.text);
        break;
      case 'fetchLiteral':
        gate.literal(event.header);
        break;
      case 'fetchOctets':
        gate.octets(event.bytes, event.last);
        break;
      case 'fetchEnd':
        gate.end();
    }
  }

  /** The server said BYE, so its end is orderly. */
  get saidBye(): boolean {
    return this.#saidBye;
  }

  #note(note: Note): void {
    this.#parts.emit({ kind: 'note', note });
  }

  /** Before login nothing but status, capability and ID may come: injected mailbox data would survive (6.2). */
  #expectLogin(): void {
    if (!this.#parts.state.isLoggedIn) {
      throw new WireError('unexpected', 'mailbox data before login');
    }
  }

  #status(tag: string, word: StatusWord, status: StatusText): void {
    if (tag === '*') {
      this.#untagged(word, status);
      return;
    }
    const pending = this.#parts.queue.complete(tag);
    if (pending === undefined || word === 'BYE' || word === 'PREAUTH') {
      throw new WireError('unexpected', 'completion of a command that was not sent');
    }
    pending.onTagged?.(word, status);
    if (pending.isInternal !== true) this.#parts.marks.completed(pending.name, word, status);
    if (pending.plan !== undefined) {
      this.#completePlanned(pending);
    }
    if (pending.isInternal !== true) {
      this.#completeForClient(pending, word, status);
    }
  }

  #completeForClient(pending: Pending, word: StatusWord, status: StatusText): void {
    const { output, state, onLogout } = this.#parts;
    const rendered = this.#render(status);
    const isFetch = pending.name.endsWith('FETCH');
    output.late(() => {
      const isWithheld = isFetch && state.withheld;
      state.withheld = isFetch ? false : state.withheld;
      return `${pending.tag} ${isWithheld ? REPLIES.blocked : `${word} ${rendered}`}\r\n`;
    });
    if (pending.name === 'LOGOUT') {
      onLogout();
    }
  }

  /** Slices whose whole message did not come in the same FETCH: fetched once more, then they fail closed. */
  #completePlanned(pending: Pending): void {
    const { gate, queue } = this.#parts;
    if (pending.isInternal === true) {
      gate.abandonUnpaired();
      return;
    }
    const missing = gate.unpaired();
    if (missing.length === 0) {
      return;
    }
    const numbers = [...new Set(missing.map(({ number }) => number))].join(',');
    const isUidOnly = missing.some(({ number, uid }) => number === uid) && this.#isUidOnly;
    const tag = queue.ownTag();
    // By sequence number: no EXPUNGE may come during it (protocol notes 4.2).
    const text = `${tag} ${isUidOnly ? 'UID FETCH' : 'FETCH'} ${numbers} (UID BODY.PEEK[])\r\n`;
    queue.addFirst({
      tag,
      name: 'FETCH',
      segments: () => [{ kind: 'text', text }],
      isExclusive: true,
      isReady: true,
      isInternal: true,
      plan: INTERNAL_PLAN,
    });
  }

  #isUidOnly = false;

  #untagged(word: StatusWord, status: StatusText): void {
    const { output, state, gate } = this.#parts;
    if (word === 'PREAUTH') {
      throw new WireError('unexpected', 'PREAUTH after the greeting');
    }
    if (status.code === 'UIDVALIDITY' && /^[0-9]{1,10}$/.test(status.codeArguments)) {
      state.uidValidity = status.codeArguments;
    }
    this.#parts.marks.heard(status);
    if (word === 'BYE') {
      this.#saidBye = true;
      gate.abandonUnpaired();
    }
    output.text(`* ${word} ${this.#render(status)}\r\n`);
  }

  #render(status: StatusText): string {
    const { state } = this.#parts;
    if (status.code !== 'CAPABILITY') {
      return renderStatusText(status);
    }
    const tokens = status.codeArguments.split(' ');
    state.serverCapabilities = tokens;
    return `[CAPABILITY ${rewriteCapabilities(tokens, state.capabilityContext).join(' ')}] ${status.text || 'done'}`;
  }

  #continuation(text: string): void {
    const { queue, output } = this.#parts;
    if (queue.awaitsContinuation) {
      queue.continue();
    } else if (queue.outstanding('IDLE') !== undefined) {
      output.text('+ idling\r\n');
    } else if (queue.outstanding('AUTHENTICATE') !== undefined && /^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
      output.text(`+ ${text}\r\n`);
    } else {
      throw new WireError('unexpected', 'continuation that nobody waits for');
    }
  }

  #data(event: ResponseEvent & { kind: 'data' }): void {
    const { state, output } = this.#parts;
    switch (event.name) {
      case 'CAPABILITY':
        state.serverCapabilities = event.text.split(' ').slice(1);
        output.text(`* CAPABILITY ${state.visibleCapabilities}\r\n`);
        return;
      case 'ENABLED':
        this.#enabled(event.text.split(' ').slice(1));
        return;
      case 'ID':
        this.#id(event);
        return;
      default:
        this.#expectLogin();
        this.#mailboxData(event);
    }
  }

  #enabled(names: readonly string[]): void {
    const kept = keptEnable(names);
    this.#isUidOnly ||= kept.some((name) => name.toUpperCase() === 'UIDONLY');
    this.#parts.output.text(`* ${['ENABLED', ...kept].join(' ')}\r\n`);
  }

  #id(event: ResponseEvent & { kind: 'data' }): void {
    if (event.text.length > IMAP_LIMITS.commandLineBytes) {
      throw new WireError('line-too-long', 'ID response too long');
    }
    requireUnambiguous(event);
    this.#parts.output.text(`* ${event.text}\r\n`);
  }

  #mailboxData(event: ResponseEvent & { kind: 'data' }): void {
    const { output, kept, marks, gate } = this.#parts;
    if (event.name === 'EXPUNGE' || event.name === 'VANISHED') {
      kept.forgetNumbers();
      if (event.number === undefined) marks.forgetNumbers();
      else marks.expunged(event.number);
    }
    if (event.name === 'METADATA') {
      requireUnambiguous(event);
      gate.judgeLine(event.text);
      return;
    }
    const passes = event.number === undefined ? PASSED.has(event.name) : PASSED_NUMBERED.has(event.name);
    if (passes) {
      requireUnambiguous(event);
      if (event.literals && !NAMING.has(event.name)) {
        throw new WireError('literal-not-allowed', 'literal in a response without names');
      }
      output.text(`* ${event.text}\r\n`);
      return;
    }
    this.#note({ type: 'bad-input', side: 'upstream', what: 'unknown-response' });
    if (event.literals) {
      throw new WireError('unexpected', 'unknown response with a literal');
    }
  }
}

function requireUnambiguous(event: ResponseEvent & { kind: 'data' }): void {
  if (!event.isUnambiguous) {
    throw new WireError('quote', 'unbalanced quotes or a stray brace');
  }
}
