import type { MessageBytes } from '../scan/scanner.ts';
import { SpoolFile, type SpoolObserver } from './spool-file.ts';

/** Smallest memory block; a size hint of zero (POP3 does not announce one) starts here and doubles. */
const FIRST_BLOCK_BYTES = 16 * 1024;

/** Where held bytes are kept and who counts them. */
export interface SpoolAccount {
  readonly directory: string;
  /** A message larger than this goes to a file. */
  readonly memoryBytesPerMessage: number;
  /** Asks for `bytes` of memory; a refusal sends the message to a file. */
  reserveMemory(bytes: number): boolean;
  releaseMemory(bytes: number): void;
  /** Bytes in files, counted up and down. */
  countFile(delta: number): void;
}

/**
 * The bytes of one message while nobody may have them: shared memory first, an unlinked file above the limit
 * or when memory is short. Reference-counted, because a scan may outlive the session that asked for it.
 */
export class MessageSpool {
  readonly #account: SpoolAccount;
  readonly #observer: SpoolObserver;
  #memory: SharedArrayBuffer | undefined;
  #file: SpoolFile | undefined;
  #view: Uint8Array = new Uint8Array(0);
  #used = 0;
  #holders = 1;

  /** `sizeHint` in bytes is what the server announced; it is a hint only and never trusted for memory. */
  constructor(account: SpoolAccount, sizeHint: number, observer: SpoolObserver) {
    this.#account = account;
    this.#observer = observer;
    const first = sizeHint > 0 ? sizeHint : Math.min(FIRST_BLOCK_BYTES, account.memoryBytesPerMessage);
    if (!this.#grow(first)) this.#moveToFile();
  }

  get byteLength(): number {
    return this.#used;
  }

  get isInMemory(): boolean {
    return this.#file === undefined;
  }

  /** Bytes that wait for the disk. */
  get pendingBytes(): number {
    return this.#file?.pendingBytes ?? 0;
  }

  /** Copies. Throws `SPOOL_FAILED` when the disk refuses. */
  append(bytes: Uint8Array): void {
    if (this.#file === undefined && !this.#fits(bytes.length)) this.#moveToFile();
    this.#used += bytes.length;
    if (this.#file === undefined) {
      this.#view.set(bytes, this.#used - bytes.length);
    } else {
      this.#file.append(bytes);
      this.#account.countFile(bytes.length);
    }
  }

  /** The complete entry, readable in every thread. Rejects with `SPOOL_FAILED`. */
  async complete(): Promise<MessageBytes> {
    if (this.#file !== undefined) {
      await this.#file.flushed();
      return { kind: 'file', fd: this.#file.fd, byteLength: this.#used };
    }
    return { kind: 'memory', buffer: this.#memory ?? new SharedArrayBuffer(0), byteLength: this.#used };
  }

  /** Bytes `[start, end)` without a copy, when they are in memory. */
  view(start: number, end: number): Uint8Array | undefined {
    return this.#file === undefined ? this.#view.subarray(start, end) : undefined;
  }

  /** Fills `buffer` with the bytes from `start` of a complete entry. Rejects with `SPOOL_FAILED`. */
  async read(start: number, buffer: Uint8Array): Promise<void> {
    await this.complete();
    if (this.#file === undefined) buffer.set(this.#view.subarray(start, start + buffer.length));
    else await this.#file.read(start, buffer);
  }

  retain(): void {
    this.#holders += 1;
  }

  /** The last holder gives memory and file back. */
  release(): void {
    this.#holders -= 1;
    if (this.#holders !== 0) return;
    if (this.#file === undefined) {
      this.#account.releaseMemory(this.#view.length);
    } else {
      this.#account.countFile(-this.#used);
      this.#file.close();
    }
    this.#memory = undefined;
    this.#view = new Uint8Array(0);
  }

  #fits(more: number): boolean {
    const needed = this.#used + more;
    return needed <= this.#view.length || this.#grow(needed);
  }

  #grow(needed: number): boolean {
    const limit = this.#account.memoryBytesPerMessage;
    const size = Math.min(limit, Math.max(needed, this.#view.length * 2));
    if (needed > limit || !this.#account.reserveMemory(size - this.#view.length)) return false;
    const memory = new SharedArrayBuffer(size);
    const view = new Uint8Array(memory);
    view.set(this.#view.subarray(0, this.#used));
    this.#memory = memory;
    this.#view = view;
    return true;
  }

  #moveToFile(): void {
    const file = new SpoolFile(this.#account.directory, this.#observer);
    file.append(this.#view.subarray(0, this.#used));
    this.#account.releaseMemory(this.#view.length);
    this.#account.countFile(this.#used);
    this.#memory = undefined;
    this.#view = new Uint8Array(0);
    this.#file = file;
  }
}
