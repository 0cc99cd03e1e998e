/** Smallest slab: most messages fit into one of 16 or 32 KiB. */
const LEAST_SLAB_BYTES = 16 * 1024;
/** Sizes between two powers of two: a slab is at most a quarter larger than what it is for. */
const STEPS_PER_DOUBLING = 4;
/** A slab that nobody wanted for so long goes back to the system. Clients that look for mail now and then find it there. */
const MAX_IDLE_MS = 600_000;
const SWEEP_MS = 1_000;

/** A block of shared memory. Its bytes are those of an earlier message until they are overwritten. */
export interface Slab {
  readonly memory: SharedArrayBuffer;
  readonly bytes: Buffer;
}

interface IdleSlab {
  readonly slab: Slab;
  readonly since: number;
}

export function newSlab(size: number): Slab {
  const memory = new SharedArrayBuffer(size);
  return { memory, bytes: Buffer.from(memory) };
}

/** The size of the slab that holds `bytes`: one of few, so that slabs fit again. */
export function slabBytes(bytes: number): number {
  if (bytes <= LEAST_SLAB_BYTES) return LEAST_SLAB_BYTES;
  const step = 2 ** Math.floor(Math.log2(bytes)) / STEPS_PER_DOUBLING;
  return Math.ceil(bytes / step) * step;
}

/**
 * Shared memory that is used again: the kernel clears each page of new memory when it is touched first, which
 * costs several times the copying of a message into it.
 */
export class SlabPool {
  /** By size; the most recently used last. */
  readonly #idle = new Map<number, IdleSlab[]>();
  readonly #now: () => number;
  #idleBytes = 0;
  #nextSweep = 0;

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Bytes of slabs that nobody uses. */
  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** A slab of exactly `size` bytes. */
  take(size: number): Slab {
    const idle = this.#idle.get(size)?.pop();
    if (idle === undefined) return newSlab(size);
    this.#idleBytes -= size;
    return idle.slab;
  }

  /** Nobody reads or writes `slab` any more. */
  give(slab: Slab): void {
    const since = this.#now();
    const size = slab.bytes.length;
    const sameSize = this.#idle.get(size);
    if (sameSize === undefined) this.#idle.set(size, [{ slab, since }]);
    else sameSize.push({ slab, since });
    this.#idleBytes += size;
    this.#dropUnwanted(since);
  }

  /** Forgets idle slabs until they are `maxBytes` at most, those that save the least work first. */
  shrink(maxBytes: number): void {
    if (this.#idleBytes <= maxBytes) return;
    const sizes = [...this.#idle.keys()].toSorted((a, b) => a - b);
    for (const size of sizes) {
      const slabs = this.#idle.get(size) ?? [];
      while (slabs.length > 0 && this.#idleBytes > maxBytes) this.#drop(slabs, size);
    }
  }

  #dropUnwanted(now: number): void {
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + SWEEP_MS;
    const before = now - MAX_IDLE_MS;
    for (const [size, slabs] of this.#idle) {
      while ((slabs[0]?.since ?? Infinity) < before) this.#drop(slabs, size);
    }
  }

  #drop(slabs: IdleSlab[], size: number): void {
    slabs.shift();
    this.#idleBytes -= size;
    if (slabs.length === 0) this.#idle.delete(size);
  }
}
