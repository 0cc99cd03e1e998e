import type { Clock } from '../base/clock.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Located, Scanner } from '../scan/scanner.ts';
import type { BackgroundScans } from './background-scans.ts';
import type { ClientApplication, MessageJudge } from './message-judge.ts';
import type { FlowControl } from './flow/flow-control.ts';
import type { FlowOwner, FlowStream } from './flow/flow-stream.ts';
import { MessageSpool } from './message-spool.ts';
import type { Overlay } from './overlay.ts';
import type { Action } from './policy/action.ts';
import type { Effect, MessageId } from './relay.ts';
import { ReleaseJob } from './release-job.ts';
import { SessionSpoolAccount, type SpoolBudget } from './spool-budget.ts';
import type { SpoolObserver } from './spool-file.ts';

/** Scans of one session at a time; the rest of a mailbox sync waits its turn. */
const MAX_CONCURRENT_SCANS = 8;

/** A worker that is told to stop may be reading the file; a descriptor that is reused names another message. */
const ABANDONED_FILE_MS = 5_000;

/** Made once: a new one with its stack costs each session 0.2 ms. */
const SESSION_OVER = new DOMException('the session is over', 'AbortError');

type ScanEffect = Extract<Effect, { kind: 'scan' }>;
type ReleaseEffect = Extract<Effect, { kind: 'release' }>;
type State = 'open' | 'scanning' | 'complete' | Action;

interface Entry {
  readonly spool: MessageSpool;
  /** What the program was known as when the message began to arrive. */
  readonly application: ClientApplication | undefined;
  state: State;
  overlay: Overlay | undefined;
  completedAt: number;
}

/** Answers to what was asked; all asynchronous. */
export interface HeldMessagesOwner extends SpoolObserver, FlowOwner {
  decided(message: MessageId, action: Action): void;
  located(message: MessageId, needle: MessageId, found: Located): void;
  failed(error: unknown): void;
}

export interface HeldMessagesParts {
  readonly sessionId: string;
  readonly listener: string;
  /** Undefined until the program said it. */
  readonly application?: () => ClientApplication | undefined;
  readonly budget: SpoolBudget;
  readonly memoryBytesPerMessage: number;
  readonly flow: FlowControl;
  readonly scanner: Scanner;
  readonly judge: MessageJudge;
  readonly background: BackgroundScans;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * The messages of one session that nobody may have yet. The second lock of "no leak" is here: whatever a
 * relay asks for, only what was judged and allowed leaves, or blanks.
 */
export class HeldMessages {
  readonly #parts: HeldMessagesParts;
  readonly #owner: HeldMessagesOwner;
  readonly #stream: FlowStream;
  readonly #account: SessionSpoolAccount;
  readonly #entries = new Map<MessageId, Entry>();
  readonly #waiting: (() => void)[] = [];
  /** Made for the first scan: most sessions are idle ones, and pay for what they do not use. */
  #signals: { readonly live: AbortController; readonly scan: AbortController } | undefined;
  #isOver = false;
  #areScansOver = false;
  #running = 0;
  #scans = 0;

  constructor(parts: HeldMessagesParts, owner: HeldMessagesOwner) {
    this.#parts = parts;
    this.#owner = owner;
    this.#stream = parts.flow.open(owner, parts.sessionId);
    this.#account = new SessionSpoolAccount(parts.budget, this.#stream, parts.memoryBytesPerMessage);
  }

  get count(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#account.bytes;
  }

  /** Will an answer arrive without anybody sending anything? */
  get isWorking(): boolean {
    return this.#running > 0;
  }

  get isDiskBehind(): boolean {
    return this.#account.isDiskBehind;
  }

  /** Bytes of all entries that wait for the disk. */
  get pendingBytes(): number {
    return this.#account.pendingBytes;
  }

  /** Is the budget of the process so short that nothing more may come in? `resumed` or `overdue` follows. */
  get isPaused(): boolean {
    return this.#stream.isPaused;
  }

  /** From now on what is held counts as this user's. */
  belongsTo(user: string): void {
    if (user !== '') this.#stream.rename(user);
  }

  open(message: MessageId, sizeHint: number): void {
    if (this.#entries.has(message)) throw new Error(`message ${message} is open already`);
    const spool = new MessageSpool(this.#account, sizeHint, this.#owner);
    const application = this.#parts.application?.();
    this.#entries.set(message, { spool, application, state: 'open', overlay: undefined, completedAt: 0 });
  }

  append(message: MessageId, bytes: Uint8Array): void {
    const entry = this.#entry(message);
    if (entry.state !== 'open') throw new Error(`message ${message} grew after it was complete`);
    entry.spool.append(bytes);
  }

  /** Answered by `decided`. */
  scan(effect: ScanEffect, user: string): void {
    const entry = this.#entry(effect.message);
    // A value that was sought in its message and not found there is judged by itself.
    const isUnjudged = entry.state === 'open' || entry.state === 'complete';
    if (!isUnjudged) throw new Error(`message ${effect.message} is scanned twice`);
    entry.state = 'scanning';
    entry.completedAt = this.#parts.clock.monotonic();
    entry.spool.retain();
    this.#parts.metrics.held.inc();
    this.#waiting.push(() => void this.#judge(effect, entry, user));
    this.#startWaiting();
  }

  /** Answered by `located`. */
  locate(message: MessageId, needle: MessageId): void {
    const whole = this.#entry(message);
    const part = this.#entry(needle);
    if (part.state === 'open') part.state = 'complete';
    this.#running += 1;
    void this.#locate(whole.spool, part.spool).then(
      (found) => {
        this.#running -= 1;
        if (!this.#isOver) this.#owner.located(message, needle, found);
      },
      (error: unknown) => this.#owner.failed(error),
    );
  }

  /** What may leave of an entry. Throws when it was not judged or not allowed. */
  release(effect: ReleaseEffect): ReleaseJob {
    const entry = this.#entry(effect.message);
    const blank = effect.blank === true || isAmbiguous(effect, entry.overlay);
    if (!blank && !mayLeave(entry, effect)) {
      throw new Error(`message ${effect.message} may not leave: ${entry.state}`);
    }
    this.#observeLatency(entry);
    const { start, end, encoder, tail } = effect;
    return new ReleaseJob(entry.spool, { start, end, blank, encoder, tail, overlay: entry.overlay });
  }

  discard(message: MessageId): void {
    this.#entry(message).spool.release();
    this.#entries.delete(message);
  }

  /** The session is over. `finishScans`: for the verdict cache only, because the client will be back. */
  close(finishScans: boolean): void {
    this.#isOver = true;
    this.#signals?.live.abort(SESSION_OVER);
    if (!finishScans) {
      this.#areScansOver = true;
      this.#signals?.scan.abort(SESSION_OVER);
    }
    this.#stream.close();
    for (const run of this.#waiting.splice(0)) run();
    for (const entry of this.#entries.values()) entry.spool.release();
    this.#entries.clear();
  }

  #entry(message: MessageId): Entry {
    const entry = this.#entries.get(message);
    if (entry === undefined) throw new Error(`message ${message} is not held`);
    return entry;
  }

  #startWaiting(): void {
    while (this.#scans < MAX_CONCURRENT_SCANS) {
      const run = this.#waiting.shift();
      if (run === undefined) return;
      run();
    }
  }

  async #judge(effect: ScanEffect, entry: Entry, user: string): Promise<void> {
    this.#scans += 1;
    this.#running += 1;
    try {
      await this.#judgeNow(effect, entry, user);
    } catch (error) {
      if (!this.#isOver) this.#owner.failed(error);
    } finally {
      this.#scans -= 1;
      this.#running -= 1;
      this.#letGo(entry.spool);
      this.#parts.metrics.held.dec();
      this.#startWaiting();
      if (!this.#isOver) this.#owner.progressed();
    }
  }

  async #judgeNow(effect: ScanEffect, entry: Entry, user: string): Promise<void> {
    const { subject, lane, context } = effect;
    const message = await entry.spool.complete();
    if (this.#isOver) throw SESSION_OVER;
    const scan = { id: `${this.#parts.sessionId}-${effect.message}`, subject, message, lane, user };
    const { application } = entry;
    const request = { scan, context, isUpload: effect.upload === true, application };
    this.#signals ??= { live: new AbortController(), scan: new AbortController() };
    const signals = { live: this.#signals.live.signal, scan: this.#signals.scan.signal };
    const { action, overlay, isAnswered } = await this.#parts.judge.judge(request, signals);
    if (isAnswered && action !== 'defer') entry.spool.throughWithThreads();
    if (this.#isOver) throw SESSION_OVER;
    if (action === 'defer') this.#parts.background.start(scan, entry.spool);
    if (this.#entries.get(effect.message) !== entry) return;
    entry.state = action;
    entry.overlay = overlay;
    this.#owner.decided(effect.message, action);
  }

  async #locate(whole: MessageSpool, part: MessageSpool): Promise<Located> {
    whole.retain();
    part.retain();
    try {
      return await this.#parts.scanner.locate(await whole.complete(), await part.complete());
    } finally {
      whole.release();
      part.release();
    }
  }

  #letGo(spool: MessageSpool): void {
    if (spool.isInMemory || !this.#areScansOver) spool.release();
    else this.#parts.clock.after(ABANDONED_FILE_MS, () => spool.release());
  }

  #observeLatency(entry: Entry): void {
    if (entry.completedAt === 0) return;
    const { metrics, clock, listener } = this.#parts;
    metrics.addedLatency.observe({ protocol: listener }, (clock.monotonic() - entry.completedAt) / 1000);
    entry.completedAt = 0;
  }
}

function mayLeave(entry: Entry, effect: ReleaseEffect): boolean {
  if (entry.state === 'deliver') return true;
  if (effect.unjudged === true) return effect.to === 'upstream' && entry.state === 'open';
  return entry.state === 'neutralise' && entry.overlay !== undefined && effect.to !== 'upstream';
}

/** The bytes stand in more than one place: if any of these was replaced, it is not known which was meant. */
function isAmbiguous(effect: ReleaseEffect, overlay: Overlay | undefined): boolean {
  if (overlay === undefined) return false;
  if (effect.uncertain === true) return true;
  const length = effect.end - effect.start;
  return (effect.alsoAt ?? []).some((start) => overlay.touches(start, start + length));
}
