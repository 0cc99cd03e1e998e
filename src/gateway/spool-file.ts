import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { GatewayError } from '../base/errors.ts';

const write = promisify(fs.write);
const read = promisify(fs.read);

/** Bytes collected before one write: few system calls, and two of them per stream are still small. */
const BLOCK_BYTES = 256 * 1024;
/** Written blocks that are kept for what comes next. */
const MAX_SPARE_BLOCKS = 2;

/** Where the file is made, and who counts what is on its way to the disk. */
export interface SpoolFolder {
  readonly directory: string;
  countPending(delta: number): void;
}

/** Who waits for the disk. */
export interface SpoolObserver {
  /** Fewer bytes are pending. */
  progressed(): void;
  /** `SPOOL_FAILED`, once. */
  failed(error: GatewayError): void;
}

/**
 * A private temporary file without a name: mode 0600, unlinked as soon as it is open, so that no crash and no
 * other process finds content in it. Writes are positional and in order; the first failure is final.
 */
export class SpoolFile {
  readonly fd: number;
  /** Accepted bytes; on disk once `flushed` resolves. */
  byteLength = 0;
  #block: Buffer = Buffer.alloc(0);
  #blockUsed = 0;
  /** Blocks that are on disk: a new one for each write would cost more in garbage than the write. */
  readonly #spare: Buffer[] = [];
  #written = 0;
  #tail: Promise<void> = Promise.resolve();
  #reads = 0;
  #isWritten = false;
  #isClosed = false;
  #failure: GatewayError | undefined;
  readonly #folder: SpoolFolder;
  readonly #observer: SpoolObserver;

  /** Throws `SPOOL_FAILED` when the file cannot be made. */
  constructor(folder: SpoolFolder, observer: SpoolObserver) {
    this.#folder = folder;
    this.#observer = observer;
    this.fd = openUnlinked(folder.directory);
  }

  /** Copies. Throws `SPOOL_FAILED` after a failed write. */
  append(bytes: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#blockUsed === this.#block.length) {
        this.#writeBlock();
        this.#block = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
      }
      const count = Math.min(bytes.length - offset, this.#block.length - this.#blockUsed);
      this.#block.set(bytes.subarray(offset, offset + count), this.#blockUsed);
      this.#blockUsed += count;
      offset += count;
    }
    this.byteLength += bytes.length;
  }

  /** Resolves when all accepted bytes can be read back; rejects with `SPOOL_FAILED`. */
  async flushed(): Promise<void> {
    this.#writeBlock();
    await this.#tail;
    this.#spare.length = 0;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Fills `buffer` from `start`; the bytes have to be flushed. Rejects with `SPOOL_FAILED`. */
  async read(start: number, buffer: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#reads += 1;
    try {
      await readFully(this.fd, start, buffer);
    } finally {
      this.#reads -= 1;
      this.#closeWhenIdle();
    }
  }

  /** Closes the descriptor once nothing uses it: a number that is reused too early names another message. */
  close(): void {
    this.#failure ??= spoolError('the spool file is closed');
    void this.#tail.then(() => {
      this.#isWritten = true;
      this.#closeWhenIdle();
    });
  }

  #closeWhenIdle(): void {
    if (!this.#isWritten || this.#reads > 0 || this.#isClosed) return;
    this.#isClosed = true;
    fs.close(this.fd, () => undefined);
  }

  #writeBlock(): void {
    const block = this.#block;
    const used = this.#blockUsed;
    this.#block = Buffer.alloc(0);
    this.#blockUsed = 0;
    if (used === 0) return;
    // A reader of a fast server pauses above a bound of what the disk is not done with.
    this.#folder.countPending(used);
    this.#tail = this.#tail.then(async () => {
      await this.#writeOut(block.subarray(0, used));
      this.#folder.countPending(-used);
      if (this.#spare.length < MAX_SPARE_BLOCKS) this.#spare.push(block);
      this.#observer.progressed();
    });
  }

  async #writeOut(block: Uint8Array): Promise<void> {
    let offset = 0;
    try {
      while (offset < block.length && this.#failure === undefined) {
        const { bytesWritten } = await write(this.fd, block, offset, block.length - offset, this.#written);
        offset += bytesWritten;
        this.#written += bytesWritten;
      }
    } catch (cause) {
      this.#failure = spoolError('cannot write the spool file', cause);
      this.#observer.failed(this.#failure);
    }
  }
}

async function readFully(fd: number, start: number, buffer: Uint8Array): Promise<void> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await read(fd, buffer, filled, buffer.length - filled, start + filled).catch(
      (cause: unknown) => {
        throw spoolError('cannot read the spool file', cause);
      },
    );
    if (bytesRead === 0) throw spoolError('the spool file is shorter than what was written');
    filled += bytesRead;
  }
}

function openUnlinked(directory: string): number {
  const name = path.join(directory, `postern-spool-${randomBytes(12).toString('hex')}`);
  const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW } = fs.constants;
  try {
    const fd = fs.openSync(name, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, 0o600);
    fs.unlinkSync(name);
    return fd;
  } catch (cause) {
    throw spoolError('cannot make a spool file', cause);
  }
}

function spoolError(message: string, cause?: unknown): GatewayError {
  return new GatewayError('SPOOL_FAILED', message, { cause, retryable: true });
}
