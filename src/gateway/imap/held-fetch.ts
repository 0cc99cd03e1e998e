import type { Effect, MessageId } from '../relay.ts';
import type { EffectWriter, HeldOutput, Prefix } from './client-output.ts';

/** Where the bytes of a value come from, once that is decided. */
export type Source =
  | {
      readonly kind: 'release';
      readonly message: MessageId;
      readonly start: number;
      readonly alsoAt?: readonly number[];
      readonly uncertain?: boolean;
    }
  /** Fails closed: the same number of octets, all `#`. */
  | { readonly kind: 'blank'; readonly message: MessageId };

/** A content value in the response; its size is the server's, whatever the verdict. */
export interface ValueSlot {
  readonly kind: 'value';
  readonly label: string;
  readonly size: number;
  readonly binary: boolean;
  /** How an empty value is written: a literal of size 0 hangs iOS Mail 18.2 when it is a range. */
  readonly empty: '""' | '{0}\r\n';
  source: Source | undefined;
}

/** A value before it has its place. */
export type NewValue = Omit<ValueSlot, 'kind' | 'source'>;

type ReleaseEffect = Extract<Effect, { kind: 'release' }>;
type Slot = { readonly kind: 'text'; readonly text: string } | ValueSlot;

/** One FETCH response on its way to the client: text and content values in the order of the server. */
export class HeldFetch implements HeldOutput {
  readonly number: number;
  readonly keyword: string;
  uid: number | undefined;
  readonly #slots: Slot[] = [];
  #messages: MessageId[] = [];
  #isComplete = false;
  /** Set when the response is withheld; called when its turn comes. */
  #onWithheld: (() => void) | undefined;

  constructor(number: number, keyword: string) {
    this.number = number;
    this.keyword = keyword;
    this.uid = keyword === 'UIDFETCH' ? number : undefined;
  }

  addText(text: string): void {
    this.#slots.push({ kind: 'text', text });
  }

  addValue(slot: NewValue, source?: Source): ValueSlot {
    const value: ValueSlot = { ...slot, kind: 'value', source };
    this.#slots.push(value);
    return value;
  }

  /** A spool entry that goes when the response is out. */
  owns(message: MessageId): void {
    this.#messages.push(message);
  }

  disown(message: MessageId): void {
    this.#messages = this.#messages.filter((owned) => owned !== message);
  }

  complete(): void {
    this.#isComplete = true;
  }

  /**
   * The response does not go out, or only as `#` when it was begun already. `onWithheld` is called when its turn
   * comes, so that the command it belongs to can tell.
   */
  withhold(onWithheld: () => void): void {
    this.#onWithheld = onWithheld;
  }

  get hasValues(): boolean {
    return this.#slots.some((slot) => slot.kind === 'value');
  }

  get isReady(): boolean {
    return this.#isComplete && this.#slots.every((slot) => !isContent(slot) || slot.source !== undefined);
  }

  prefix(): Prefix {
    const first = this.#slots.findIndex(isContent);
    const count = first === -1 ? this.#slots.length : first + 1;
    return { text: count === 0 ? '' : this.#text(count), isWhole: first !== -1 };
  }

  write(out: EffectWriter, alreadySent: number): void {
    if (this.#slots.length > 0) {
      this.#onWithheld?.();
      if (this.#onWithheld === undefined || alreadySent > 0) {
        this.#release(out, alreadySent);
      }
    }
    this.#messages.forEach((message) => out.effect({ kind: 'discard', message }));
  }

  /** The text of the response up to and without the octets of slot `count - 1`. */
  #text(count: number): string {
    const slots = this.#slots
      .slice(0, count)
      .map((slot) => (slot.kind === 'text' ? slot.text : framing(slot)));
    return `* ${this.number} ${this.keyword} (${slots.join(' ')}`;
  }

  /** The closing text leaves in the same write as the last content byte. */
  #release(out: EffectWriter, alreadySent: number): void {
    const last = this.#slots.findLastIndex(isContent);
    let text = `* ${this.number} ${this.keyword} (`;
    let sent = alreadySent;
    for (const [index, slot] of this.#slots.entries()) {
      text += `${index === 0 ? '' : ' '}${slot.kind === 'text' ? slot.text : framing(slot)}`;
      if (isContent(slot)) {
        out.text(text.slice(sent));
        const tail = index === last ? { tail: Buffer.from(`${this.#ending(last)})\r\n`, 'latin1') } : {};
        out.effect({ ...releaseOf(slot), ...tail });
        text = '';
        sent = 0;
      }
      if (index === last) {
        return;
      }
    }
    out.text(`${text.slice(sent)})\r\n`);
  }

  /** The text behind slot `last`. */
  #ending(last: number): string {
    return this.#slots
      .slice(last + 1)
      .map((slot) => ` ${slot.kind === 'text' ? slot.text : framing(slot)}`)
      .join('');
  }
}

function isContent(slot: Slot): slot is ValueSlot {
  return slot.kind === 'value' && slot.size > 0;
}

function framing(slot: ValueSlot): string {
  if (slot.size === 0) {
    return `${slot.label} ${slot.empty}`;
  }
  return `${slot.label} ${slot.binary ? '~' : ''}{${slot.size}}\r\n`;
}

function releaseOf(slot: ValueSlot): ReleaseEffect {
  const { source, size } = slot;
  if (source === undefined) {
    throw new Error('a held value without a decision');
  }
  if (source.kind === 'blank') {
    return { kind: 'release', message: source.message, start: 0, end: size, blank: true };
  }
  const { message, start, alsoAt, uncertain } = source;
  return {
    kind: 'release',
    message,
    start,
    end: start + size,
    ...(alsoAt === undefined ? {} : { alsoAt }),
    ...(uncertain === undefined ? {} : { uncertain }),
  };
}
