import type { MessageBytes } from '../scan/scanner.ts';
import { nativeCopy } from './native-copy.ts';
import type { Slab } from './slab-pool.ts';
import { SpoolFile, type SpoolObserver } from './spool-file.ts';

/** Smallest memory block; a size hint of zero (POP3 does not announce one) starts here and doubles. */
const FIRST_BLOCK_BYTES = 16 * 1024;
/** What a message without an announced size is taken for; it is expected to double, in steps of this at most. */
const FIRST_EXPECTED_BYTES = 64 * 1024;
const MAX_EXPECTED_STEP_BYTES = 4 * 1024 * 1024;

/** Where held bytes are kept and who counts them. */
export interface SpoolAccount {
  readonly directory: string;
  /** A message larger than this goes to a file. */
  readonly memoryBytesPerMessage: number;
  /** Memory for at least `bytes`; none sends the message to a file. */
  takeMemory(bytes: number): Slab | undefined;
  /** `mayServeAgain`: nothing reads it any more, here or in another thread. */
  giveMemory(slab: Slab, mayServeAgain: boolean): void;
  /** Bytes in files, counted up and down. */
  countFile(delta: number): void;
  /** Bytes on their way into files, counted up and down. */
  countPending(delta: number): void;
  /** Bytes that the messages will take when they are whole, counted up and down. */
  countExpected(delta: number): void;
}

/**
 * The bytes of one message while nobody may have them: shared memory first, an unlinked file above the limit
 * or when memory is short. Reference-counted, because a scan may outlive the session that asked for it.
 */
export class MessageSpool {
  readonly #account: SpoolAccount;
  readonly #observer: SpoolObserver;
  #slab: Slab | undefined;
  #file: SpoolFile | undefined;
  #used = 0;
  #expected = 0;
  #holders = 1;
  #isThroughWithThreads = false;

  /** `sizeHint` in bytes is what the server announced; it is a hint only and never trusted for memory. */
  constructor(account: SpoolAccount, sizeHint: number, observer: SpoolObserver) {
    this.#account = account;
    this.#observer = observer;
    const first = sizeHint > 0 ? sizeHint : Math.min(FIRST_BLOCK_BYTES, account.memoryBytesPerMessage);
    if (!this.#grow(first)) this.#moveToFile();
    this.#expect(sizeHint > 0 ? sizeHint : FIRST_EXPECTED_BYTES);
  }

  get byteLength(): number {
    return this.#used;
  }

  get isInMemory(): boolean {
    return this.#file === undefined;
  }

  /** Copies. Throws `SPOOL_FAILED` when the disk refuses. */
  append(bytes: Uint8Array): void {
    if (this.#file === undefined && !this.#fits(bytes.length)) this.#moveToFile();
    this.#used += bytes.length;
    if (this.#used > this.#expected) this.#expect(this.#used + Math.min(this.#used, MAX_EXPECTED_STEP_BYTES));
    if (this.#slab !== undefined) {
      nativeCopy(this.#slab.bytes, this.#used - bytes.length, bytes);
    } else {
      this.#file?.append(bytes);
      this.#account.countFile(bytes.length);
    }
  }

  /** The complete entry, readable in every thread. Rejects with `SPOOL_FAILED`. */
  async complete(): Promise<MessageBytes> {
    this.#expect(this.#used);
    if (this.#file !== undefined) {
      await this.#file.flushed();
      return { kind: 'file', fd: this.#file.fd, byteLength: this.#used };
    }
    const buffer = this.#slab?.memory ?? new SharedArrayBuffer(0);
    return { kind: 'memory', buffer, byteLength: this.#used };
  }

  /** Bytes `[start, end)` without a copy, when they are in memory. */
  view(start: number, end: number): Uint8Array | undefined {
    return this.#slab?.bytes.subarray(start, Math.min(end, this.#used));
  }

  /** Fills `buffer` with the bytes from `start` of a complete entry. Rejects with `SPOOL_FAILED`. */
  async read(start: number, buffer: Uint8Array): Promise<void> {
    await this.complete();
    if (this.#file === undefined) this.#slab?.bytes.copy(buffer, 0, start, start + buffer.length);
    else await this.#file.read(start, buffer);
  }

  retain(): void {
    this.#holders += 1;
  }

  /**
   * Every thread that was asked about the message has answered. Without it the memory never serves another
   * message: a scan that was given up may go on reading it in native code.
   */
  throughWithThreads(): void {
    this.#isThroughWithThreads = true;
  }

  /** The last holder gives memory and file back. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders !== 0) return;
    this.#expect(0);
    this.#giveMemory(this.#isThroughWithThreads);
    if (this.#file === undefined) return;
    this.#account.countFile(-this.#used);
    this.#file.close();
  }

  #expect(bytes: number): void {
    this.#account.countExpected(bytes - this.#expected);
    this.#expected = bytes;
  }

  #fits(more: number): boolean {
    const needed = this.#used + more;
    return needed <= (this.#slab?.bytes.length ?? 0) || this.#grow(needed);
  }

  #grow(needed: number): boolean {
    const limit = this.#account.memoryBytesPerMessage;
    const size = Math.min(limit, Math.max(needed, (this.#slab?.bytes.length ?? 0) * 2));
    const slab = needed > limit ? undefined : this.#account.takeMemory(size);
    if (slab === undefined) return false;
    nativeCopy(slab.bytes, 0, this.#held);
    this.#giveMemory(this.#isOnlyHere);
    this.#slab = slab;
    return true;
  }

  #moveToFile(): void {
    const file = new SpoolFile(this.#account, this.#observer);
    file.append(this.#held);
    this.#giveMemory(this.#isOnlyHere);
    this.#account.countFile(this.#used);
    this.#file = file;
  }

  get #held(): Uint8Array {
    return this.#slab?.bytes.subarray(0, this.#used) ?? new Uint8Array(0);
  }

  /** A message that still grows was shown to no thread; a holder more is a release that may not be written yet. */
  get #isOnlyHere(): boolean {
    return this.#holders === 1;
  }

  #giveMemory(mayServeAgain: boolean): void {
    if (this.#slab !== undefined) this.#account.giveMemory(this.#slab, mayServeAgain);
    this.#slab = undefined;
  }
}
