import type { MessageId } from '../relay.ts';
import type { Action } from '../policy/action.ts';
import { IMAP_LIMITS } from './limits.ts';
import type { PartSizes } from './wire/body-structure.ts';

/** Where a section stands inside the kept message, bytes. */
export interface Location {
  readonly start: number;
  readonly length: number;
}

/** A judged message that stays in the spool for the ranges that follow. Its action is pinned. */
export interface KeptMessage {
  readonly message: MessageId;
  readonly size: number;
  readonly action: Action;
  readonly uid: number;
  /** Sequence number, as long as nothing was expunged since. */
  number: number | undefined;
  readonly sections: Map<string, Location>;
  partSizes: PartSizes;
  readonly keptAt: number;
  /** A FETCH that is under way takes values from it. */
  isPinned: boolean;
}

/** The few messages that a chunking client is reading: bounded, timed, of the selected mailbox only. */
export class KeptMessages {
  readonly #now: () => number;
  readonly #maxBytes: number;
  #messages: KeptMessage[] = [];
  #mailbox = 0;

  /** `now`: monotonic milliseconds. `maxBytes`: all kept messages and the one that comes in. */
  constructor(now: () => number, maxBytes: number) {
    this.#now = now;
    this.#maxBytes = maxBytes;
  }

  /** Counts the mailboxes that were selected: what was fetched in an earlier one is not kept in this one. */
  get mailbox(): number {
    return this.#mailbox;
  }

  find(by: 'uid' | 'number', value: number): KeptMessage | undefined {
    return this.#messages.find((kept) => kept[by] === value);
  }

  /** Keeps a message; returns those that have to go for it. */
  put(
    kept: Pick<KeptMessage, 'message' | 'size' | 'action' | 'uid' | 'number' | 'partSizes'>,
  ): readonly MessageId[] {
    const free = this.#messages.filter((old) => !old.isPinned);
    const surplus = free.slice(0, Math.max(0, this.#messages.length + 1 - IMAP_LIMITS.keptMessages));
    const entry: KeptMessage = { ...kept, sections: new Map(), keptAt: this.#now(), isPinned: false };
    this.#messages = [...this.#messages.filter((old) => !surplus.includes(old)), entry];
    return surplus.map((old) => old.message);
  }

  /** A message of `size` bytes comes in: takes out the oldest until both fit. */
  makeRoom(size: number): readonly MessageId[] {
    const gone: KeptMessage[] = [];
    let bytes = this.#messages.reduce((sum, kept) => sum + kept.size, size);
    for (const kept of this.#messages) {
      if (bytes > this.#maxBytes && !kept.isPinned) {
        gone.push(kept);
        bytes -= kept.size;
      }
    }
    this.#messages = this.#messages.filter((kept) => !gone.includes(kept));
    return gone.map((kept) => kept.message);
  }

  /** Takes out what was kept too long. */
  expire(): readonly MessageId[] {
    const limit = this.#now() - IMAP_LIMITS.keptMs;
    const old = this.#messages.filter((kept) => kept.keptAt < limit && !kept.isPinned);
    this.#messages = this.#messages.filter((kept) => !old.includes(kept));
    return old.map((kept) => kept.message);
  }

  /** Memory is short: takes out what no FETCH under way needs. */
  shed(): readonly MessageId[] {
    const free = this.#messages.filter((kept) => !kept.isPinned);
    this.#messages = this.#messages.filter((kept) => kept.isPinned);
    return free.map((kept) => kept.message);
  }

  /** Another mailbox was selected: takes out everything. */
  clear(): readonly MessageId[] {
    const all = this.#messages.map((kept) => kept.message);
    this.#messages = [];
    this.#mailbox += 1;
    return all;
  }

  /** An expunge renumbered the mailbox. */
  forgetNumbers(): void {
    for (const kept of this.#messages) {
      kept.number = undefined;
    }
  }
}
