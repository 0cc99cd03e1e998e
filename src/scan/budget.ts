import type { DecodeRoom } from './decode-room.ts';
import type { UnscannableCause } from './verdict.ts';

/** Every limit of one scan. Defaults and their origin: docs/LIMITS.md. */
export interface ScanLimits {
  /** Raw message, bytes. */
  readonly maxMessageBytes: number;
  /** MIME nesting (multiparts and embedded messages). */
  readonly maxMimeDepth: number;
  /** MIME parts of all views. */
  readonly maxParts: number;
  /** One header block, bytes. */
  readonly maxHeaderBytes: number;
  /** Fields of one header block. */
  readonly maxHeaderFields: number;
  /** Interpretations of one part. */
  readonly maxViews: number;
  /** Container nesting (archives in archives). */
  readonly maxContainerDepth: number;
  /** Pieces of one message, over all views and containers. */
  readonly maxPieces: number;
  /** One unpacked object, bytes. */
  readonly maxObjectBytes: number;
  /** All decoded and unpacked bytes of one message. */
  readonly maxTotalBytes: number;
  /** Output to input of one object, counted only above `ratioFloorBytes` of output. */
  readonly maxRatio: number;
  readonly ratioFloorBytes: number;
  /** From dequeue to verdict, milliseconds. */
  readonly timeMs: number;
}

/** Sources of programs have about five spellings each, and many files. */
const SPELLINGS_PER_PIECE = 4;

/** Thrown by `Budget` and by decoders: the scan (or one piece of it) cannot go on. Becomes `unscannable`. */
export class ScanLimitError extends Error {
  override readonly name = 'ScanLimitError';
  readonly scanCause: UnscannableCause;
  constructor(scanCause: UnscannableCause, detail: string) {
    super(detail);
    this.scanCause = scanCause;
  }
}

/** What one message may still cost. One instance per scan, passed down every call; spending too much throws. */
export class Budget {
  readonly limits: ScanLimits;
  readonly #now: () => number;
  readonly #deadline: number;
  readonly #room: DecodeRoom | undefined;
  #totalBytes = 0;
  #pieces = 0;
  #parts = 0;

  /** `now` is a monotonic clock in milliseconds. `room`: where decoded contents go until the scan is over. */
  constructor(limits: ScanLimits, now: () => number, room?: DecodeRoom) {
    this.limits = limits;
    this.#room = room;
    this.#now = now;
    this.#deadline = now() + limits.timeMs;
  }

  /** Milliseconds left, never negative. */
  remainingMs(): number {
    return Math.max(0, this.#deadline - this.#now());
  }

  /** Throws `timeout` once the deadline has passed. Cheap enough for every few kilobytes of work. */
  checkTime(): void {
    if (this.#now() >= this.#deadline) {
      throw new ScanLimitError('timeout', `scan exceeded ${this.limits.timeMs} ms`);
    }
  }

  /** Memory for decoded content, with anything in it, valid until the scan is over. */
  allocate(length: number): Buffer {
    return this.#room?.allocate(length) ?? Buffer.allocUnsafe(length);
  }

  /** The memory of `bytes`, which a decoder asked for itself, is needed until the scan is over and by nobody else. */
  adopt(bytes: Uint8Array): void {
    this.#room?.adopt(bytes);
  }

  /** Counts `bytes` of decoded or unpacked output. */
  spendBytes(bytes: number): void {
    this.#totalBytes += bytes;
    if (this.#totalBytes > this.limits.maxTotalBytes) {
      throw new ScanLimitError('bomb', `decoded output exceeds ${this.limits.maxTotalBytes} bytes`);
    }
  }

  /** Bytes that may still be produced for one object. */
  objectAllowance(): number {
    return Math.min(this.limits.maxObjectBytes, this.limits.maxTotalBytes - this.#totalBytes);
  }

  /** `isSpelled`: a text in another spelling, of which one text has several; so many count as one. */
  spendPiece(isSpelled = false): void {
    this.#pieces += isSpelled ? 1 / SPELLINGS_PER_PIECE : 1;
    if (this.#pieces > this.limits.maxPieces) {
      throw new ScanLimitError('bomb', `more than ${this.limits.maxPieces} pieces`);
    }
  }

  spendPart(): void {
    this.#parts += 1;
    if (this.#parts > this.limits.maxParts) {
      throw new ScanLimitError('bomb', `more than ${this.limits.maxParts} MIME parts`);
    }
  }

  /** Throws `bomb` when one object grew out of proportion to what it was unpacked from. */
  checkRatio(inputBytes: number, outputBytes: number): void {
    const { maxRatio, ratioFloorBytes } = this.limits;
    if (outputBytes > ratioFloorBytes && outputBytes > inputBytes * maxRatio) {
      throw new ScanLimitError('bomb', `expansion above ${maxRatio}:1`);
    }
  }

  get pieces(): number {
    return this.#pieces;
  }
}
