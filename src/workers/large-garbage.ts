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
  readonly #open: () => () => void;
  readonly #between: number;
  #collect: (() => void) | undefined;
  #bytes = 0;

  /** `open` gives what collects; it is asked once, by the first that needs it. */
  constructor(between: number, open: () => () => void = openCollector) {
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
    this.#collect();
  }
}

/** The function is there in contexts that are made while the flag is set. */
function openCollector(): () => void {
  setFlagsFromString('--expose-gc');
  try {
    const collect: unknown = runInNewContext('gc');
    return typeof collect === 'function' ? () => void collect() : () => undefined;
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
