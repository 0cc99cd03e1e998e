import type { Piece } from '../piece.ts';
import { hasMagic, u32le, u64le, viewOf } from './byte-view.ts';
import { inflateZlib, isZlibHeader } from './decompress.ts';
import { reportRatio } from './emission.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/**
 * Disks of VMware whose grains are compressed and stand one behind the other ("streamOptimized"), as appliances are
 * sent. 7-Zip opens those of some writers only.
 */

const MAGIC = 'KDMV';
const FLAGS_AT = 8;
const IS_COMPRESSED = 0x1_0000;
const CAPACITY_AT = 12;
const GRAIN_SECTORS_AT = 20;
const SECTOR = 512;
/** Before the data of a grain: the sector that it belongs to, and its length. */
const GRAIN_HEADER = 12;
/** Grains of one disk: at their usual size those of 8 GB. */
const MAX_GRAINS = 131_072;
/** Damaged ones, of which the beginning is read: each takes the memory of a decoder for a while. */
const MAX_BROKEN_GRAINS = 256;
/** Sectors of one grain; writers take 128. */
const MAX_GRAIN_SECTORS = 2_048;

interface Grain {
  readonly sector: number;
  readonly bytes: Buffer;
}

export function isStreamedVmdk(bytes: Uint8Array): boolean {
  return hasMagic(bytes, MAGIC) && (u32le(bytes, FLAGS_AT) & IS_COMPRESSED) !== 0;
}

class VmdkStream {
  readonly #bytes: Buffer;
  readonly #out: Yield;
  readonly #grainBytes: number;
  readonly #grains: Grain[] = [];
  #left: number;
  #broken = 0;

  constructor(bytes: Buffer, out: Yield) {
    this.#bytes = bytes;
    this.#out = out;
    this.#grainBytes = Math.min(u64le(bytes, GRAIN_SECTORS_AT), MAX_GRAIN_SECTORS) * SECTOR;
    this.#left = out.budget.objectAllowance();
  }

  /** What the disk says of its size, bytes. */
  get #capacity(): number {
    return u64le(this.#bytes, CAPACITY_AT) * SECTOR;
  }

  run(): void {
    for (let at = SECTOR; at + SECTOR <= this.#bytes.length && this.#broken <= MAX_BROKEN_GRAINS;) {
      this.#out.budget.checkTime();
      at = this.#next(at);
    }
    if (this.#left <= 0 || this.#grains.length >= MAX_GRAINS) {
      this.#out.cannot('bomb', 'compressed disk expands beyond the limit for one object');
    }
    if (this.#broken > MAX_BROKEN_GRAINS) {
      this.#out.cannot('malformed', `compressed disk with more than ${MAX_BROKEN_GRAINS} damaged grains`);
    }
    const disk = this.#disk();
    if (disk.length === 0) {
      this.#out.cannot('malformed', 'compressed disk without readable data');
      return;
    }
    this.#out.emit('disk', disk);
    if (this.#isDoubtful(disk.length)) {
      this.#out.emit('grains', Buffer.concat(this.#grains.map(({ bytes }) => bytes)));
    }
    reportRatio(this.#out, 'compressed disk', this.#bytes.length, disk.length);
  }

  /** Behind the grain at `at`, or behind a sector that is none: tables, markers, the description. */
  #next(at: number): number {
    const length = u32le(this.#bytes, at + 8);
    const start = at + GRAIN_HEADER;
    const isGrain = length > 2 && length <= 2 * this.#grainBytes && isZlibHeader(this.#bytes, start);
    if (!isGrain || this.#left <= 0 || this.#grains.length >= MAX_GRAINS) {
      return at + SECTOR;
    }
    const { bytes, end } = inflateZlib(this.#bytes.subarray(start, start + length), this.#grainBytes);
    this.#broken += end === 'complete' ? 0 : 1;
    this.#left -= bytes.length;
    // a copy: what zlib gives is a part of a larger piece of memory
    this.#grains.push({ sector: u64le(this.#bytes, at), bytes: Buffer.from(bytes) });
    return at + Math.ceil((GRAIN_HEADER + length) / SECTOR) * SECTOR;
  }

  /** True when grains lie behind the stated end, or where others lie: programs differ in what they show of them. */
  #isDoubtful(size: number): boolean {
    if (size !== this.#capacity) {
      return false; // they lie one behind the other already
    }
    const sectors = new Set(this.#grains.map(({ sector }) => sector));
    return sectors.size < this.#grains.length || this.#grains.some(({ sector }) => sector * SECTOR >= size);
  }

  /** With its holes when there is room for them, otherwise one grain behind the other. */
  #disk(): Buffer {
    const size = this.#capacity;
    if (size > this.#out.budget.objectAllowance() || this.#grains.length === 0) {
      const sorted = this.#grains.toSorted((one, other) => one.sector - other.sector);
      return Buffer.concat(sorted.map(({ bytes }) => bytes));
    }
    const disk = Buffer.alloc(size);
    for (const { sector, bytes } of this.#grains) {
      if (sector * SECTOR < size) {
        bytes.copy(disk, sector * SECTOR);
      }
    }
    return disk;
  }
}

export function createVmdkStreamUnpacker(): Unpacker {
  return {
    name: 'vmdk-stream',
    recognises: ({ bytes }: Piece) => isStreamedVmdk(bytes),
    unpack: ({ bytes }: Piece, out: Yield) => new VmdkStream(viewOf(bytes), out).run(),
  };
}
