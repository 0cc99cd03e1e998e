import type { Piece } from '../piece.ts';
import { latin1, positionsOf, u16le, u32le, u8, viewOf } from './byte-view.ts';
import { inflateRaw, inflateZlib } from './decompress.ts';
import { emitStream } from './emission.ts';
import type { MarkIndex } from './mark-search.ts';
import { PieceJoiner } from './piece-joiner.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** Cabinets of InstallShield: `ISc(`, version, volume, descriptor, then where the first file's data begins. */
const CABINET = Buffer.from('ISc(');
const MAX_CABINETS = 64;
const DATA_OFFSET_AT = 20;
/** Chunks of one cabinet; each holds up to 64 KiB. */
const MAX_CHUNKS = 20_000;
/** Chunks that become pieces of their own before small ones are joined. */
const SINGLE_FILES = 64;

/** Programs with a setup stream: the mark, the number of files, a header and the data of each. */
const SETUP = Buffer.from('InstallShield\u0000', 'latin1');
const SETUP_HEADER_BYTES = 46;
const MAX_SETUP_MARKS = 64;
const ENTRY_BYTES = 312;
const NAME_BYTES = 260;
const SIZE_AT = 0x10c;
/** What the name is combined with to give the key of a file. */
const KEY_MASK = [0xec, 0xca, 0x79, 0xf8];
/** The key starts again after this many bytes. */
const KEY_BLOCK = 1024;

function isCabinet(bytes: Buffer, at: number): boolean {
  const generation = u8(bytes, at + 7);
  return [1, 2, 4].includes(generation) && u32le(bytes, at + DATA_OFFSET_AT) >= 64;
}

/** Chunks are a length and raw deflate data. They follow each other across files. */
function readChunks(bytes: Buffer, start: number, out: Yield): Buffer[] {
  const chunks: Buffer[] = [];
  let left = out.budget.objectAllowance();
  for (let at = start; at + 2 < bytes.length && chunks.length < MAX_CHUNKS && left > 0;) {
    const length = u16le(bytes, at);
    const inflated = inflateRaw(bytes.subarray(at + 2, at + 2 + length), left);
    out.budget.checkTime();
    if (length === 0 || inflated.end !== 'complete') {
      break;
    }
    chunks.push(inflated.bytes);
    left -= inflated.bytes.length;
    at += 2 + length;
  }
  return chunks;
}

/** A file ends with a chunk that is not full. */
function joinFiles(chunks: readonly Buffer[]): Buffer[] {
  const full = Math.max(0, ...chunks.map((chunk) => chunk.length));
  const files: Buffer[] = [];
  let parts: Buffer[] = [];
  for (const chunk of chunks) {
    parts.push(chunk);
    if (chunk.length < full) {
      files.push(Buffer.concat(parts));
      parts = [];
    }
  }
  return parts.length === 0 ? files : [...files, Buffer.concat(parts)];
}

function unpackCabinets(bytes: Buffer, out: Yield): void {
  for (const at of positionsOf(bytes, CABINET, MAX_CABINETS).filter((start) => isCabinet(bytes, start))) {
    const chunks = readChunks(bytes, at + u32le(bytes, at + DATA_OFFSET_AT), out);
    const joiner = new PieceJoiner(out, 'file', SINGLE_FILES);
    for (const file of joinFiles(chunks)) {
      joiner.add(file);
    }
    joiner.flush();
    if (at === 0 && chunks.length === 0) {
      out.cannot('malformed', 'InstallShield cabinet without readable data');
    }
  }
}

/** Each byte has its halves swapped and is combined with the key. */
function decode(data: Buffer, name: Buffer): Buffer {
  const key = name.map((byte, index) => byte ^ (KEY_MASK[index & 3] ?? 0));
  const plain = Buffer.alloc(data.length);
  for (let at = 0; at < data.length; at += 1) {
    const byte = u8(data, at);
    plain[at] = (((byte >> 4) | (byte << 4)) & 0xff) ^ u8(key, (at % KEY_BLOCK) % key.length);
  }
  return plain;
}

/** Zeros fill the header behind the count; the mark is also a mere word in many programs. */
function isSetup(bytes: Buffer, at: number): boolean {
  const fill = bytes.subarray(at + SETUP.length + 2, at + SETUP_HEADER_BYTES);
  return u16le(bytes, at + SETUP.length) > 0 && fill.every((byte) => byte === 0);
}

function unpackSetup(bytes: Buffer, start: number, out: Yield): void {
  let at = start + SETUP_HEADER_BYTES;
  for (
    let left = u16le(bytes, start + SETUP.length);
    left > 0 && at + ENTRY_BYTES < bytes.length;
    left -= 1
  ) {
    out.budget.checkTime();
    const field = bytes.subarray(at, at + NAME_BYTES);
    const name = field.subarray(0, Math.max(0, field.indexOf(0)));
    const size = u32le(bytes, at + SIZE_AT);
    const data = bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + size);
    if (name.length === 0 || data.length < size) {
      return;
    }
    const inflated = inflateZlib(decode(data, name), out.budget.objectAllowance());
    emitStream(out, latin1(name), inflated, 'InstallShield file');
    at += ENTRY_BYTES + size;
  }
}

/** Installers of InstallShield: cabinets anywhere in the piece, and streams behind the program. */
export function createInstallShieldUnpacker(marks: MarkIndex): Unpacker {
  const cabinet = marks.add(CABINET);
  const setup = marks.add(SETUP);
  return {
    name: 'installshield',
    recognises: ({ bytes }: Piece) => cabinet(bytes) >= 0 || setup(bytes) >= 0,
    unpack: ({ bytes }: Piece, out: Yield) => {
      const view = viewOf(bytes);
      unpackCabinets(view, out);
      for (const at of positionsOf(view, SETUP, MAX_SETUP_MARKS).filter((start) => isSetup(view, start))) {
        unpackSetup(view, at, out);
      }
    },
  };
}
