import type { Channel } from './channel.ts';
import type { TurnBudget } from './flow/turn-budget.ts';
import type { ReleaseJob } from './release-job.ts';

/**
 * A last piece with its tail is at most 12 KiB and must not be split over TLS records (16 KiB), which are cut
 * from what is written together: more than this before it, and it waits.
 */
const MAX_BEFORE_TAIL_BYTES = 3 * 1024;

type Item =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'release'; readonly job: ReleaseJob }
  | { readonly kind: 'barrier'; readonly run: () => Promise<void> };

type OutputChannel = Pick<
  Channel,
  'write' | 'vectored' | 'pendingBytes' | 'isCongested' | 'isSecure' | 'bytesWritten'
>;

/** A release whose last piece is with the socket, which reads the held bytes until they are written. */
interface Leaving {
  readonly job: ReleaseJob;
  /** Count of the channel with this release. */
  readonly end: number;
}

/**
 * `done`: next item. `more`: the same item again. `drain`: again when all is written. `turn`: again in a later turn
 * of the event loop. `wait`: a promise calls `pump` later.
 */
type Step = 'done' | 'more' | 'drain' | 'turn' | 'wait';

/**
 * Everything that goes to one side, strictly in order: bytes, ranges of held messages, and what has to
 * happen between them. Waits for a slow peer without holding up anybody else.
 */
export class OutputQueue {
  readonly #channel: OutputChannel;
  readonly #turns: TurnBudget;
  readonly #onFailure: (error: unknown) => void;
  readonly #items: Item[] = [];
  readonly #leaving: Leaving[] = [];
  /** Views of one batch; joined into one buffer before the batch ends. */
  #loose: Uint8Array[] = [];
  #queuedBytes = 0;
  /** A promise is under way or the pump is on the stack. */
  #isBusy = false;
  /** The turn budget calls `pump` later. */
  #awaitsTurn = false;
  #isClosed = false;

  constructor(channel: OutputChannel, turns: TurnBudget, onFailure: (error: unknown) => void) {
    this.#channel = channel;
    this.#turns = turns;
    this.#onFailure = onFailure;
  }

  /** Bytes in memory that wait here or in the socket; held messages not counted. */
  get queuedBytes(): number {
    return this.#queuedBytes + this.#channel.pendingBytes;
  }

  /** Was everything handed to the socket and written? */
  get isIdle(): boolean {
    return this.#items.length === 0 && this.#channel.pendingBytes === 0 && !this.#isBusy;
  }

  /** `bytes` is copied before `flush` returns. */
  send(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#loose.push(bytes);
  }

  release(job: ReleaseJob): void {
    this.#push({ kind: 'release', job });
  }

  /** Runs `task` when everything before it was written; what follows waits for it. */
  barrier(task: () => Promise<void>): void {
    this.#push({ kind: 'barrier', run: task });
  }

  /** Ends a batch: hands over as much as the socket takes. */
  flush(): void {
    this.#seal();
    this.pump();
  }

  /** Forgets what was not written. */
  close(): void {
    this.#isClosed = true;
    for (const item of this.#items) finishItem(item);
    this.#items.length = 0;
    for (const { job } of this.#leaving) job.finish();
    this.#leaving.length = 0;
    this.#loose = [];
    this.#queuedBytes = 0;
  }

  /** Goes on after the socket drained. */
  pump(): void {
    this.#finishWritten();
    if (this.#isBusy || this.#items.length === 0) return;
    this.#isBusy = true;
    let step: Step = 'more';
    try {
      while (step === 'more') step = this.#round();
    } catch (error) {
      this.#onFailure(error);
    }
  }

  /** One vectored write. */
  #round(): Step {
    const progress: { step: Step } = { step: 'done' };
    this.#channel.vectored(() => {
      while (isGoing(progress.step) && this.#mayWrite()) progress.step = this.#step();
    });
    this.#finishWritten();
    if (progress.step === 'wait') return 'wait';
    const isDrained = progress.step !== 'drain' || this.#channel.pendingBytes === 0;
    if (isDrained && progress.step !== 'turn' && this.#mayWrite()) return 'more';
    this.#isBusy = false;
    return 'drain';
  }

  #mayWrite(): boolean {
    return this.#items.length > 0 && !this.#channel.isCongested;
  }

  #step(): Step {
    const item = this.#items[0];
    if (item === undefined) return 'done';
    const step = this.#perform(item);
    if (step === 'done') this.#next();
    return step;
  }

  // oxlint-disable-next-line typescript/consistent-return -- the switch is exhaustive, which tsc checks
  #perform(item: Item): Step {
    switch (item.kind) {
      case 'bytes':
        this.#queuedBytes -= item.bytes.length;
        this.#channel.write(item.bytes);
        return 'done';
      case 'release':
        return this.#releasePiece(item.job);
      case 'barrier':
        if (this.#channel.pendingBytes > 0) return 'drain';
        return this.#wait(item.run(), () => 'done');
    }
  }

  #releasePiece(job: ReleaseJob): Step {
    if (this.#turns.isSpent) return this.#awaitTurn();
    const isLast = job.isLast;
    if (job.sharesBuffer && this.#channel.pendingBytes > 0) return 'drain';
    const tail = isLast ? job.tail : undefined;
    if (tail !== undefined && this.#mightSplit) return 'drain';
    const write = (piece: Uint8Array): Step => {
      this.#turns.spend(piece.length);
      this.#channel.write(piece);
      if (tail !== undefined) this.#channel.write(tail);
      return isLast ? 'done' : 'more';
    };
    const piece = job.next();
    return piece instanceof Uint8Array ? write(piece) : this.#wait(piece, write);
  }

  #awaitTurn(): Step {
    if (this.#awaitsTurn) return 'turn';
    this.#awaitsTurn = true;
    this.#turns.later(() => {
      this.#awaitsTurn = false;
      this.pump();
    });
    return 'turn';
  }

  get #mightSplit(): boolean {
    return this.#channel.isSecure && this.#channel.pendingBytes > MAX_BEFORE_TAIL_BYTES;
  }

  #wait<T>(promise: Promise<T>, then: (value: T) => Step): Step {
    promise.then((value) => {
      if (this.#isClosed) return;
      this.#channel.vectored(() => {
        if (then(value) === 'done') this.#next();
      });
      this.#isBusy = false;
      this.pump();
    }, this.#onFailure);
    return 'wait';
  }

  #next(): void {
    const item = this.#items.shift();
    if (item?.kind !== 'release') return;
    if (this.#isClosed) item.job.finish();
    else this.#leaving.push({ job: item.job, end: this.#channel.bytesWritten });
  }

  /** The bytes of a message may be overwritten by those of another one as soon as it is let go. */
  #finishWritten(): void {
    if (this.#leaving.length === 0) return;
    const written = this.#channel.bytesWritten - this.#channel.pendingBytes;
    while ((this.#leaving[0]?.end ?? Infinity) <= written) this.#leaving.shift()?.job.finish();
  }

  #push(item: Item): void {
    this.#seal();
    if (this.#isClosed) finishItem(item);
    else this.#items.push(item);
  }

  #seal(): void {
    if (this.#loose.length === 0) return;
    const bytes = Buffer.concat(this.#loose);
    this.#loose = [];
    if (this.#isClosed) return;
    this.#queuedBytes += bytes.length;
    this.#items.push({ kind: 'bytes', bytes });
  }
}

function isGoing(step: Step): boolean {
  return step === 'done' || step === 'more';
}

function finishItem(item: Item): void {
  if (item.kind === 'release') item.job.finish();
}
