import type { Effect, MessageId } from '../relay.ts';
import { sendText } from './client-output.ts';
import type { FetchPlan } from './fetch-plan.ts';
import { IMAP_LIMITS } from './limits.ts';
import type { StatusWord } from './wire/response-reader.ts';
import type { StatusText } from './wire/status-text.ts';

/** A piece of a command on its way to the server. */
export type Segment =
  | { readonly kind: 'text'; readonly text: string }
  /** Wait for `+` before what follows. */
  | { readonly kind: 'wait' }
  | {
      readonly kind: 'upload';
      readonly message: MessageId;
      readonly size: number;
      readonly isJudged: boolean;
    }
  /** Content of the gateway's own command. */
  | { readonly kind: 'octets'; readonly bytes: Uint8Array };

/** A command between the client's line and the server's tagged reply. */
export interface Pending {
  readonly tag: string;
  /** Upper-case name, `UID FETCH`. */
  readonly name: string;
  readonly segments: () => readonly Segment[];
  /** Runs alone: nothing before it is outstanding, nothing after it is sent. */
  readonly isExclusive: boolean;
  /** False while it waits for the verdict on an upload. */
  isReady: boolean;
  readonly plan?: FetchPlan | undefined;
  /** One of a sync rather than one that somebody waits for. */
  readonly isBulk?: boolean;
  /** The gateway's own: its tagged reply goes to nobody else. */
  readonly isInternal?: boolean;
  /** For the background: may it run before `next` of the client (undefined: the client wants nothing)? */
  readonly mayRun?: (next: Pending | undefined) => boolean;
  readonly onSent?: () => void;
  readonly onTagged?: (word: StatusWord, status: StatusText) => void;
}

/** Sends commands in the client's order and matches replies by tag only (protocol notes 3.1). */
export class CommandQueue {
  readonly #emit: (effect: Effect) => void;
  #waiting: Pending[] = [];
  #outstanding: Pending[] = [];
  /** What is left of the command that waits for `+`. */
  #rest: readonly Segment[] = [];
  /** The gateway's own commands that may wait until the client wants nothing. */
  #background: Pending[] = [];
  #ownTags = 0;

  constructor(emit: (effect: Effect) => void) {
    this.#emit = emit;
  }

  add(pending: Pending): void {
    this.#waiting.push(pending);
  }

  /** Ahead of everything that waits: the gateway's own fetch while the client's FETCH is not answered yet. */
  addFirst(pending: Pending): void {
    this.#waiting.unshift(pending);
  }

  /** For a quiet moment: when nothing of the client waits or runs. */
  addBackground(pending: Pending): void {
    this.#background.push(pending);
  }

  /** A tag that no command of the client uses now. */
  ownTag(): string {
    this.#ownTags += 1;
    let tag = `GW${this.#ownTags}`;
    while (this.usesTag(tag)) {
      tag += 'x';
    }
    return tag;
  }

  /** A line that belongs to the command sent last (SASL response, DONE): at once, or right behind it. */
  say(text: string): void {
    const last = this.#waiting.at(-1);
    if (last === undefined) {
      this.#emit(sendText(text, 'upstream'));
    } else {
      const { segments } = last;
      this.#waiting[this.#waiting.length - 1] = {
        ...last,
        segments: () => [...segments(), { kind: 'text', text }],
      };
    }
  }

  /** Takes back what was not sent. */
  withdraw(pending: Pending): void {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== pending);
    this.#background = this.#background.filter((waiting) => waiting !== pending);
  }

  /** Sends what may be sent. */
  pump(): void {
    for (;;) {
      const background = this.#dueBackground();
      const next = background ?? this.#waiting[0];
      if (next === undefined || !this.#maySend(next)) {
        return;
      }
      if (background === undefined) this.#waiting.shift();
      else this.withdraw(background);
      this.#outstanding.push(next);
      next.onSent?.();
      this.#send(next.segments());
    }
  }

  #dueBackground(): Pending | undefined {
    if (this.#background.length === 0 || this.#outstanding.length > 0) {
      return undefined;
    }
    const [next] = this.#waiting;
    return this.#background.find(({ mayRun }) => mayRun?.(next) ?? next === undefined);
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#outstanding.length === 0;
  }

  get isSaturated(): boolean {
    return this.#waiting.length + this.#outstanding.length >= IMAP_LIMITS.outstandingCommands;
  }

  /** A literal waits for `+`. */
  get awaitsContinuation(): boolean {
    return this.#rest.length > 0;
  }

  /** The server answered `+` to a literal. */
  continue(): void {
    this.#send(this.#rest.slice(1));
  }

  outstanding(name: string): Pending | undefined {
    return this.#outstanding.find((pending) => pending.name === name);
  }

  /** The FETCH that runs alone and says how its answers are to be read. */
  get plan(): FetchPlan | undefined {
    return this.#outstanding.find((pending) => pending.plan !== undefined)?.plan;
  }

  get isBulk(): boolean {
    const fetches = this.#outstanding.filter((pending) => pending.name.endsWith('FETCH'));
    return fetches.length > 2 || fetches.some((pending) => pending.isBulk === true);
  }

  usesTag(tag: string): boolean {
    return [...this.#waiting, ...this.#outstanding].some((pending) => pending.tag === tag);
  }

  /** The server completed a command; equal tags complete in the order they were sent. */
  complete(tag: string): Pending | undefined {
    const index = this.#outstanding.findIndex((pending) => pending.tag === tag);
    const [pending] = index === -1 ? [] : this.#outstanding.splice(index, 1);
    if (pending !== undefined && index === this.#outstanding.length) {
      this.#rest = []; // refused instead of `+`
    }
    return pending;
  }

  #maySend(next: Pending): boolean {
    const isBlocked = this.awaitsContinuation || this.#outstanding.some((pending) => pending.isExclusive);
    const fits = this.#outstanding.length < IMAP_LIMITS.outstandingCommands;
    return next.isReady && !isBlocked && fits && (!next.isExclusive || this.#outstanding.length === 0);
  }

  #send(segments: readonly Segment[]): void {
    this.#rest = [];
    for (const [index, segment] of segments.entries()) {
      if (segment.kind === 'wait') {
        this.#rest = segments.slice(index);
        return;
      }
      this.#emit(effectOf(segment));
    }
  }
}

function effectOf(segment: Exclude<Segment, { kind: 'wait' }>): Effect {
  if (segment.kind === 'upload') {
    return uploadOf(segment);
  }
  return segment.kind === 'text'
    ? sendText(segment.text, 'upstream')
    : { kind: 'send', to: 'upstream', bytes: segment.bytes };
}

function uploadOf({ message, size, isJudged }: Segment & { kind: 'upload' }): Effect {
  const unjudged = isJudged ? {} : { unjudged: true };
  return { kind: 'release', to: 'upstream', message, start: 0, end: size, ...unjudged };
}
