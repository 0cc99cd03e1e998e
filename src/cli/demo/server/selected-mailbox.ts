import { Refusal, type SequenceSet } from './argument-reader.ts';
import type { Mailbox, MailboxObserver, StoredMessage } from './mailbox.ts';

/** A message with the number that this session knows it by. */
export interface NumberedMessage {
  readonly sequence: number;
  readonly message: StoredMessage;
}

/** One session's view of a mailbox: sequence numbers stay until the session was told of a change. */
export class SelectedMailbox implements MailboxObserver {
  readonly mailbox: Mailbox;
  readonly isReadOnly: boolean;
  /** Called at every change, so that an idling session can push. */
  onChange: (() => void) | undefined;
  readonly #view: StoredMessage[];
  readonly #changedFlags = new Set<StoredMessage>();
  readonly #stopObserving: () => void;
  #hasChanged = false;

  constructor(mailbox: Mailbox, isReadOnly: boolean) {
    this.mailbox = mailbox;
    this.isReadOnly = isReadOnly;
    this.#view = [...mailbox.messages];
    this.#stopObserving = mailbox.observe(this);
  }
  get count(): number {
    return this.#view.length;
  }
  contentsChanged(): void {
    this.#hasChanged = true;
    this.onChange?.();
  }
  flagsChanged(message: StoredMessage): void {
    this.#changedFlags.add(message);
    this.onChange?.();
  }
  close(): void {
    this.#stopObserving();
    this.onChange = undefined;
  }
  all(): NumberedMessage[] {
    return this.#view.map((message, index) => ({ sequence: index + 1, message }));
  }
  /** Unknown UIDs are ignored; an unknown sequence number is BAD (RFC 3501 section 6.4.8). */
  resolve(set: SequenceSet, byUid: boolean): NumberedMessage[] {
    const last = byUid ? (this.#view.at(-1)?.uid ?? 0) : this.#view.length;
    const ranges = set.map(([low, high]) => clamp(low, high, last));
    if (!byUid && ranges.some(([low, high]) => low < 1 || high > last)) {
      throw new Refusal('BAD', 'Invalid message sequence number');
    }
    const chosen = new Set<number>();
    for (const [low, high] of ranges) {
      const from = byUid ? this.#indexOfUid(low) : low - 1;
      for (let index = from; index < this.#view.length; index += 1) {
        const message = this.#view[index];
        if (message === undefined || (byUid ? message.uid : index + 1) > high) {
          break;
        }
        chosen.add(index);
      }
    }
    return [...chosen].sort((a, b) => a - b).flatMap((index) => this.#numbered(index));
  }
  /** Untagged lines that tell the session what changed. EXPUNGE must wait during FETCH, STORE and SEARCH. */
  updates(mayExpunge: boolean): string[] {
    const lines: string[] = [];
    if (this.#hasChanged) {
      this.#hasChanged = !mayExpunge;
      lines.push(...(mayExpunge ? this.#dropExpunged() : []), ...this.#takeNew());
    }
    if (this.#changedFlags.size > 0) {
      lines.push(...this.#changedFlagLines());
    }
    return lines;
  }
  #numbered(index: number): NumberedMessage[] {
    const message = this.#view[index];
    return message === undefined ? [] : [{ sequence: index + 1, message }];
  }
  #indexOfUid(uid: number): number {
    let low = 0;
    let high = this.#view.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#view[middle]?.uid ?? Infinity) < uid) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
  #dropExpunged(): string[] {
    const lines: string[] = [];
    for (let index = this.#view.length - 1; index >= 0; index -= 1) {
      if (this.#view[index]?.isExpunged === true) {
        this.#view.splice(index, 1);
        lines.push(`* ${index + 1} EXPUNGE`);
      }
    }
    return lines;
  }
  #takeNew(): string[] {
    const lastUid = this.#view.at(-1)?.uid ?? 0;
    const arrived = this.mailbox.messages.filter((message) => message.uid > lastUid);
    this.#view.push(...arrived);
    return arrived.length === 0 ? [] : [`* ${this.#view.length} EXISTS`, '* 0 RECENT'];
  }
  #changedFlagLines(): string[] {
    const lines = this.all()
      .filter(({ message }) => this.#changedFlags.has(message))
      .map(
        ({ sequence, message }) =>
          `* ${sequence} FETCH (UID ${message.uid} FLAGS (${[...message.flags].join(' ')}))`,
      );
    this.#changedFlags.clear();
    return lines;
  }
}

/** `*` is the last message, also as the low end (`7:*` in a mailbox of five UIDs includes the last). */
function clamp(low: number, high: number, last: number): readonly [number, number] {
  const ends = [low === Infinity ? last : low, high === Infinity ? last : high];
  return [Math.min(...ends), Math.max(...ends)];
}
