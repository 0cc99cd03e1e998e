const INITIAL_BYTES = 64 * 1024;

/** Received bytes that nobody has taken yet, in one growing buffer, so that a search never copies. */
export class ByteQueue {
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }
  append(bytes: Buffer): void {
    if (this.#end + bytes.length > this.#buffer.length) {
      this.#makeRoom(bytes.length);
    }
    bytes.copy(this.#buffer, this.#end);
    this.#end += bytes.length;
  }
  /** Where `text` starts, counted from the first byte of the queue, or -1. */
  indexOf(text: string, from = 0): number {
    const at = this.#buffer.subarray(0, this.#end).indexOf(text, this.#start + from, 'latin1');
    return at === -1 ? -1 : at - this.#start;
  }
  startsWith(text: string): boolean {
    return (
      this.#buffer.toString('latin1', this.#start, Math.min(this.#start + text.length, this.#end)) === text
    );
  }
  /** A copy of the first `count` bytes, which leave the queue with `more` bytes behind them. */
  take(count: number, more = 0): Buffer {
    const bytes = Buffer.from(this.#buffer.subarray(this.#start, this.#start + count));
    this.#start += count + more;
    return bytes;
  }
  #makeRoom(bytes: number): void {
    const needed = this.length + bytes;
    const target = needed * 2 > this.#buffer.length ? Buffer.allocUnsafe(needed * 2) : this.#buffer;
    this.#buffer.copy(target, 0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    this.#buffer = target;
  }
}
