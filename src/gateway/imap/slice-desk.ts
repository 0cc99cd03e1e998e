import type { Located } from '../../scan/scanner.ts';
import type { Action } from '../policy/action.ts';
import type { Effect, MessageId } from '../relay.ts';
import type { ClientOutput } from './client-output.ts';
import { sectionKey } from './fetch-plan.ts';
import type { HeldFetch, Source, ValueSlot } from './held-fetch.ts';
import type { KeptMessage, KeptMessages } from './kept-messages.ts';
import type { PendingVerdicts, ScanWish } from './pending-verdicts.ts';
import type { PartSizes } from './wire/body-structure.ts';
import type { FetchItem } from './wire/fetch-item.ts';

/** A value in a response and where it begins in its spool entry. */
export interface Place {
  readonly slot: ValueSlot;
  readonly start: number;
}

/** A whole message of which values are served. */
export interface Whole {
  readonly message: MessageId;
  readonly size: number;
  /** The response that brings it. */
  readonly held: HeldFetch;
  action: Action | undefined;
  /** Where its own octets go: whole values and ranges of it. */
  readonly slots: readonly Place[];
  readonly slices: Slice[];
  /** Present when following ranges are likely; `mailbox` is that of the moment. */
  readonly keep: { readonly sizes: () => PartSizes; readonly mailbox: number } | undefined;
}

/** A value that the server cut out of a message. */
export interface Slice {
  readonly item: FetchItem;
  readonly message: MessageId;
  readonly held: HeldFetch;
  /** One, or the ranges of a decoded part. */
  readonly slots: readonly Place[];
  /** Octets that the client asked for, when it named a number. */
  readonly asked: number | undefined;
  /** BINARY: its own verdict, since it is no substring. */
  ownAction: Action | undefined;
  whole: Whole | undefined;
}

export interface DeskParts {
  readonly emit: (effect: Effect) => void;
  readonly output: ClientOutput;
  readonly kept: KeptMessages;
  readonly verdicts: PendingVerdicts;
  readonly onDefer: () => void;
  readonly onBlock: () => void;
}

/**
 * Decides what a slice may be: the bytes at its place in the judged message (containment, whatever the numbering
 * of MIME parts), or what is clean by itself, or nothing but `#`.
 */
export class SliceDesk {
  readonly #parts: DeskParts;
  readonly #locating = new Map<MessageId, Slice>();
  #unpaired: { readonly held: HeldFetch; readonly slices: readonly Slice[] }[] = [];

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  unpaired(): readonly { readonly number: number; readonly uid: number | undefined }[] {
    return this.#unpaired.map(({ held }) => ({ number: held.number, uid: held.uid }));
  }

  abandonUnpaired(): void {
    this.#unpaired.flatMap(({ slices }) => slices).forEach((slice) => blank(slice));
    this.#unpaired = [];
  }

  /** The slices of a response whose whole message is still to come. */
  await(held: HeldFetch, slices: readonly Slice[]): void {
    this.#unpaired.push({ held, slices });
  }

  /** A server may send the slice and the whole in two responses. */
  pairEarlier(whole: Whole, held: HeldFetch): void {
    const earlier = this.#unpaired.filter((entry) => entry.held.number === held.number);
    this.#unpaired = this.#unpaired.filter((entry) => !earlier.includes(entry));
    for (const entry of earlier) {
      entry.held.uid ??= held.uid;
      this.attach(whole, entry.slices); // the later response owns the message, and it leaves later
    }
  }

  attach(whole: Whole, slices: readonly Slice[]): void {
    whole.slices.push(...slices);
    for (const slice of slices) {
      slice.whole = whole;
      this.resolve(whole, slice);
    }
  }

  /** The verdict on a whole message: its own octets, then the values that were cut out of it. */
  settleWhole(whole: Whole, action: Action): void {
    const { message, held, slots, slices } = whole;
    if (action === 'defer') {
      this.#parts.onDefer();
      return;
    }
    whole.action = action;
    if (action === 'block') {
      held.withhold(this.#parts.onBlock);
    }
    for (const { slot, start } of slots) {
      slot.source = action === 'block' ? { kind: 'blank', message } : { kind: 'release', message, start };
    }
    this.#keep(whole, action);
    slices.forEach((slice) => this.resolve(whole, slice));
  }

  /** The message that is kept from an earlier answer, when this response is about it. */
  keptWhole(held: HeldFetch): Whole | undefined {
    const kept = held.uid === undefined ? undefined : this.#parts.kept.find('uid', held.uid);
    if (kept === undefined) {
      return undefined;
    }
    const { message, size, action } = kept;
    return { message, size, held, action, slots: [], slices: [], keep: undefined };
  }

  #keep({ keep, held, message, size }: Whole, action: Action): void {
    const { kept, output } = this.#parts;
    const { uid } = held;
    const isWanted = keep?.mailbox === kept.mailbox && action !== 'block';
    if (keep === undefined || !isWanted || uid === undefined || kept.find('uid', uid) !== undefined) {
      return;
    }
    held.disown(message);
    const number = held.keyword === 'UIDFETCH' ? undefined : held.number;
    const evicted = kept.put({ message, size, action, uid, number, partSizes: keep.sizes() });
    evicted.forEach((old) => output.effect({ kind: 'discard', message: old }));
  }

  /** The scans that decoded values need of their own. */
  ownScans(slices: readonly Slice[]): readonly ScanWish[] {
    return slices
      .filter((slice) => slice.item.class === 'decoded')
      .map((slice) => ({
        message: slice.message,
        subject: slice.item.section === '' ? 'message' : 'fragment',
        settle: (action) => {
          slice.ownAction = action;
          if (action === 'defer') {
            this.#parts.onDefer();
          }
          if (slice.whole !== undefined) {
            this.resolve(slice.whole, slice);
          }
        },
      }));
  }

  /** Does what can be done with what is known: called when either verdict comes. */
  resolve(whole: Whole, slice: Slice): void {
    if (whole.action === undefined || slice.slots.every(({ slot }) => slot.source !== undefined)) {
      return;
    }
    if (whole.action === 'block') {
      blank(slice);
      slice.held.withhold(this.#parts.onBlock);
    } else if (slice.item.class !== 'decoded') {
      this.#locating.set(slice.message, slice);
      this.#parts.emit({ kind: 'locate', message: whole.message, needle: slice.message });
    } else if (slice.ownAction !== undefined) {
      // A piece of a decoded part may hold half of what the whole part would show.
      const isProven = whole.action === 'deliver' || slice.item.origin === undefined;
      releaseOwn(slice, slice.ownAction === 'deliver' && isProven);
    }
  }

  located(needle: MessageId, found: Located): void {
    const slice = this.#locating.get(needle);
    const whole = slice?.whole;
    this.#locating.delete(needle);
    if (slice === undefined || whole === undefined) {
      return;
    }
    const [start, ...alsoAt] = found.offsets;
    if (start === undefined) {
      this.#judgeAlone(whole, slice);
    } else if (alsoAt.length === 0 && !found.more) {
      setSource(slice, { kind: 'release', message: whole.message, start });
      this.#learn(whole, slice, start);
    } else {
      setSource(slice, { kind: 'release', message: whole.message, start, alsoAt, uncertain: found.more });
    }
  }

  /** Not a substring: the server normalised it. Only what is clean by itself, of a clean message, may pass. */
  #judgeAlone(whole: Whole, slice: Slice): void {
    if (whole.action !== 'deliver') {
      blank(slice);
      return;
    }
    const settle = (action: Action) => {
      if (action === 'defer') {
        this.#parts.onDefer();
      } else {
        releaseOwn(slice, action === 'deliver');
      }
    };
    this.#parts.verdicts.ask(
      { message: slice.message, subject: 'fragment', settle },
      'interactive',
      undefined,
    );
  }

  /** Where the section stands, so that its following ranges need no download. */
  #learn(whole: Whole, slice: Slice, offset: number): void {
    const { uid } = whole.held;
    const kept = uid === undefined ? undefined : this.#parts.kept.find('uid', uid);
    const key = sectionKey(slice.item);
    if (kept?.message !== whole.message || key === '') {
      return;
    }
    const start = offset - (slice.item.origin ?? 0);
    const length = sectionLength(kept, slice, start);
    if (length !== undefined && start >= 0 && start + length <= whole.size) {
      kept.sections.set(key, { start, length });
    }
  }
}

function sectionLength(kept: KeptMessage, slice: Slice, start: number): number | undefined {
  const { item, asked } = slice;
  const size = slice.slots[0]?.slot.size ?? 0;
  if (item.origin === undefined || (asked !== undefined && size < asked)) {
    return (item.origin ?? 0) + size; // all of it, or its end
  }
  const key = sectionKey(item);
  return key === 'TEXT' ? kept.size - start : kept.partSizes.get(key);
}

function setSource(slice: Slice, source: Source): void {
  slice.slots.forEach(({ slot }) => (slot.source = source));
}

function releaseOwn(slice: Slice, isClean: boolean): void {
  if (!isClean) {
    blank(slice);
    return;
  }
  for (const { slot, start } of slice.slots) {
    slot.source = { kind: 'release', message: slice.message, start };
  }
}

function blank(slice: Slice): void {
  setSource(slice, { kind: 'blank', message: slice.message });
}
