import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes that large messages may leave in all threads together between two collections, for as long as each has its least. */
const KEPT_BYTES = 256 * 1024 * 1024;
/** The least for one thread: a collection costs a few milliseconds, a scan of so much ten times that. */
const LEAST_BYTES = 16 * 1024 * 1024;

/** Bytes left by large messages between two collections of one of `threads`. */
export function bytesBetween(threads: number): number {
  return Math.max(LEAST_BYTES, Math.floor(KEPT_BYTES / Math.max(1, threads)));
}

/** A content whose buffers the runtime does not collect by itself soon enough; smaller ones are no burden. */
export const LARGE_BYTES = 4 * 1024 * 1024;

/** What lies outside of the heap or in pages of its own in it, bytes: buffers and long strings, in use or not. */
export function largeMemory(): number {
  const { external_memory: external } = getHeapStatistics();
  const spaces = getHeapSpaceStatistics().filter(({ space_name: name }) =>
    name.endsWith('large_object_space'),
  );
  return spaces.reduce((sum, space) => sum + space.space_used_size, external);
}

/** How it looks at the memory, and how it empties it. */
export interface GarbageTools {
  /** Bytes in use and not. */
  readonly measure: () => number;
  /** Gives what collects, or undefined when it could not be had; then it is asked again when it is needed. */
  readonly open: () => (() => void) | undefined;
}

/**
 * Lets go of the buffers of large contents. The runtime sees a small heap and collects nothing before a thread has
 * some 64 MB outside of it; with many threads that is more than all messages on hold. It is measured whether there is
 * something to collect: a content that was decoded into memory that is kept leaves nothing, and a collection costs 30 to
 * 60 ms and the compiled code of whatever class has no object at that moment.
 */
export class LargeGarbage {
  readonly #tools: GarbageTools;
  readonly #between: number;
  #collect: (() => void) | undefined;
  /** Bytes that were there after the last collection, or less if that was seen since. */
  #floor: number;

  constructor(between: number, tools: GarbageTools = { measure: largeMemory, open: openCollector }) {
    this.#between = between;
    this.#tools = tools;
    this.#floor = tools.measure();
  }

  /** To be called when a content of so many bytes is needed no more. */
  after(bytes: number): void {
    if (bytes < LARGE_BYTES) return;
    const now = this.#tools.measure();
    this.#floor = Math.min(this.#floor, now);
    if (now - this.#floor < this.#between) return;
    this.#collect ??= this.#tools.open();
    if (this.#collect === undefined) return;
    this.#collect();
    this.#floor = this.#tools.measure();
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
