import { crc32 } from 'node:zlib';
import type { Piece } from '../piece.ts';
import { hasMagic, latin1, u16le, u32le, u8, viewOf } from './byte-view.ts';
import { CAPTURES } from './capture-magic.ts';
import { withoutMalformed } from './emission.ts';
import { isGzipMember } from './gzip.ts';
import { isLz4Frame } from './lz4.ts';
import type { MarkIndex } from './mark-search.ts';
import type { Unpacker, Yield } from './unpacker.ts';
import { isZstdFrame } from './zstd.ts';

/** Archives of one kind carved from one piece: programs that unpack themselves carry a handful. */
const MAX_ARCHIVES = 16;
/** Compressed streams of one kind: each is read with all members that follow it. */
const MAX_STREAMS = 8;
/** Hits of one mark that are tested: an attacker can repeat a mark as often as the piece has room. */
const MAX_HITS = 256;
/** Where the readers of documents still accept their mark as the beginning. */
const START_WITHIN = 1024;

/** A mark that begins a file at any offset (self-extractors, polyglots, padding), and a test that it is no accident. */
interface CarvedFormat {
  readonly magic: Buffer;
  readonly isReal: (bytes: Buffer, at: number) => boolean;
  readonly most: number;
  /** Bytes of the file before the mark. */
  readonly lead: number;
  /** A piece whose mark stands before this offset is of this kind itself, and its reader finds all that follows. */
  readonly ownWithin: number;
}

const always = (): boolean => true;

function archive(magic: string, isReal: CarvedFormat['isReal']): CarvedFormat {
  return { magic: Buffer.from(magic, 'latin1'), isReal, most: MAX_ARCHIVES, lead: 0, ownWithin: 0 };
}

function stream(magic: string, isReal: CarvedFormat['isReal']): CarvedFormat {
  return { magic: Buffer.from(magic, 'latin1'), isReal, most: MAX_STREAMS, lead: 0, ownWithin: 1 };
}

function document(magic: string): CarvedFormat {
  return { magic: Buffer.from(magic, 'latin1'), isReal: always, most: 1, lead: 0, ownWithin: START_WITHIN };
}

function tar(magic: string): CarvedFormat {
  return { magic: Buffer.from(magic, 'latin1'), isReal: isTar, most: 1, lead: 257, ownWithin: 1 };
}

/** The first header's checksum covers its size, a number of one or two bytes here, and what that counts. */
function isRar5(bytes: Buffer, at: number): boolean {
  const low = u8(bytes, at + 12);
  const size = low < 0x80 ? low + 1 : (low & 0x7f) + u8(bytes, at + 13) * 128 + 2;
  return crc32(bytes.subarray(at + 12, at + 12 + size)) === u32le(bytes, at + 8);
}

/** Behind another stream and its padding 7-Zip reads on by itself (xz format 2.2). */
function followsXz(bytes: Buffer, at: number): boolean {
  let end = at;
  while (end >= 4 && u32le(bytes, end - 4) === 0) {
    end -= 4;
  }
  return end >= 2 && latin1(bytes, end - 2, end) === 'YZ';
}

function isXz(bytes: Buffer, at: number): boolean {
  return crc32(bytes.subarray(at + 6, at + 8)) === u32le(bytes, at + 8) && !followsXz(bytes, at);
}

/** The mark of the end, the checksum and the bits that fill the last byte. */
const BZIP2_END = 0x1772_4538_5090n;
const BZIP2_END_BITS = 80n;

/** Directly behind the end of another stream 7-Zip reads on by itself. */
function isApartBzip2(bytes: Buffer, at: number): boolean {
  const before = BigInt(`0x0${bytes.toString('hex', Math.max(0, at - 11), at)}`);
  const mask = (1n << 48n) - 1n;
  for (let shift = 0n; shift < 8n; shift += 1n) {
    if (((before >> (BZIP2_END_BITS - 48n + shift)) & mask) === BZIP2_END) {
      return false;
    }
  }
  return true;
}

function isTar(bytes: Buffer, at: number): boolean {
  return /^[0-7 ]{6,}/.test(latin1(bytes, at - 133, at - 121));
}

/** Zip is not here: its walk finds entries at any offset by itself. */
const FORMATS: readonly CarvedFormat[] = [
  archive(
    '7z\u00bc\u00af\u0027\u001c',
    (bytes, at) => crc32(bytes.subarray(at + 12, at + 32)) === u32le(bytes, at + 8),
  ),
  archive('Rar!\u001a\u0007\u0000', (bytes, at) => u8(bytes, at + 9) === 0x73),
  archive('Rar!\u001a\u0007\u0001\u0000', isRar5),
  archive(
    '\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1',
    (bytes, at) => u16le(bytes, at + 28) === 0xfffe,
  ),
  stream('\u001f\u008b\u0008', isGzipMember),
  stream('\u0028\u00b5\u002f\u00fd', isZstdFrame),
  stream('\u0004\u0022\u004d\u0018', isLz4Frame),
  { ...stream('\u00fd7zXZ\u0000', isXz), ownWithin: 0 },
  { ...stream('BZh91AY&SY', isApartBzip2), ownWithin: 0 },
  archive('MSCF\u0000\u0000\u0000\u0000', (bytes, at) => u16le(bytes, at + 24) === 0x0103),
  document('%PDF-1.'),
  document('{\\rtf1'),
  document('ActiveMime'),
  archive('ITSF\u0003\u0000\u0000\u0000', always),
  document('LZIP\u0001'),
  archive('!<arch>\n', (bytes, at) => u16le(bytes, at + 66) === 0x0a60),
  tar('ustar\u000000'),
  tar('ustar  \u0000'),
];

function startsOf(
  bytes: Buffer,
  first: number,
  { magic, lead, isReal, most, ownWithin }: CarvedFormat,
): number[] {
  const found: number[] = [];
  if (first - lead < ownWithin) {
    return found;
  }
  let at = first;
  for (let hits = 0; at >= 0 && hits < MAX_HITS && found.length < most; hits += 1) {
    if (at > lead && isReal(bytes, at)) {
      found.push(at - lead);
    }
    at = bytes.indexOf(magic, at + 1);
  }
  return found;
}

/** Where files begin inside a piece, offset 0 excluded. */
function createStarts(marks: MarkIndex): (bytes: Uint8Array) => number[] {
  const first = marks.addEach(FORMATS.map(({ magic }) => magic));
  return (bytes) => {
    const view = viewOf(bytes);
    const firstOf = first(bytes);
    const found: number[] = [];
    for (const [index, format] of FORMATS.entries()) {
      const at = firstOf(index);
      found.push(...(at < 0 ? [] : startsOf(view, at, format)));
    }
    return found.sort((a, b) => a - b);
  };
}

/** A 7z or RAR archive behind other data is there on purpose, but in a record of a network: its failure is told. */
function isArchive(bytes: Uint8Array, whole: Uint8Array): boolean {
  const isOne = hasMagic(bytes, '7z\u00bc\u00af') || hasMagic(bytes, 'Rar!\u001a\u0007');
  return isOne && !CAPTURES.some((magic) => hasMagic(whole, magic));
}

/** Opens what stands at offsets above zero with the unpackers given. */
export function createCarver(unpackers: readonly Unpacker[], marks: MarkIndex): Unpacker {
  const starts = createStarts(marks);
  return {
    name: 'carve',
    recognises: ({ bytes }: Piece) => bytes.length > 64 && starts(bytes).length > 0,
    unpack: async (piece: Piece, out: Yield) => {
      const view = viewOf(piece.bytes);
      for (const at of starts(piece.bytes)) {
        const bytes = view.subarray(at);
        marks.notePart(bytes, piece.bytes);
        const inner: Piece = { path: piece.path, bytes, depth: piece.depth };
        const sink = isArchive(bytes, view) ? out : withoutMalformed(out);
        for (const unpacker of unpackers.filter((candidate) => candidate.recognises(inner))) {
          await unpacker.unpack(inner, sink);
        }
      }
    },
  };
}
