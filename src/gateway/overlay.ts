import type { Patch } from '../scan/scanner.ts';

const CR = 0x0d;
const LF = 0x0a;
const HASH = 0x23;

/**
 * The substitute of one message as patches over its original. Sizes never change, so every offset
 * the client knows stays true.
 */
export class Overlay {
  readonly #patches: readonly Patch[];

  /** Throws when patches are unsorted, overlap or leave `[0, byteLength)`: then nothing may be released. */
  constructor(patches: readonly Patch[], byteLength: number) {
    let end = 0;
    for (const patch of patches) {
      if (!Number.isSafeInteger(patch.offset) || patch.offset < end) {
        throw new RangeError('overlay patches are not in order');
      }
      end = patch.offset + patch.bytes.length;
    }
    if (end > byteLength) throw new RangeError('overlay patch leaves its message');
    this.#patches = patches;
  }

  /** Bytes `[start, start + chunk.length)` of the message as they may leave; copies only what is patched. */
  apply(chunk: Uint8Array, start: number): Uint8Array {
    const end = start + chunk.length;
    let result = chunk;
    for (let i = this.#firstEndingAfter(start); i < this.#patches.length; i += 1) {
      const patch = this.#patches[i];
      if (patch === undefined || patch.offset >= end) break;
      if (result === chunk) result = Buffer.from(chunk);
      const from = Math.max(start, patch.offset);
      const to = Math.min(end, patch.offset + patch.bytes.length);
      result.set(patch.bytes.subarray(from - patch.offset, to - patch.offset), from - start);
    }
    return result;
  }

  /** Would any byte of `[start, end)` be replaced? */
  touches(start: number, end: number): boolean {
    const patch = this.#patches[this.#firstEndingAfter(start)];
    return patch !== undefined && patch.offset < end && start < end;
  }

  #firstEndingAfter(position: number): number {
    let low = 0;
    let high = this.#patches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const patch = this.#patches[middle];
      if (patch !== undefined && patch.offset + patch.bytes.length <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The same line structure without any content. */
export function blanked(chunk: Uint8Array): Uint8Array {
  const result = Buffer.alloc(chunk.length, HASH);
  for (let i = 0; i < chunk.length; i += 1) {
    const byte = chunk[i];
    if (byte === CR || byte === LF) result[i] = byte;
  }
  return result;
}
