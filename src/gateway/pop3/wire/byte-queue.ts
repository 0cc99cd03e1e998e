const INITIAL_CAPACITY = 512;

/** Bytes that wait to be parsed, copied once, so that many tiny chunks cost no more than one large one. */
export class ByteQueue {
  #store: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  push(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#store.length) {
      this.#makeRoom(bytes.length);
    }
    this.#store.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** A view that is valid until the next `push`. */
  peek(): Buffer {
    return this.#store.subarray(this.#start, this.#end);
  }

  skip(count: number): void {
    this.#start += count;
  }

  clear(): void {
    this.skip(this.length);
  }

  #makeRoom(extra: number): void {
    const needed = this.length + extra;
    const store = Buffer.alloc(Math.max(INITIAL_CAPACITY, needed * 2));
    store.set(this.peek(), 0);
    this.#end = this.length;
    this.#start = 0;
    this.#store = store;
  }
}
