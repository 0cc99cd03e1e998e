/**
 * Memory kept for what is decoded from the next message, bytes. Fresh memory for every attachment makes the runtime
 * collect garbage for a fifth of the time of a scan; more than this is in few messages.
 */
export const MAX_KEPT_BYTES = 32 * 1024 * 1024;

/** The first message tells how much is needed; this is what a usual one takes. */
const MIN_KEPT_BYTES = 256 * 1024;

/** Contents begin at whole words. */
const ALIGNMENT = 8;

/** Gives out memory for one message after the other. What was given out is overwritten once the next one begins. */
export class DecodeRoom {
  #slab = Buffer.alloc(0);
  #used = 0;
  #wanted = 0;
  #isTaken = false;

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

  /** Nothing that was given out is used any more. */
  giveBack(): void {
    this.#slab.fill(0, 0, this.#used); // a worker that waits keeps no mail
    if (this.#wanted > this.#slab.length && this.#slab.length < MAX_KEPT_BYTES) {
      this.#slab = Buffer.alloc(roomFor(this.#wanted));
    }
    this.#used = 0;
    this.#wanted = 0;
    this.#isTaken = false;
  }
}

function roomFor(wanted: number): number {
  const size = 2 ** Math.ceil(Math.log2(wanted));
  return Math.min(MAX_KEPT_BYTES, Math.max(MIN_KEPT_BYTES, size));
}
