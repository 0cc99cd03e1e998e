import type { Clock } from '../../base/clock.ts';
import { LiveSet } from '../../base/live-set.ts';
import type { Metrics } from '../../base/metrics.ts';
import { type FlowKeeper, type FlowOwner, FlowStream } from './flow-stream.ts';
import { TurnBudget } from './turn-budget.ts';
import { WaitingStreams } from './waiting-streams.ts';

/** Most mail is below: a stream that holds no more than this goes on while heavier ones wait. */
const LIGHT_BYTES = 256 * 1024;
/** One of this many parts of the budget is for light streams only. */
const RESERVED_SHARE = 16;
/** Dovecot drops a client that does not read for 5 min; one keep-alive octet every 5 s lasts a little longer than this. */
const MAX_PAUSE_MS = 120_000;
/** While streams wait: how often it is looked who waited too long, and what idle sessions can do without. */
const LOOK_MS = 5_000;

export interface FlowParts {
  /** Bytes of held messages of all sessions, in memory and in files. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/**
 * The byte budget of the process for held messages. A message is granted its announced size before its content
 * is read, so that what was begun can be finished; what is not granted waits, and its server is not read.
 *
 * A user may hold as much as stays free beside it: the more of the budget is in use, the smaller every share, so
 * the heaviest streams wait first, and who holds nothing yet finds room. Light streams have a reserve.
 */
export class FlowControl implements FlowKeeper {
  /** The bytes of one turn of the event loop, next to those that are held. */
  readonly turns = new TurnBudget();
  readonly #parts: FlowParts;
  readonly #streams = new LiveSet<FlowStream>();
  readonly #waiting = new WaitingStreams();
  readonly #users = new Map<string, number>();
  #granted = 0;
  /** The part of it whose streams do not wait: it comes back without anybody else making room. */
  #moving = 0;
  #isPumping = false;
  #isLooking = false;

  constructor(parts: FlowParts) {
    this.#parts = parts;
    parts.metrics.flowBudget.set(parts.maxBytes);
  }

  /** `user`: whose share counts; it may become known later. */
  open(owner: FlowOwner, user: string): FlowStream {
    const stream = new FlowStream(this, owner, user);
    stream.place = this.#streams.add(stream);
    return stream;
  }

  isWaiting(stream: FlowStream): boolean {
    return this.#waiting.has(stream);
  }

  admit(stream: FlowStream): void {
    if (this.#waiting.has(stream)) return;
    const mayPass = this.#waiting.size === 0 || isLight(stream);
    if (mayPass && this.#hasRoomFor(stream)) return this.#count(stream, stream.missing);
    this.#moving -= stream.granted;
    this.#waiting.add(stream, this.#parts.clock.monotonic());
    this.#parts.metrics.flowPauses.inc();
    this.#parts.metrics.flowPaused.set(this.#waiting.size);
    this.#pump();
    this.#look();
  }

  settle(stream: FlowStream): void {
    this.#count(stream, Math.min(0, stream.wanted - stream.granted));
    this.#pump();
  }

  rename(stream: FlowStream, user: string): void {
    this.#countUser(stream.user, -stream.granted);
    this.#countUser(user, stream.granted);
  }

  forget(stream: FlowStream): void {
    this.#streams.remove(stream.place, stream);
    if (this.#waiting.has(stream)) this.#endWait(stream);
    this.#pump();
  }

  #hasRoomFor(stream: FlowStream): boolean {
    const { missing, user } = stream;
    // A message that is larger than the whole budget is in nobody's way when it is alone.
    if (missing === 0 || this.#granted === 0) return true;
    const free = this.#parts.maxBytes - this.#granted;
    if (isLight(stream) || this.#moving === 0) return missing <= free;
    return this.#bytesOf(user) + missing <= free - this.#parts.maxBytes / RESERVED_SHARE;
  }

  #count(stream: FlowStream, bytes: number): void {
    if (bytes === 0) return;
    stream.granted += bytes;
    this.#granted += bytes;
    if (!this.#waiting.has(stream)) this.#moving += bytes;
    this.#countUser(stream.user, bytes);
    this.#parts.metrics.flowGranted.set(this.#granted);
  }

  #countUser(user: string, bytes: number): void {
    const sum = this.#bytesOf(user) + bytes;
    if (sum === 0) this.#users.delete(user);
    else this.#users.set(user, sum);
  }

  #bytesOf(user: string): number {
    return this.#users.get(user) ?? 0;
  }

  /** Once after all that happens now, because owners read on when they are told. */
  #pump(): void {
    if (this.#isPumping || this.#waiting.size === 0) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#serve();
    });
  }

  /** The lightest user first; while he waits for room only light streams pass him. */
  #serve(): void {
    for (;;) {
      const next = this.#waiting.lightest((stream) => this.#bytesOf(stream.user));
      if (next === undefined) return;
      if (!this.#hasRoomFor(next)) break;
      this.#resume(next);
    }
    for (const stream of this.#waiting.filter(isLight)) {
      if (this.#waiting.has(stream) && this.#hasRoomFor(stream)) this.#resume(stream);
    }
  }

  #resume(stream: FlowStream): void {
    this.#endWait(stream);
    this.#count(stream, stream.missing);
    stream.owner.resumed();
  }

  #endWait(stream: FlowStream): void {
    this.#waiting.remove(stream);
    this.#moving += stream.granted;
    this.#parts.metrics.flowPaused.set(this.#waiting.size);
  }

  /** One timer for all who wait. */
  #look(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#parts.clock.after(LOOK_MS, () => {
      this.#isLooking = false;
      if (this.#waiting.size === 0) return;
      this.#endOverdue();
      for (const { owner } of this.#streams) owner.shed();
      this.#look();
    });
  }

  #endOverdue(): void {
    for (const stream of this.#waiting.takeOverdue(this.#parts.clock.monotonic() - MAX_PAUSE_MS)) {
      this.#parts.metrics.flowOverdue.inc();
      stream.owner.overdue();
    }
  }
}

/** Counts everything that the stream will hold when its messages are whole. */
function isLight(stream: FlowStream): boolean {
  return stream.wanted <= LIGHT_BYTES;
}
