import type { Budget } from '../budget.ts';
import { decompressZstd, inflateRaw, type Inflated } from './decompress.ts';
import type { SevenZip } from './seven-zip.ts';

export const STORED = 0;
export const DEFLATE = 8;
export const AES = 99;
const ZSTD_OLD = 20;
const ZSTD = 93;
/** Methods that 7-Zip reads: shrink, reduce 1-4, implode, deflate64, bzip2, LZMA, xz, PPMd. */
const SEVEN_ZIP_METHODS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6, 9, 12, 14, 95, 98]);

/** Sizes that some header gives for an entry. */
export interface ZipSizes {
  readonly packed: number;
  readonly size: number;
  readonly crc: number;
  readonly flags: number;
}

export function isKnownMethod(method: number): boolean {
  return method === STORED || method === DEFLATE || isZstd(method) || SEVEN_ZIP_METHODS.has(method);
}

function isZstd(method: number): boolean {
  return method === ZSTD || method === ZSTD_OLD;
}

/** A regular archive of one entry around compressed data, so that 7-Zip sees nothing of the original structure. */
export function rebuildZip(data: Uint8Array, method: number, sizes: ZipSizes): Buffer {
  // Bits 1 and 2 select variants of implode and LZMA; encryption and descriptor bits are gone.
  const flags = sizes.flags & 0b110;
  const local = Buffer.alloc(31);
  local.write('PK\u0003\u0004', 0, 'latin1');
  local.writeUInt16LE(63, 4);
  local.writeUInt16LE(flags, 6);
  local.writeUInt16LE(method, 8);
  local.writeUInt32LE(sizes.crc, 14);
  local.writeUInt32LE(data.length, 18);
  local.writeUInt32LE(Math.min(sizes.size, 0xffff_ffff), 22);
  local.writeUInt16LE(1, 26);
  local.write('a', 30, 'latin1');
  const central = Buffer.alloc(47);
  central.write('PK\u0001\u0002', 0, 'latin1');
  central.writeUInt16LE(63, 4);
  local.copy(central, 6, 4, 30);
  central.write('a', 46, 'latin1');
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 0, 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length + data.length, 16);
  return Buffer.concat([local, data, central, end]);
}

/** Reads compressed entry data by its method. `data` may be longer than the entry for stored and deflated data only. */
export class ZipMethods {
  readonly #sevenZip: SevenZip;

  constructor(sevenZip: SevenZip) {
    this.#sevenZip = sevenZip;
  }

  async read(data: Buffer, method: number, sizes: ZipSizes, budget: Budget): Promise<Inflated> {
    const cap = budget.objectAllowance();
    if (method === STORED) {
      return this.#stored(data, sizes, cap);
    }
    if (method === DEFLATE) {
      return inflateRaw(data, cap, sizes.size);
    }
    const packed = data.subarray(0, sizes.packed);
    if (isZstd(method)) {
      return decompressZstd(packed, cap);
    }
    return this.#exotic(packed, method, sizes, budget);
  }

  #stored(data: Buffer, { packed }: ZipSizes, cap: number): Inflated {
    const bytes = data.subarray(0, Math.min(packed, cap));
    const end = packed > data.length ? 'truncated' : packed > cap ? 'capped' : 'complete';
    return { bytes, consumed: bytes.length, end };
  }

  async #exotic(packed: Buffer, method: number, sizes: ZipSizes, budget: Budget): Promise<Inflated> {
    const rebuilt = rebuildZip(packed, method, sizes);
    const outcome = await this.#sevenZip.extract(rebuilt, budget, '', 'zip');
    const bytes = outcome.files[0]?.bytes ?? Buffer.alloc(0);
    if (outcome.stopped !== undefined && outcome.stopped.scanCause !== 'bomb') {
      throw outcome.stopped;
    }
    // The checksum may be absent (AE-2) or a lie; an entry of the stated size is whole.
    const broken = outcome.failed && bytes.length !== sizes.size;
    const end = outcome.stopped !== undefined ? 'capped' : broken ? 'broken' : 'complete';
    return { bytes, consumed: packed.length, end };
  }
}
