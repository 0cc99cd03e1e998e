import { u16le, u32le, u8 } from './byte-view.ts';

/** MS-OVBA 2.4.1: how Visual Basic source is compressed inside module streams. */
const CONTAINER_MARK = 0x01;
const CHUNK_BYTES = 4096;
/** Source of one module. The editor itself refuses procedures over 64 KiB and modules over about 65,000 lines. */
const MAX_SOURCE_BYTES = 4 * 1024 * 1024;

/** Bits of a copy token that hold the offset: as many as the position inside the chunk needs, at least 4. */
function offsetBits(position: number): number {
  let bits = 4;
  while (1 << bits < position) {
    bits += 1;
  }
  return bits;
}

class Decompressor {
  readonly #input: Buffer;
  #out = Buffer.alloc(CHUNK_BYTES * 4);
  #length = 0;

  constructor(input: Buffer) {
    this.#input = input;
  }

  run(start: number): Buffer {
    let at = start + 1;
    while (at + 2 <= this.#input.length && this.#length < MAX_SOURCE_BYTES) {
      const header = u16le(this.#input, at);
      if ((header & 0x7000) !== 0x3000) {
        break;
      }
      const end = Math.min(this.#input.length, at + 3 + (header & 0x0fff));
      this.#reserve(CHUNK_BYTES);
      if ((header & 0x8000) === 0) {
        this.#literal(this.#input.subarray(at + 2, end));
      } else if (!this.#chunk(at + 2, end)) {
        break;
      }
      at = end;
    }
    return this.#out.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    if (this.#length + more > this.#out.length) {
      const grown = Buffer.alloc(this.#out.length * 2);
      grown.set(this.#out.subarray(0, this.#length));
      this.#out = grown;
    }
  }

  #literal(bytes: Buffer): void {
    const fitting = bytes.subarray(0, CHUNK_BYTES);
    this.#out.set(fitting, this.#length);
    this.#length += fitting.length;
  }

  #chunk(start: number, end: number): boolean {
    const chunkStart = this.#length;
    let at = start;
    while (at < end) {
      const flags = u8(this.#input, at);
      at += 1;
      for (let bit = 0; bit < 8 && at < end; bit += 1) {
        if (this.#length - chunkStart >= CHUNK_BYTES) {
          return true;
        }
        if ((flags & (1 << bit)) === 0) {
          this.#out[this.#length] = u8(this.#input, at);
          this.#length += 1;
          at += 1;
        } else if (this.#copy(u16le(this.#input, at), chunkStart)) {
          at += 2;
        } else {
          return false;
        }
      }
    }
    return true;
  }

  #copy(token: number, chunkStart: number): boolean {
    const position = this.#length - chunkStart;
    const bits = offsetBits(position);
    const lengthMask = 0xffff >>> bits;
    const offset = (token >>> (16 - bits)) + 1;
    const length = Math.min((token & lengthMask) + 3, CHUNK_BYTES - position);
    if (offset > position) {
      return false;
    }
    for (let i = 0; i < length; i += 1) {
      this.#out[this.#length] = u8(this.#out, this.#length - offset);
      this.#length += 1;
    }
    return true;
  }
}

/** Decompresses the container at `start`; what cannot be read ends the text. */
export function decompressVba(stream: Buffer, start = 0): Buffer {
  return u8(stream, start) === CONTAINER_MARK ? new Decompressor(stream).run(start) : Buffer.alloc(0);
}

/** Every module source begins with `Attribute VB_Name`: a flag byte of zero and eight literals. */
const SOURCE_START = Buffer.from('\u0000Attribut', 'latin1');
const MAX_MODULES = 500;

/** Text offsets that the `dir` stream gives for its modules (record 0x31, MS-OVBA 2.3.4.2.3.2.5). */
function statedOffsets(dir: Buffer): number[] {
  const offsets: number[] = [];
  const record = Buffer.from([0x31, 0, 4, 0, 0, 0]);
  for (
    let at = dir.indexOf(record);
    at >= 0 && offsets.length < MAX_MODULES;
    at = dir.indexOf(record, at + 1)
  ) {
    offsets.push(u32le(dir, at + 6));
  }
  return offsets;
}

/** The sources found in one module stream, at the offsets that `dir` states and wherever a source begins. */
export function vbaSources(stream: Buffer, offsets: readonly number[]): Buffer[] {
  const starts = new Set(offsets.filter((at) => u8(stream, at) === CONTAINER_MARK));
  for (let at = stream.indexOf(SOURCE_START); at >= 0 && starts.size < MAX_MODULES;) {
    if (u8(stream, at - 3) === CONTAINER_MARK) {
      starts.add(at - 3);
    }
    at = stream.indexOf(SOURCE_START, at + 1);
  }
  return [...starts].map((start) => decompressVba(stream, start)).filter((source) => source.length > 0);
}

/** Reads the offsets from a `dir` stream, which is a compressed container itself. */
export function vbaOffsets(dir: Buffer | undefined): number[] {
  return dir === undefined ? [] : [...new Set(statedOffsets(decompressVba(dir)))];
}
