/**
 * Executes the effects of a relay in memory, in strict order, and checks the contract while it does so.
 * Stands in for `session.ts` in transcripts, unit tests and fuzz tests: no sockets, no timers, no scanner.
 */
import type { Action } from '../../src/gateway/policy/action.ts';
import type {
  CloseReason,
  Effect,
  MarkRequest,
  MessageId,
  Note,
  Relay,
  Side,
} from '../../src/gateway/relay.ts';
import type { Located } from '../../src/scan/scanner.ts';

export type ScanEffect = Extract<Effect, { kind: 'scan' }>;
type ReleaseEffect = Extract<Effect, { kind: 'release' }>;

export interface RelayHarnessHooks {
  /** Answers a scan. Default: deliver. */
  readonly verdict?: (scan: ScanEffect, content: Buffer) => Action;
  /** Called for every write, in order; one call is one write on the socket. */
  readonly onWrite?: (to: Side, bytes: Buffer) => void;
}

interface Entry {
  chunks: Buffer[];
  bytes: Buffer | undefined;
  byteLength: number;
  state: 'open' | 'scanning' | Action;
}

const HASH = 0x23;
const CR = 0x0d;
const LF = 0x0a;
/** `Scanner.locate` lists "every offset up to a small cap". */
const MAX_OFFSETS = 8;

/** Every byte but CR and LF becomes `#`. */
export function blanked(content: Uint8Array): Buffer {
  const copy = Buffer.from(content);
  for (let at = 0; at < copy.length; at += 1) {
    if (copy[at] !== CR && copy[at] !== LF) {
      copy[at] = HASH;
    }
  }
  return copy;
}

/** Stands in for `Scanner.neutralise`: every byte after the first empty line, except CR and LF, becomes `#`. */
export function neutralised(content: Uint8Array): Buffer {
  const copy = Buffer.from(content);
  const emptyLine = copy.indexOf('\r\n\r\n');
  if (emptyLine >= 0) {
    copy.set(blanked(copy.subarray(emptyLine)), emptyLine);
  }
  return copy;
}

export class RelayHarness {
  readonly relay: Relay;
  /** All writes so far. */
  readonly writes: Record<Side, Buffer[]> = { client: [], upstream: [] };
  readonly notes: Note[] = [];
  readonly scans: ScanEffect[] = [];
  /** While true, verdicts are kept back until `releaseVerdicts`. */
  hold = false;
  closed: CloseReason | undefined;
  /** The side whose handshake was asked for and not yet reported. */
  readonly handshakes = new Set<Side>();
  /** Largest sum of spooled bytes that was held at one time. */
  peakSpoolBytes = 0;

  readonly #hooks: RelayHarnessHooks;
  readonly #entries = new Map<MessageId, Entry>();
  readonly #used = new Set<MessageId>();
  #held: { id: MessageId; action: Action }[] = [];
  #answers: (() => Effect[])[] = [];
  #spoolBytes = 0;

  constructor(relay: Relay, hooks: RelayHarnessHooks = {}) {
    this.relay = relay;
    this.#hooks = hooks;
  }

  get openEntries(): number {
    return this.#entries.size;
  }

  fromClient(bytes: Uint8Array): void {
    this.#drive(() => this.relay.fromClient(bytes));
  }

  fromUpstream(bytes: Uint8Array): void {
    this.#drive(() => this.relay.fromUpstream(bytes));
  }

  tick(): void {
    if (!this.relay.isHolding) {
      throw new Error('tick while the relay is not holding');
    }
    this.#drive(() => this.relay.tick());
  }

  secured(side: Side): void {
    if (!this.handshakes.delete(side)) {
      throw new Error(`no TLS handshake was asked for on the ${side} side`);
    }
    this.#drive(() => this.relay.secured(side));
  }

  ended(side: Side): void {
    this.#drive(() => this.relay.ended(side));
  }

  drain(): void {
    this.#drive(() => this.relay.drain());
  }

  offer(mailbox: string, content: Uint8Array, settle: (taken: boolean) => void): void {
    this.#drive(() => this.relay.offer?.(mailbox, content, settle) ?? []);
  }

  mark(request: MarkRequest): void {
    this.#drive(() => this.relay.mark?.(request) ?? []);
  }

  unavailable(): void {
    this.#drive(() => this.relay.unavailable());
  }

  /** Hands over the verdicts that were kept back, oldest first, and keeps no more back. */
  releaseVerdicts(): void {
    this.hold = false;
    const held = this.#held;
    this.#held = [];
    for (const { id, action } of held) {
      this.#drive(() => this.#decide(id, action));
    }
  }

  /** How many verdicts are kept back. */
  get heldVerdicts(): number {
    return this.#held.length;
  }

  /** Hands over one verdict that was kept back, in whatever order; the others stay. */
  releaseVerdict(index: number): void {
    const [held] = this.#held.splice(index, 1);
    if (held !== undefined) {
      this.#drive(() => this.#decide(held.id, held.action));
    }
  }

  written(side: Side): Buffer {
    return Buffer.concat(this.writes[side]);
  }

  #drive(input: () => Effect[]): void {
    if (this.closed !== undefined) {
      return;
    }
    this.#execute(input());
    for (let answer = this.#answers.shift(); answer !== undefined; answer = this.#answers.shift()) {
      if (this.closed === undefined) {
        this.#execute(answer());
      }
    }
  }

  #execute(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (this.closed !== undefined) {
        throw new Error(`effect ${effect.kind} after close ${this.closed}`);
      }
      this.#perform(effect);
    }
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case 'send':
        this.#write(effect.to, Buffer.from(effect.bytes));
        break;
      case 'open':
        this.#open(effect.message);
        break;
      case 'spool':
        this.#spool(effect.message, effect.bytes);
        break;
      case 'scan':
        this.#scan(effect);
        break;
      case 'locate':
        this.#locate(effect.message, effect.needle);
        break;
      case 'release':
        this.#release(effect);
        break;
      case 'discard':
        this.#discard(effect.message);
        break;
      case 'startTls':
        this.handshakes.add(effect.side);
        break;
      case 'close':
        this.closed = effect.reason;
        break;
      case 'note':
        this.notes.push(effect.note);
        break;
    }
  }

  #write(to: Side, bytes: Buffer): void {
    this.writes[to].push(bytes);
    this.#hooks.onWrite?.(to, bytes);
  }

  #open(id: MessageId): void {
    if (this.#used.has(id)) {
      throw new Error(`message id ${id} was used before`);
    }
    this.#used.add(id);
    this.#entries.set(id, { chunks: [], bytes: undefined, byteLength: 0, state: 'open' });
  }

  #entry(id: MessageId): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      throw new Error(`message ${id} is not in the spool`);
    }
    return entry;
  }

  /** The bytes as the server sent them. */
  #original(entry: Entry): Buffer {
    entry.bytes ??= Buffer.concat(entry.chunks);
    entry.chunks = [];
    return entry.bytes;
  }

  #spool(id: MessageId, bytes: Uint8Array): void {
    const entry = this.#entry(id);
    if (entry.bytes !== undefined || entry.state !== 'open') {
      throw new Error(`message ${id} grew after it was complete`);
    }
    entry.chunks.push(Buffer.from(bytes));
    entry.byteLength += bytes.length;
    this.#spoolBytes += bytes.length;
    this.peakSpoolBytes = Math.max(this.peakSpoolBytes, this.#spoolBytes);
  }

  #scan(effect: ScanEffect): void {
    const entry = this.#entry(effect.message);
    if (entry.state !== 'open') {
      throw new Error(`message ${effect.message} was scanned twice`);
    }
    entry.state = 'scanning';
    this.scans.push(effect);
    const action = this.#hooks.verdict?.(effect, this.#original(entry)) ?? 'deliver';
    if (this.hold) {
      this.#held.push({ id: effect.message, action });
    } else {
      this.#answers.push(() => this.#decide(effect.message, action));
    }
  }

  #decide(id: MessageId, action: Action): Effect[] {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      return []; // the relay gave up on it: the session aborts such a scan and reports nothing
    }
    entry.state = action;
    return this.relay.decided(id, action);
  }

  #locate(message: MessageId, needle: MessageId): void {
    const found = locate(this.#original(this.#entry(message)), this.#original(this.#entry(needle)));
    this.#answers.push(() => this.relay.located(message, needle, found));
  }

  #release(effect: ReleaseEffect): void {
    const entry = this.#entry(effect.message);
    const blank = effect.blank === true;
    const isUnscannedUpload = effect.unjudged === true && effect.to === 'upstream' && entry.state === 'open';
    if (entry.state !== 'deliver' && entry.state !== 'neutralise' && !blank && !isUnscannedUpload) {
      throw new Error(`message ${effect.message} released in state ${entry.state}`);
    }
    const original = this.#original(entry);
    if (effect.start < 0 || effect.start > effect.end || effect.end > original.length) {
      throw new Error(`release [${effect.start}, ${effect.end}) of ${original.length} bytes`);
    }
    const overlaid = entry.state === 'neutralise' ? neutralised(original) : original;
    const masked = blank || isDoubtful(effect, original, overlaid);
    const slice = overlaid.subarray(effect.start, effect.end);
    const parts = encodeInTwo(masked ? blanked(slice) : slice, effect);
    this.#write(effect.to ?? 'client', Buffer.concat([...parts, effect.tail ?? Buffer.alloc(0)]));
  }

  #discard(id: MessageId): void {
    this.#spoolBytes -= this.#entry(id).byteLength;
    this.#entries.delete(id);
  }
}

/** The bytes stand at several places and the overlay touches one of them (or places are not all known). */
function isDoubtful(effect: ReleaseEffect, original: Buffer, overlaid: Buffer): boolean {
  const { alsoAt = [], uncertain = false, start, end } = effect;
  if (alsoAt.length === 0 && !uncertain) {
    return false;
  }
  const touched = [start, ...alsoAt].some(
    (at) => !original.subarray(at, at + end - start).equals(overlaid.subarray(at, at + end - start)),
  );
  return touched || (uncertain && !original.equals(overlaid));
}

/** Two chunks, so that an encoder that forgets its state between chunks is caught. */
function encodeInTwo(content: Buffer, effect: ReleaseEffect): Uint8Array[] {
  const { encoder } = effect;
  if (encoder === undefined) {
    return [content];
  }
  const half = Math.floor(content.length / 2);
  // Copied at once: an encoder may reuse its output buffer.
  return [content.subarray(0, half), content.subarray(half)].map((chunk) =>
    Buffer.from(encoder.encode(chunk)),
  );
}

function locate(haystack: Buffer, needle: Buffer): Located {
  const offsets: number[] = [];
  let at = haystack.indexOf(needle);
  while (at >= 0 && offsets.length < MAX_OFFSETS) {
    offsets.push(at);
    at = at + 1 > haystack.length - needle.length ? -1 : haystack.indexOf(needle, at + 1);
  }
  return { offsets, more: at >= 0 };
}
