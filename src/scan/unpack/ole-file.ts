import { u16le, u32le, u64le, u8 } from './byte-view.ts';

/** One stream of a compound file (MS-CFB). */
export interface OleStream {
  readonly name: string;
  readonly bytes: Buffer;
  /** The directory states more bytes than its sector chain holds. */
  readonly cut: boolean;
}

export const OLE_MAGIC = '\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1';
const HEADER_BYTES = 512;
const ENTRY_BYTES = 128;
/** Sector numbers from here on are marks, not sectors (MS-CFB 2.1). */
const FIRST_MARK = 0xffff_fffa;
const TYPE_STREAM = 2;
const TYPE_ROOT = 5;
/** Directory entries looked at. An installer package has some hundreds. */
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly name: string;
  readonly type: number;
  readonly start: number;
  readonly size: number;
}

/**
 * A compound file, read tolerantly: chains end where they leave the file or repeat, every directory entry counts
 * whether or not the tree reaches it, stated counts are not used.
 */
export class OleFile {
  readonly #bytes: Buffer;
  readonly #sectorBytes: number;
  readonly #miniBytes: number;
  readonly #cutoff: number;
  readonly #fat: Buffer;
  readonly #miniFat: Buffer;
  readonly #miniStream: Buffer;
  readonly #entries: readonly Entry[];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#sectorBytes = u16le(bytes, 30) === 12 ? 4096 : 512;
    this.#miniBytes = 64;
    this.#cutoff = u32le(bytes, 56) || 4096;
    this.#fat = this.#readFat();
    this.#miniFat = this.#chain(u32le(bytes, 60));
    this.#entries = this.#readEntries(this.#chain(u32le(bytes, 48)));
    const root = this.#entries.find(({ type }) => type === TYPE_ROOT);
    this.#miniStream = root === undefined ? Buffer.alloc(0) : this.#chain(root.start);
  }

  /** Names of all streams, without reading them. */
  names(): string[] {
    return this.#streamEntries().map(({ name }) => name);
  }

  *streams(): Generator<OleStream, void, void> {
    for (const entry of this.#streamEntries()) {
      yield this.#read(entry);
    }
  }

  stream(name: string): OleStream | undefined {
    const entry = this.#streamEntries().find((candidate) => candidate.name === name);
    return entry === undefined ? undefined : this.#read(entry);
  }

  #streamEntries(): Entry[] {
    return this.#entries.filter(({ type, size }) => type === TYPE_STREAM && size > 0);
  }

  #read({ name, start, size }: Entry): OleStream {
    const isMini = size < this.#cutoff;
    const chain = isMini ? this.#miniChain(start, size) : this.#chain(start, size);
    // A wrong size hides content either in front of it or behind; the chain decides when it is shorter.
    return { name, bytes: chain.subarray(0, size), cut: chain.length < size };
  }

  #sector(index: number): Buffer {
    const at = (index + 1) * this.#sectorBytes;
    return this.#bytes.subarray(at, at + this.#sectorBytes);
  }

  #readFat(): Buffer {
    const sectors: number[] = [];
    for (let i = 0; i < 109; i += 1) {
      sectors.push(u32le(this.#bytes, 76 + 4 * i));
    }
    const seen = new Set<number>();
    let next = u32le(this.#bytes, 68);
    while (this.#isInside(next) && !seen.has(next)) {
      seen.add(next);
      const table = this.#sector(next);
      for (let at = 0; at + 4 < this.#sectorBytes; at += 4) {
        sectors.push(u32le(table, at));
      }
      next = u32le(table, this.#sectorBytes - 4);
    }
    const unique = [...new Set(sectors)].filter((index) => this.#isInside(index));
    return Buffer.concat(unique.map((index) => this.#sector(index)));
  }

  #isInside(index: number): boolean {
    return index < FIRST_MARK && (index + 1) * this.#sectorBytes < this.#bytes.length;
  }

  /** The sectors of a chain, joined; at most `most` bytes and never the same sector twice. */
  #chain(start: number, most = Number.MAX_SAFE_INTEGER): Buffer {
    const seen = new Set<number>();
    let index = start;
    let joined = 0;
    const parts: Buffer[] = [];
    while (this.#isInside(index) && !seen.has(index) && joined < most) {
      seen.add(index);
      const part = this.#sector(index);
      parts.push(part);
      joined += part.length;
      index = 4 * index + 4 <= this.#fat.length ? u32le(this.#fat, 4 * index) : FIRST_MARK;
    }
    return Buffer.concat(parts);
  }

  #miniChain(start: number, size: number): Buffer {
    const seen = new Set<number>();
    const parts: Buffer[] = [];
    let index = start;
    while (index < FIRST_MARK && !seen.has(index) && parts.length * this.#miniBytes < size) {
      const part = this.#miniStream.subarray(index * this.#miniBytes, (index + 1) * this.#miniBytes);
      if (part.length === 0) {
        break;
      }
      seen.add(index);
      parts.push(part);
      index = 4 * index + 4 <= this.#miniFat.length ? u32le(this.#miniFat, 4 * index) : FIRST_MARK;
    }
    return Buffer.concat(parts);
  }

  #readEntries(directory: Buffer): Entry[] {
    const entries: Entry[] = [];
    const end = Math.min(directory.length, MAX_ENTRIES * ENTRY_BYTES);
    for (let at = 0; at + ENTRY_BYTES <= end; at += ENTRY_BYTES) {
      const nameBytes = Math.min(64, Math.max(0, u16le(directory, at + 64) - 2));
      const name = directory.toString('utf16le', at, at + nameBytes);
      const type = u8(directory, at + 66);
      // Version 3 files leave the upper half of the size undefined (MS-CFB 2.6.3).
      const size = this.#sectorBytes === 512 ? u32le(directory, at + 120) : u64le(directory, at + 120);
      entries.push({ name, type, start: u32le(directory, at + 116), size });
    }
    return entries;
  }
}

export function isOle(bytes: Uint8Array): boolean {
  if (bytes.length <= HEADER_BYTES) {
    return false;
  }
  return Array.from(OLE_MAGIC).every((character, index) => bytes[index] === character.charCodeAt(0));
}
