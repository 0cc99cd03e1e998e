import type { Patch } from '../scan/scanner.ts';
import type { Edit } from './policy/header-edit.ts';

const CR = 0x0d;
const LF = 0x0a;
const HASH = 0x23;

/**
 * The substitute of one message as patches over its original. Sizes never change, so every offset
 * the client knows stays true. Where no client knows offsets (POP3), edits may move bytes from the padding of the
 * substitute into the header: the size of the whole message stays.
 */
export class Overlay {
  readonly #patches: readonly Patch[];
  readonly #edits: readonly Edit[];

  /**
   * Throws when patches or edits are unsorted, overlap or leave `[0, byteLength)`, or edits change the size: then
   * nothing may be released.
   */
  constructor(patches: readonly Patch[], byteLength: number, edits: readonly Edit[] = []) {
    let end = 0;
    for (const patch of patches) {
      if (!Number.isSafeInteger(patch.offset) || patch.offset < end) {
        throw new RangeError('overlay patches are not in order');
      }
      end = patch.offset + patch.bytes.length;
    }
    if (end > byteLength) throw new RangeError('overlay patch leaves its message');
    requireSameSize(edits, byteLength);
    this.#patches = patches;
    this.#edits = edits;
  }

  /**
   * What may leave for bytes `[start, start + chunk.length)` of the original; copies only what is patched or edited.
   * With edits it may be longer or shorter than the chunk.
   */
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
    return this.#edits.length === 0 ? result : this.#edited(result, start);
  }

  #edited(chunk: Uint8Array, start: number): Uint8Array {
    const end = start + chunk.length;
    const pieces: Uint8Array[] = [];
    let at = start;
    for (const { offset, remove, insert } of this.#edits) {
      if (offset + remove < start || (offset + remove === start && remove > 0) || offset >= end) continue;
      pieces.push(chunk.subarray(at - start, Math.max(offset, at) - start));
      if (offset >= start) pieces.push(Buffer.from(insert, 'latin1'));
      at = Math.min(end, Math.max(at, offset + remove));
    }
    pieces.push(chunk.subarray(at - start));
    return pieces.length === 1 ? chunk : Buffer.concat(pieces);
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

function requireSameSize(edits: readonly Edit[], byteLength: number): void {
  let end = 0;
  let change = 0;
  for (const { offset, remove, insert } of edits) {
    if (!Number.isSafeInteger(offset) || offset < end) throw new RangeError('overlay edits are not in order');
    end = offset + remove;
    change += insert.length - remove;
  }
  if (end > byteLength || change !== 0) throw new RangeError('overlay edits change the size');
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
