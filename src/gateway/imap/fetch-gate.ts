import type { Action } from '../policy/action.ts';
import type { Effect, MessageContext, MessageId } from '../relay.ts';
import type { Located } from '../../scan/scanner.ts';
import type { ClientOutput } from './client-output.ts';
import {
  type Cut,
  type DecodedCuts,
  type FetchPlan,
  isAdded,
  isSeenProbe,
  responseKey,
  sectionKey,
} from './fetch-plan.ts';
import { HeldFetch, type NewValue, type ValueSlot } from './held-fetch.ts';
import { HeldLine } from './held-line.ts';
import type { KeptMessages } from './kept-messages.ts';
import { IMAP_LIMITS } from './limits.ts';
import { PendingVerdicts, type ScanWish } from './pending-verdicts.ts';
import { type Slice, SliceDesk, type Whole } from './slice-desk.ts';
import { ByteCollector } from './wire/byte-collector.ts';
import { readPartSizes } from './wire/body-structure.ts';
import type { FetchItem } from './wire/fetch-item.ts';
import { FetchResponseReader } from './wire/fetch-response-reader.ts';
import type { LiteralHeader } from './wire/fragmenter.ts';
import { WireError } from './wire/wire-error.ts';

/** What the gate needs from the relay around it. */
export interface GateParts {
  readonly emit: (effect: Effect) => void;
  readonly output: ClientOutput;
  readonly kept: KeptMessages;
  readonly newMessage: () => MessageId;
  readonly contextOf: (uid: number | undefined) => MessageContext;
  /** A response that says which message it is about; `isUid`: its number is the UID (UIDONLY). */
  readonly onMessage: (uid: number | undefined, number: number, isUid: boolean) => void;
  /** The answer has to wait: the session says goodbye. */
  readonly onDefer: () => void;
  /** A message was withheld without a substitute: its command ends in NO. */
  readonly onBlock: () => void;
}

/** The response that is coming in. */
interface Current {
  readonly held: HeldFetch;
  readonly reader: FetchResponseReader;
  readonly plan: FetchPlan | undefined;
  readonly lane: 'interactive' | 'bulk';
  whole: Whole | undefined;
  readonly slices: Slice[];
  /** Scans to ask for when the response is complete and its UID known. */
  readonly scans: ScanWish[];
  uidText: string | undefined;
  structure: string;
  /** Where the octets of the running literal go. */
  sink: { readonly kind: 'spool'; readonly message: MessageId } | { readonly kind: 'drop' } | Inline;
}
interface Inline {
  readonly kind: 'inline';
  readonly bytes: ByteCollector;
}

/**
 * Holds every FETCH response that carries content until it is judged, whoever asked for it, and decides where the
 * released bytes come from: whole messages from their own scan, slices by containment in the scanned message
 * (protocol notes 0.4), everything else by a scan of its own, or not at all.
 */
export class FetchGate {
  readonly #parts: GateParts;
  readonly #verdicts: PendingVerdicts;
  readonly #desk: SliceDesk;
  #current: Current | undefined;

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#verdicts = new PendingVerdicts(parts.emit, parts.contextOf);
    this.#desk = new SliceDesk({ ...parts, verdicts: this.#verdicts });
  }

  /** A FETCH response begins; `plan` is that of the FETCH which runs alone, if one does. */
  begin(number: number, keyword: string, plan: FetchPlan | undefined, lane: 'interactive' | 'bulk'): void {
    const held = new HeldFetch(number, keyword);
    const reader = new FetchResponseReader({
      onText: (item, text) => this.#onText(item, text),
      onString: (item, value) => this.#onString(item, value),
      onLiteral: (item, header) => this.#onLiteral(item, header),
    });
    const sink = { kind: 'drop' } as const;
    const structure = '';
    this.#current = {
      held,
      reader,
      plan,
      lane,
      whole: undefined,
      slices: [],
      scans: [],
      uidText: undefined,
      structure,
      sink,
    };
    this.#parts.output.hold(held);
  }

  /** In the middle of a response. */
  get isReading(): boolean {
    return this.#current !== undefined;
  }

  text(text: string): void {
    this.#expectCurrent().reader.text(text);
  }

  literal(header: LiteralHeader): void {
    const current = this.#expectCurrent();
    if (current.reader.literal(header) === 'inline') {
      current.sink = { kind: 'inline', bytes: new ByteCollector() };
    }
  }

  octets(bytes: Uint8Array, last: boolean): void {
    const current = this.#expectCurrent();
    const { sink } = current;
    if (sink.kind === 'spool') {
      this.#parts.emit({ kind: 'spool', message: sink.message, bytes });
    } else if (sink.kind === 'inline') {
      sink.bytes.add(bytes);
      if (last) {
        current.reader.inline(sink.bytes.take().toString('latin1'));
      }
    }
  }

  /** The response is complete: asks for the verdicts it waits for. */
  end(): void {
    const current = this.#expectCurrent();
    if (!current.reader.isDone) {
      throw new WireError('syntax', 'FETCH response without its end');
    }
    this.#current = undefined;
    const { uid, number, keyword } = current.held;
    this.#parts.onMessage(uid, number, keyword === 'UIDFETCH');
    this.#restoreUid(current);
    this.#splice(current);
    this.#pair(current);
    for (const wish of current.scans) {
      this.#verdicts.ask(wish, current.lane, current.held.uid);
    }
    current.held.complete();
  }

  /** A response line (without `* ` and CRLF) that may carry text of users. */
  judgeLine(text: string): void {
    if (text.length > IMAP_LIMITS.metadataLiteralBytes) {
      throw new WireError('line-too-long', 'metadata response too long');
    }
    const message = this.#parts.newMessage();
    const held = new HeldLine(`* ${text}\r\n`, message);
    this.#parts.output.hold(held);
    this.#parts.emit({ kind: 'open', message, sizeHint: text.length });
    this.#parts.emit({ kind: 'spool', message, bytes: Buffer.from(text, 'latin1') });
    const settle = (action: Action) => held.settle(action === 'deliver');
    this.#verdicts.ask({ message, subject: 'fragment', settle }, 'interactive', undefined);
  }

  /** The FETCH that ran alone is completed: the messages whose slices found no whole (one is fetched each). */
  unpaired(): readonly { readonly number: number; readonly uid: number | undefined }[] {
    return this.#desk.unpaired();
  }

  /** The server never sent the whole message: what is left fails closed. */
  abandonUnpaired(): void {
    this.#desk.abandonUnpaired();
  }

  /** Does this verdict belong to a FETCH? Then it was taken. */
  decided(message: MessageId, action: Action): boolean {
    return this.#verdicts.decided(message, action);
  }

  located(needle: MessageId, found: Located): void {
    this.#desk.located(needle, found);
  }

  #expectCurrent(): Current {
    if (this.#current === undefined) {
      throw new WireError('unexpected', 'content outside a FETCH response');
    }
    return this.#current;
  }

  #onText(item: FetchItem, text: string): void {
    const current = this.#expectCurrent();
    const { held, plan } = current;
    if (item.name === 'UID') {
      this.#onUid(item, text, current);
      return;
    }
    if (item.name === 'BODYSTRUCTURE') {
      current.structure = text;
    }
    if (item.class === 'whole') {
      plan?.wholeCuts.forEach((cut) => held.addText(`${cut.label} NIL`)); // expunged meanwhile
    }
    const decoded = decodedCutsOf(item, plan);
    decoded?.cuts.forEach((cut) => held.addText(`${cut.label} NIL`));
    if (decoded?.isWholeAsked === false) {
      return;
    }
    const isHarmless = item.class !== 'unknown' || /^(NIL|[0-9]{1,20})$/i.test(text);
    if (!isAdded(item, plan) && item.class !== 'hidden' && isHarmless) {
      held.addText(`${item.text} ${text}`);
    }
  }

  #onUid(item: FetchItem, text: string, current: Current): void {
    if (!/^[0-9]{1,10}$/.test(text)) {
      throw new WireError('syntax', 'malformed UID');
    }
    current.held.uid = Number(text);
    if (current.plan?.strips.uid === true) {
      current.uidText = `${item.text} ${text}`;
    } else {
      current.held.addText(`${item.text} ${text}`);
    }
  }

  /** An update that nobody asked for keeps its UID; only the answer to our own addition loses it. */
  #restoreUid(current: Current): void {
    const isSpliced =
      current.plan?.spliced !== undefined && current.plan.spliced.kept.uid === current.held.uid;
    const isAnswer = current.held.hasValues || current.whole !== undefined || isSpliced;
    if (current.uidText !== undefined && !isAnswer) {
      current.held.addText(current.uidText);
    }
  }

  #onString(item: FetchItem, value: string): void {
    const bytes = Buffer.from(value, 'latin1');
    this.#content(item, { size: bytes.length, nonSync: false, binary: false }, '""');
    const { sink } = this.#expectCurrent();
    if (sink.kind === 'spool' && bytes.length > 0) {
      this.#parts.emit({ kind: 'spool', message: sink.message, bytes });
    }
  }

  #onLiteral(item: FetchItem, header: LiteralHeader): void {
    const isRange = item.origin !== undefined;
    this.#content(item, header, isRange ? '""' : '{0}\r\n');
  }

  /** A content value begins: makes its place in the response and says where its octets go. */
  #content(item: FetchItem, header: LiteralHeader, empty: '""' | '{0}\r\n'): void {
    const current = this.#expectCurrent();
    current.sink = { kind: 'drop' };
    if (item.class === 'hidden' || item.class === 'unknown' || isSeenProbe(item, current.plan)) {
      return;
    }
    const slot = { label: item.text, size: header.size, binary: header.binary, empty };
    if (item.class === 'whole') {
      this.#beginWhole(current, slot);
    } else if (item.class === 'header') {
      // Where a header ends is a matter of reading: all of it, or all but a field, may be a message to somebody.
      this.#beginHeader(current, slot);
    } else {
      this.#beginSlice(current, item, slot);
    }
  }

  #spoolTo(current: Current, size: number): MessageId {
    const message = this.#parts.newMessage();
    this.#parts.emit({ kind: 'open', message, sizeHint: size });
    current.held.owns(message);
    current.sink = { kind: 'spool', message };
    return message;
  }

  #beginWhole(current: Current, slot: NewValue): void {
    const { held, plan } = current;
    this.#parts.kept
      .makeRoom(slot.size)
      .forEach((old) => this.#parts.output.effect({ kind: 'discard', message: old }));
    const isStripped = plan?.strips.whole === true && current.whole === undefined;
    const message = this.#spoolTo(current, slot.size);
    const slots: { slot: ValueSlot; start: number }[] = [];
    if (plan !== undefined && current.whole === undefined) {
      slots.push(...plan.wholeCuts.map((cut) => addCut(held, cut, slot)));
    }
    if (!isStripped) {
      slots.push({ slot: held.addValue(slot), start: 0 });
    }
    const sizes = () => readPartSizes(current.structure);
    const keep = plan?.keeps === true ? { sizes, mailbox: this.#parts.kept.mailbox } : undefined;
    const whole: Whole = { message, size: slot.size, held, action: undefined, slots, slices: [], keep };
    current.whole ??= whole;
    current.scans.push({
      message,
      subject: 'message',
      settle: (action) => this.#desk.settleWhole(whole, action),
    });
  }

  /** Judged by itself, or every list view would download the mailbox. */
  #beginHeader(current: Current, slot: NewValue): void {
    const value = current.held.addValue(slot);
    const message = this.#spoolTo(current, slot.size);
    if (slot.size === 0) {
      return;
    }
    const settle = (action: Action) => {
      if (action === 'defer') {
        this.#parts.onDefer();
        return;
      }
      value.source =
        action === 'deliver' ? { kind: 'release', message, start: 0 } : { kind: 'blank', message };
    };
    current.scans.push({ message, subject: 'message', settle });
  }

  #beginSlice(current: Current, item: FetchItem, slot: NewValue): void {
    const { held, plan } = current;
    const decoded = decodedCutsOf(item, plan);
    const slots = decoded?.cuts.map((cut) => addCut(held, cut, slot)) ?? [];
    if (decoded?.isWholeAsked !== false) {
      slots.push({ slot: held.addValue(slot), start: 0 });
    }
    const message = this.#spoolTo(current, slot.size);
    if (slot.size === 0) {
      return;
    }
    const asked = plan?.asked.get(responseKey(item));
    current.slices.push({ item, message, held, slots, asked, ownAction: undefined, whole: undefined });
  }

  /** Values from a kept message, for the one response that is about it. */
  #splice(current: Current): void {
    const spliced = current.plan?.spliced;
    if (spliced === undefined || spliced.isServed || current.held.uid !== spliced.kept.uid) {
      return;
    }
    spliced.isServed = true;
    if (current.structure !== '') {
      spliced.kept.partSizes = readPartSizes(current.structure);
    }
    for (const cut of spliced.cuts) {
      const slot = { label: cut.label, size: cut.length ?? 0, binary: false, empty: '""' } as const;
      current.held.addValue(slot, { kind: 'release', message: spliced.kept.message, start: cut.origin });
    }
  }

  /** Finds the whole message for the slices of a response: in it, kept, or still to come. */
  #pair(current: Current): void {
    const { held, whole, slices, plan } = current;
    if (slices.length === 0) {
      if (whole !== undefined) {
        this.#desk.pairEarlier(whole, held);
      }
      return;
    }
    current.scans.push(...this.#desk.ownScans(slices));
    const found = whole ?? this.#desk.keptWhole(held);
    if (found !== undefined) {
      this.#desk.attach(found, slices);
    } else if (plan !== undefined) {
      this.#desk.await(held, slices);
    } else {
      throw new WireError('unexpected', 'part of a message that nobody asked for');
    }
  }
}

/** The ranges that were asked of a decoded part, when this is all of it. */
function decodedCutsOf(item: FetchItem, plan: FetchPlan | undefined): DecodedCuts | undefined {
  const isAll = item.class === 'decoded' && item.origin === undefined;
  return isAll ? plan?.decodedCuts.get(sectionKey(item)) : undefined;
}

/** A range of a value that comes in whole. */
function addCut(held: HeldFetch, cut: Cut, from: NewValue): { slot: ValueSlot; start: number } {
  const start = Math.min(cut.origin, from.size);
  const size = Math.min(cut.length ?? from.size, from.size - start);
  return { slot: held.addValue({ label: cut.label, size, binary: from.binary, empty: '""' }), start };
}
