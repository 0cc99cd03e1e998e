/**
 * Memory kept for what is decoded from the next message, bytes. Fresh memory for every attachment makes the runtime
 * collect garbage for a fifth of the time of a scan; more than this is in few messages.
 */
export const MAX_KEPT_BYTES = 32 * 1024 * 1024;

/** The first message tells how much is needed; this is what a usual one takes. */
const MIN_KEPT_BYTES = 256 * 1024;

/** Memory that decoders asked for themselves and that is handed back once the message is judged, bytes. */
export const MAX_ADOPTED_BYTES = 16 * 1024 * 1024;

/** Smaller memory is no burden, and may be what all small buffers share, which it costs an exception to ask for. */
export const MIN_ADOPTED_BYTES = 2 * Buffer.poolSize;

/** Contents begin at whole words. */
const ALIGNMENT = 8;

/** Gives out memory for one message after the other. What was given out is overwritten once the next one begins. */
export class DecodeRoom {
  #slab = Buffer.alloc(0);
  #used = 0;
  #wanted = 0;
  #isTaken = false;
  /** Held until the message is judged, and so no more than the limit. */
  readonly #adopted = new Set<ArrayBuffer>();
  #adoptedBytes = 0;

  /** False while another message is scanned: its memory must not be given out again. */
  take(): boolean {
    const isFree = !this.#isTaken;
    this.#isTaken = true;
    return isFree;
  }

  /** Memory with anything in it; from the heap when the room has no more. */
  allocate(length: number): Buffer {
    this.#wanted += length + ALIGNMENT;
    const start = this.#used;
    if (start + length > this.#slab.length) {
      return Buffer.allocUnsafe(length);
    }
    this.#used = (start + length + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    return this.#slab.subarray(start, start + length);
  }

  /**
   * Takes over memory that a decoder asked for: nobody uses `bytes`, or what else is in the same memory, once the
   * message is judged. Left to the runtime, memory outside of the heap makes it collect garbage every hundred messages,
   * which takes a tenth of the time of a scan.
   */
  adopt({ buffer }: Uint8Array): void {
    const size = buffer.byteLength;
    const isRoom = size < MIN_ADOPTED_BYTES || buffer === this.#slab.buffer;
    if (isRoom || this.#adoptedBytes + size > MAX_ADOPTED_BYTES || !(buffer instanceof ArrayBuffer)) {
      return;
    }
    this.#adoptedBytes += this.#adopted.has(buffer) ? 0 : size;
    this.#adopted.add(buffer);
  }

  /** Nothing that was given out is used any more. */
  giveBack(): void {
    this.#handBack();
    this.#slab.fill(0, 0, this.#used); // a worker that waits keeps no mail
    if (this.#wanted > this.#slab.length && this.#slab.length < MAX_KEPT_BYTES) {
      this.#slab = Buffer.alloc(roomFor(this.#wanted));
    }
    this.#used = 0;
    this.#wanted = 0;
    this.#isTaken = false;
  }

  #handBack(): void {
    for (const buffer of this.#adopted) {
      try {
        buffer.transfer(0);
      } catch {
        continue; // the memory that small buffers share, and that of WebAssembly, stays with its owner
      }
    }
    this.#adopted.clear();
    this.#adoptedBytes = 0;
  }
}

function roomFor(wanted: number): number {
  const size = 2 ** Math.ceil(Math.log2(wanted));
  return Math.min(MAX_KEPT_BYTES, Math.max(MIN_KEPT_BYTES, size));
}
