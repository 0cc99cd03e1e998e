import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of large messages that all threads together may keep between two collections, for as long as each has its least. */
const KEPT_BYTES = 256 * 1024 * 1024;
/** The least for one thread: a collection costs a few milliseconds, a scan of so much ten times that. */
const LEAST_BYTES = 16 * 1024 * 1024;

/** Bytes of large messages between two collections of one of `threads`. */
export function bytesBetween(threads: number): number {
  return Math.max(LEAST_BYTES, Math.floor(KEPT_BYTES / Math.max(1, threads)));
}

/** A message whose buffers the runtime does not collect by itself soon enough; smaller ones are no burden. */
export const LARGE_BYTES = 4 * 1024 * 1024;

/**
 * Lets go of the buffers of large messages. The runtime sees a small heap and collects nothing before a thread has
 * some 64 MB outside of it; with many threads that is more than all messages on hold.
 */
export class LargeGarbage {
  readonly #open: () => (() => void) | undefined;
  readonly #between: number;
  #collect: (() => void) | undefined;
  #bytes = 0;

  /** `open` gives what collects, or undefined when it could not be had; then it is asked again when it is needed. */
  constructor(between: number, open: () => (() => void) | undefined = openCollector) {
    this.#between = between;
    this.#open = open;
  }

  /** To be called after a job that was about so many bytes, when nothing refers to them any more. */
  after(bytes: number): void {
    if (bytes < LARGE_BYTES) return;
    this.#bytes += bytes;
    if (this.#bytes < this.#between) return;
    this.#bytes = 0;
    this.#collect ??= this.#open();
    this.#collect?.();
  }
}

/** Between the lines another thread may have taken the flag back: it belongs to the whole process. */
const ATTEMPTS = 5;

/** The function is there in contexts that are made while the flag is set. */
function openCollector(): (() => void) | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('globalThis.gc');
    setFlagsFromString('--no-expose-gc');
    if (typeof collect === 'function') return () => void collect();
  }
  return undefined;
}
