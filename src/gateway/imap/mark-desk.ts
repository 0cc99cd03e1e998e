import type { MarkRequest } from '../relay.ts';
import type { CommandQueue, Pending } from './command-queue.ts';
import type { ImapState } from './imap-state.ts';
import type { StatusWord } from './wire/response-reader.ts';
import type { StatusText } from './wire/status-text.ts';

/** Messages whose sequence numbers are remembered: those whose verdicts may still come, 128 held ones and a few. */
const MAX_NUMBERS = 512;
/** Marks that wait for a quiet moment; a client that never leaves one gets no more. */
const MAX_WAITING = 512;
/** Messages of one STORE. */
const MAX_BATCH = 50;

interface Place {
  number: number;
  /** UIDONLY (RFC 9586): there are no sequence numbers. */
  readonly isUid: boolean;
}

/**
 * Sets keywords on messages of the selected mailbox with the gateway's own STORE, between two commands of the client.
 * By sequence number, because no EXPUNGE may come during that (RFC 9051 section 7.5.1), and not silently: the client
 * has to hear of the flags together with the MODSEQ they get, or a cache that goes by it never learns them.
 */
export class MarkDesk {
  readonly #state: ImapState;
  readonly #queue: CommandQueue;
  readonly #places = new Map<number, Place>();
  #waiting: MarkRequest[] = [];
  #pending: Pending | undefined;
  /** In lower case, as the server gave them for the selected mailbox. */
  #permanent: readonly string[] = [];
  #mayWrite = false;

  constructor(state: ImapState, queue: CommandQueue) {
    this.#state = state;
    this.#queue = queue;
  }

  /** A FETCH response said where a message is. */
  saw(uid: number | undefined, number: number, isUid: boolean): void {
    if (uid === undefined) return;
    this.#places.delete(uid);
    this.#places.set(uid, { number, isUid });
    const [oldest] = this.#places.keys();
    if (this.#places.size > MAX_NUMBERS && oldest !== undefined) this.#places.delete(oldest);
  }

  expunged(number: number): void {
    for (const [uid, place] of this.#places) {
      if (place.isUid) continue;
      if (place.number === number) this.#places.delete(uid);
      else if (place.number > number) place.number -= 1;
    }
  }

  /** Messages went, and it is not known from before which (VANISHED). */
  forgetNumbers(): void {
    this.#places.clear();
  }

  /** An untagged status response. */
  heard({ code, codeArguments }: StatusText): void {
    if (code === 'PERMANENTFLAGS') {
      this.#permanent = codeArguments.toLowerCase().replaceAll(/[()]/gu, ' ').split(' ').filter(Boolean);
    } else if (code === 'READ-ONLY') {
      this.#mayWrite = false;
    }
  }

  /** The completion of a command of the client. */
  completed(name: string, word: StatusWord, { code }: StatusText): void {
    if (name === 'SELECT') this.#mayWrite = word === 'OK' && code !== 'READ-ONLY';
  }

  /** Another mailbox, or none: numbers mean nothing any more. */
  leave(): void {
    this.#places.clear();
    this.#waiting = [];
    this.#permanent = [];
    this.#mayWrite = false;
    if (this.#pending !== undefined) this.#queue.withdraw(this.#pending);
    this.#pending = undefined;
  }

  /** For a message of another mailbox than the selected one nothing happens. */
  mark(request: MarkRequest): void {
    const isHere = this.#state.contextOf(request.uid).identity === request.identity;
    if (!isHere || this.#waiting.length >= MAX_WAITING) return;
    if (!this.#mayWrite || !request.keywords.every((keyword) => this.#isKept(keyword))) {
      request.settle('unsupported');
      return;
    }
    this.#waiting.push(request);
    this.#schedule();
  }

  #isKept(keyword: string): boolean {
    return this.#permanent.includes(String.raw`\*`) || this.#permanent.includes(keyword.toLowerCase());
  }

  #schedule(): void {
    if (this.#pending !== undefined || this.#waiting.length === 0) return;
    const tag = this.#queue.ownTag();
    let batch: readonly MarkRequest[] = [];
    this.#pending = {
      tag,
      name: 'STORE',
      segments: () => {
        const taken = this.#take();
        batch = taken.batch;
        this.#pending = undefined;
        return [{ kind: 'text', text: `${tag} ${taken.command}\r\n` }];
      },
      isExclusive: true,
      isReady: true,
      isInternal: true,
      mayRun: (next) => next === undefined && this.#hasPlaced(),
      onTagged: (word) => this.#settle(batch, word === 'OK'),
    };
    this.#queue.addBackground(this.#pending);
  }

  #settle(batch: readonly MarkRequest[], isSet: boolean): void {
    batch.forEach(({ settle }) => settle(isSet ? 'set' : 'refused'));
    if (!isSet && batch.length > 0) {
      this.#mayWrite = false; // a user without the right has it for no other message of this mailbox
      this.#waiting = [];
    }
    this.#schedule();
  }

  /** Is there still a message to mark? Those that were expunged are forgotten. */
  #hasPlaced(): boolean {
    this.#waiting = this.#waiting.filter(({ uid }) => this.#places.has(uid));
    return this.#waiting.length > 0;
  }

  /** Those that want the same keywords as the first. */
  #take(): { readonly batch: readonly MarkRequest[]; readonly command: string } {
    const keywords = this.#waiting[0]?.keywords.join(' ') ?? '';
    const batch = this.#waiting.filter((one) => one.keywords.join(' ') === keywords).slice(0, MAX_BATCH);
    this.#waiting = this.#waiting.filter((one) => !batch.includes(one));
    const places = batch.flatMap(({ uid }) => this.#places.get(uid) ?? []);
    const verb = places.some(({ isUid }) => isUid) ? 'UID STORE' : 'STORE';
    const set = [...new Set(places.map(({ number }) => number))].join(',');
    return { batch, command: `${verb} ${set} +FLAGS (${keywords})` };
  }
}
