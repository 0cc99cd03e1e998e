import { crc32 } from 'node:zlib';
import { latin1, u64le } from './byte-view.ts';

/** One step of decoding. */
export interface SevenZipCoder {
  /** Hexadecimal, such as `21` for LZMA2. */
  readonly method: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly properties: Buffer;
}

/** Coders that together decode some packed streams into one. */
export interface SevenZipFolder {
  readonly coders: readonly SevenZipCoder[];
  /** Which input, counted over all coders, reads which output. */
  readonly bonds: readonly (readonly [input: number, output: number])[];
  /** Inputs that read packed streams, in the order of those. */
  readonly packed: readonly number[];
  /** Of every output, counted over all coders. */
  readonly sizes: readonly number[];
}

export interface SevenZipStreams {
  /** Where the first packed stream begins, from the start of the archive. */
  readonly packAt: number;
  readonly packSizes: readonly number[];
  readonly folders: readonly SevenZipFolder[];
  /** Checksums of the folders as they stand in the header, with their mark; often empty. */
  readonly digests: Buffer;
}

export interface SevenZipHeader {
  /** Packed: the streams hold the real header. */
  readonly isPacked: boolean;
  readonly streams: SevenZipStreams;
  /** What follows the coders in a plain header: how folders are cut into files, and the files. */
  readonly rest: Buffer;
}

const START_HEADER_BYTES = 32;
const ID = {
  end: 0x00,
  header: 0x01,
  mainStreams: 0x04,
  files: 0x05,
  packInfo: 0x06,
  unpackInfo: 0x07,
  size: 0x09,
  crc: 0x0a,
  folder: 0x0b,
  unpackSizes: 0x0c,
  names: 0x11,
  subStreams: 0x08,
  subStreamCounts: 0x0d,
  packedHeader: 0x17,
} as const;

/** 7-Zip accepts up to 32 of each. */
const MAX_CODERS = 32;
/** Folders, one or more for each file of an archive that is not solid; more are left to 7-Zip. */
export const MAX_FOLDERS = 4096;

/** A structure that this reader does not follow; the archive is then 7-Zip's alone. */
export class UnfamiliarHeader extends Error {
  override readonly name = 'UnfamiliarHeader';
}

function require(condition: boolean): void {
  if (!condition) {
    throw new UnfamiliarHeader('structure of 7z header not followed');
  }
}

class HeaderReader {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    const value = this.#bytes[this.at];
    this.at += 1;
    require(value !== undefined);
    return value ?? 0;
  }

  /** The first byte tells by its leading ones how many bytes follow, the lowest first. */
  number(): number {
    const first = this.byte();
    let value = 0;
    let weight = 1;
    for (let mask = 0x80; mask > 0; mask >>= 1) {
      if ((first & mask) === 0) {
        value += (first & (mask - 1)) * weight;
        break;
      }
      value += this.byte() * weight;
      weight *= 256;
    }
    require(Number.isSafeInteger(value));
    return value;
  }

  count(most: number): number {
    const value = this.number();
    require(value <= most);
    return value;
  }

  take(length: number): Buffer {
    require(length <= this.#bytes.length - this.at);
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  expect(id: number): void {
    require(this.byte() === id);
  }

  peek(): number {
    return this.#bytes[this.at] ?? ID.end;
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.at);
  }
}

function times<T>(count: number, read: () => T): T[] {
  return Array.from({ length: count }, () => read());
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function readCoder(reader: HeaderReader): SevenZipCoder {
  const flags = reader.byte();
  require((flags & 0xc0) === 0); // alternative methods were never used
  const method = reader.take(flags & 15).toString('hex');
  const isComplex = (flags & 0x10) !== 0;
  const inputs = isComplex ? reader.count(MAX_CODERS) : 1;
  const outputs = isComplex ? reader.count(MAX_CODERS) : 1;
  const properties = (flags & 0x20) === 0 ? Buffer.alloc(0) : reader.take(reader.number());
  return { method, inputs, outputs, properties };
}

function readFolder(reader: HeaderReader): Omit<SevenZipFolder, 'sizes'> {
  const coders = times(reader.count(MAX_CODERS), () => readCoder(reader));
  const inputs = sum(coders.map((coder) => coder.inputs));
  const outputs = sum(coders.map((coder) => coder.outputs));
  require(outputs >= 1 && inputs >= outputs - 1 && inputs <= MAX_CODERS);
  const bonds = times(outputs - 1, () => [reader.count(inputs - 1), reader.count(outputs - 1)] as const);
  const bound = new Set(bonds.map(([input]) => input));
  const free = Array.from({ length: inputs }, (_, input) => input).filter((input) => !bound.has(input));
  const packedCount = inputs - bonds.length;
  const packed = packedCount === 1 ? free : times(packedCount, () => reader.count(inputs - 1));
  require(packed.length === packedCount && new Set([...packed, ...bound]).size === inputs);
  return { coders, bonds, packed };
}

/** Flags of which of `count` checksums are there, and those; as they stand. */
function readDigests(reader: HeaderReader, count: number): Buffer {
  const start = reader.rest();
  const from = reader.at;
  reader.expect(ID.crc);
  let defined = count;
  if (reader.byte() === 0) {
    const flags = reader.take(Math.ceil(count / 8));
    defined = Array.from({ length: count }).filter(
      (_, index) => ((flags[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0,
    ).length;
  }
  reader.take(4 * defined);
  return start.subarray(0, reader.at - from);
}

function readPackInfo(reader: HeaderReader): Pick<SevenZipStreams, 'packAt' | 'packSizes'> {
  reader.expect(ID.packInfo);
  const packAt = START_HEADER_BYTES + reader.number();
  const count = reader.count(MAX_FOLDERS * 4);
  reader.expect(ID.size);
  const packSizes = times(count, () => reader.number());
  if (reader.peek() === ID.crc) {
    readDigests(reader, count);
  }
  reader.expect(ID.end);
  return { packAt, packSizes };
}

function readStreams(reader: HeaderReader): SevenZipStreams {
  const { packAt, packSizes } = readPackInfo(reader);
  reader.expect(ID.unpackInfo);
  reader.expect(ID.folder);
  const count = reader.count(MAX_FOLDERS);
  reader.expect(0); // the folders stand here, not in another stream
  const plans = times(count, () => readFolder(reader));
  reader.expect(ID.unpackSizes);
  const folders = plans.map((plan) => ({
    ...plan,
    sizes: times(sum(plan.coders.map((coder) => coder.outputs)), () => reader.number()),
  }));
  require(sum(folders.map(({ packed }) => packed.length)) === packSizes.length);
  const digests = reader.peek() === ID.crc ? readDigests(reader, count) : Buffer.alloc(0);
  reader.expect(ID.end);
  return { packAt, packSizes, folders, digests };
}

/**
 * Whether the header has a checksum for all content. 7-Zip always writes them; without one, any password opens what
 * was not compressed. Throws `UnfamiliarHeader`.
 */
export function hasAllChecksums({ streams, rest }: SevenZipHeader): boolean {
  const hasFolderChecksums = (streams.digests[1] ?? 0) !== 0;
  const reader = new HeaderReader(rest);
  if (reader.peek() !== ID.subStreams) {
    return hasFolderChecksums;
  }
  reader.byte();
  const isCounted = reader.peek() === ID.subStreamCounts && reader.byte() > 0;
  const counts = streams.folders.map(() => (isCounted ? reader.count(rest.length) : 1));
  if (reader.peek() === ID.size) {
    reader.byte();
    counts.forEach((count) => times(Math.max(0, count - 1), () => reader.number()));
  }
  if (reader.peek() === ID.crc) {
    reader.byte();
    return reader.byte() !== 0;
  }
  return hasFolderChecksums && counts.every((count) => count <= 1);
}

/** A header, packed or not. Throws `UnfamiliarHeader`. */
export function parseSevenZipHeader(bytes: Buffer): SevenZipHeader {
  const reader = new HeaderReader(bytes);
  const isPacked = reader.byte() === ID.packedHeader;
  if (!isPacked) {
    require(bytes[0] === ID.header);
    reader.expect(ID.mainStreams);
  }
  const streams = readStreams(reader);
  return { isPacked, streams, rest: reader.rest() };
}

/** The header that the start of an archive points to. Throws `UnfamiliarHeader`. */
export function readSevenZipHeader(archive: Buffer): SevenZipHeader {
  require(archive.length > START_HEADER_BYTES && latin1(archive, 0, 2) === '7z');
  const at = START_HEADER_BYTES + u64le(archive, 12);
  const size = u64le(archive, 20);
  require(size > 0 && at + size <= archive.length);
  return parseSevenZipHeader(archive.subarray(at, at + size));
}

/** Long form throughout: readers take it, and it needs no cases. */
function number(value: number): Buffer {
  const bytes = Buffer.alloc(9, 0xff);
  bytes.writeBigUInt64LE(BigInt(value), 1);
  return bytes;
}

function writeCoder({ method, inputs, outputs, properties }: SevenZipCoder): Buffer {
  const id = Buffer.from(method, 'hex');
  const flags = id.length | 0x10 | 0x20;
  return Buffer.concat([
    Buffer.from([flags]),
    id,
    number(inputs),
    number(outputs),
    number(properties.length),
    properties,
  ]);
}

function writeFolder({ coders, bonds, packed }: SevenZipFolder): Buffer {
  const listed = packed.length === 1 ? [] : packed;
  return Buffer.concat([
    number(coders.length),
    ...coders.map(writeCoder),
    ...bonds.flat().map(number),
    ...listed.map(number),
  ]);
}

function writeStreams(
  folders: readonly SevenZipFolder[],
  packSizes: readonly number[],
  digests: Buffer,
): Buffer {
  return Buffer.concat([
    Buffer.from([ID.packInfo]),
    number(0),
    number(packSizes.length),
    Buffer.from([ID.size]),
    ...packSizes.map(number),
    Buffer.from([ID.end, ID.unpackInfo, ID.folder]),
    number(folders.length),
    Buffer.from([0]),
    ...folders.map(writeFolder),
    Buffer.from([ID.unpackSizes]),
    ...folders.flatMap(({ sizes }) => sizes.map(number)),
    digests,
    Buffer.from([ID.end]),
  ]);
}

/** What an archive consists of when it is written anew. */
export interface SevenZipParts {
  readonly folders: readonly SevenZipFolder[];
  /** Packed streams, in the order of the folders and their inputs. */
  readonly packs: readonly Buffer[];
  readonly digests: Buffer;
  /** As in the header that was read. */
  readonly rest: Buffer;
}

/** An archive with a plain header. */
export function writeSevenZip({ folders, packs, digests, rest }: SevenZipParts): Buffer {
  const sizes = packs.map(({ length }) => length);
  const header = Buffer.concat([
    Buffer.from([ID.header, ID.mainStreams]),
    writeStreams(folders, sizes, digests),
    rest,
  ]);
  const start = Buffer.alloc(START_HEADER_BYTES);
  start.write('7z\u00bc\u00af\u0027\u001c\u0000\u0004', 0, 'latin1');
  start.writeBigUInt64LE(BigInt(sum(sizes)), 12);
  start.writeBigUInt64LE(BigInt(header.length), 20);
  start.writeUInt32LE(crc32(header), 28);
  start.writeUInt32LE(crc32(start.subarray(12)), 8);
  return Buffer.concat([start, ...packs, header]);
}

/** The rest of a header over one folder that is one file: no cutting, one name. */
export function restForOneFile(): Buffer {
  const name = Buffer.from('a\0', 'utf16le');
  const names = [ID.names, name.length + 1, 0];
  return Buffer.from([ID.end, ID.files, 1, ...names, ...name, ID.end, ID.end]);
}
