import type { Piece } from '../piece.ts';
import { u16le, u32le, u8, viewOf } from './byte-view.ts';
import { MemberGaps } from './member-gaps.ts';
import { MemberJoiner } from './member-joiner.ts';
import type { Inflated, StreamEnd } from './tolerant-inflate.ts';
import type { Unpacker, Yield } from './unpacker.ts';
import { afterSkippable } from './zstd.ts';

const FRAME = 0x184d2204;
const LEGACY = 0x184c2102;
/** A set top bit of a block size marks a block stored as it is. */
const UNCOMPRESSED = 0x8000_0000;
const MIN_MATCH = 4;
const FLAG_BLOCK_CHECKSUM = 0x10;
const FLAG_CONTENT_SIZE = 0x08;
const FLAG_CONTENT_CHECKSUM = 0x04;
const FLAG_DICTIONARY = 0x01;

/** Output that grows up to a cap; later blocks refer to earlier ones. */
class Window {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #length = 0;
  readonly #cap: number;

  constructor(cap: number) {
    this.#cap = cap;
  }

  get length(): number {
    return this.#length;
  }

  /** Makes room; false when the cap is reached. */
  #room(wanted: number): boolean {
    if (this.#length + wanted > this.#cap) {
      return false;
    }
    if (this.#length + wanted > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(
        Math.min(this.#cap, Math.max(this.#bytes.length * 2, this.#length + wanted)),
      );
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    return true;
  }

  append(chunk: Uint8Array): boolean {
    if (!this.#room(chunk.length)) {
      return false;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length += chunk.length;
    return true;
  }

  repeat(distance: number, length: number): boolean {
    if (!this.#room(length)) {
      return false;
    }
    const bytes = this.#bytes;
    const end = this.#length + length;
    for (let to = this.#length; to < end; to += 1) {
      bytes[to] = bytes[to - distance] ?? 0;
    }
    this.#length = end;
    return true;
  }

  content(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** Reads a length continued in bytes of 255; `at` is past the end when the block is cut. */
function readLength(
  block: Buffer,
  at: number,
  nibble: number,
): { readonly length: number; readonly at: number } {
  let length = nibble;
  let next = at;
  if (nibble === 15) {
    let byte = 255;
    while (byte === 255 && next < block.length) {
      byte = u8(block, next);
      length += byte;
      next += 1;
    }
  }
  return { length, at: next };
}

/** One block of sequences: literals, then a match (lz4 block format). */
function readBlock(block: Buffer, window: Window): StreamEnd {
  let at = 0;
  while (at < block.length) {
    const token = u8(block, at);
    const literals = readLength(block, at + 1, token >> 4);
    const end = literals.at + literals.length;
    if (!window.append(block.subarray(literals.at, end))) {
      return 'capped';
    }
    if (end >= block.length) {
      return end === block.length ? 'complete' : 'truncated';
    }
    const distance = u16le(block, end);
    const match = readLength(block, end + 2, token & 0x0f);
    if (distance === 0 || distance > window.length) {
      return 'broken';
    }
    if (!window.repeat(distance, match.length + MIN_MATCH)) {
      return 'capped';
    }
    at = match.at;
  }
  return 'complete';
}

function frameHeaderBytes(flags: number): number {
  return 7 + ((flags & FLAG_CONTENT_SIZE) === 0 ? 0 : 8) + ((flags & FLAG_DICTIONARY) === 0 ? 0 : 4);
}

interface Blocks {
  /** Bytes behind each block. */
  readonly checksum: number;
  /** Bytes behind the end mark. */
  readonly trailer: number;
  readonly legacy: boolean;
}

function readBlocks(
  input: Buffer,
  start: number,
  { checksum, trailer, legacy }: Blocks,
  cap: number,
): Inflated {
  const window = new Window(cap);
  let at = start;
  let end: StreamEnd = 'complete';
  while (end === 'complete') {
    const mark = u32le(input, at);
    if (at + 4 > input.length || mark === 0) {
      const cut = at + 4 > input.length && !legacy;
      return { bytes: window.content(), consumed: at + 4 + trailer, end: cut ? 'truncated' : 'complete' };
    }
    if (legacy && (mark === FRAME || mark === LEGACY)) {
      break;
    }
    const size = mark & ~UNCOMPRESSED;
    const block = input.subarray(at + 4, at + 4 + size);
    const stored = !legacy && (mark & UNCOMPRESSED) !== 0;
    end = stored ? (window.append(block) ? 'complete' : 'capped') : readBlock(block, window);
    end = end === 'complete' && block.length < size ? 'truncated' : end;
    at += 4 + size + checksum;
  }
  return { bytes: window.content(), consumed: at, end };
}

function readFrame(input: Buffer, cap: number): Inflated {
  if (u32le(input, 0) === LEGACY) {
    return readBlocks(input, 4, { checksum: 0, trailer: 0, legacy: true }, cap);
  }
  const flags = u8(input, 4);
  const checksum = (flags & FLAG_BLOCK_CHECKSUM) === 0 ? 0 : 4;
  const trailer = (flags & FLAG_CONTENT_CHECKSUM) === 0 ? 0 : 4;
  return readBlocks(input, frameHeaderBytes(flags), { checksum, trailer, legacy: false }, cap);
}

function unpackLz4({ bytes }: Piece, out: Yield): void {
  const view = viewOf(bytes);
  const joiner = new MemberJoiner(out, 'lz4 stream');
  const gaps = new MemberGaps({ bytes: view, magic: FRAME_BYTES, isReal: isLz4Frame }, out);
  let at = afterSkippable(view, 0);
  while (at >= 0) {
    const frame = readFrame(view.subarray(at), joiner.allowance());
    if (!joiner.add(frame)) {
      break;
    }
    const end = afterSkippable(view, at + frame.consumed);
    at = u32le(view, end) === LEGACY ? end : gaps.next(end);
  }
  joiner.finish('');
}

const FRAME_BYTES = Buffer.from('04224d18', 'hex');

/** Whether a frame descriptor stands behind the mark at `at`: version 01, reserved bits zero, a block size there is. */
export function isLz4Frame(bytes: Buffer, at: number): boolean {
  const flags = u8(bytes, at + 4);
  const block = u8(bytes, at + 5);
  return (flags & 0xc2) === 0x40 && (block & 0x8f) === 0 && block >= 0x40 && at + 7 < bytes.length;
}

/** LZ4 frames, also the legacy form; node:zlib and 7-Zip do not read it. */
export function createLz4Unpacker(): Unpacker {
  return {
    name: 'lz4',
    recognises: ({ bytes }) => {
      const magic = u32le(bytes, afterSkippable(viewOf(bytes), 0));
      return magic === FRAME || magic === LEGACY;
    },
    unpack: unpackLz4,
  };
}
