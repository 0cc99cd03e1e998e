import type { Piece } from '../piece.ts';
import { hasMagic, latin1, u16le, u8, viewOf } from './byte-view.ts';
import { inflateRaw, inflateZlib, isZlibHeader, type Inflated } from './decompress.ts';
import { emitStream } from './emission.ts';
import { MemberGaps } from './member-gaps.ts';
import { MemberJoiner } from './member-joiner.ts';
import type { Unpacker, Yield } from './unpacker.ts';

const MAGIC = '\u001f\u008b\u0008';
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
/** Flags that have a meaning (RFC 1952 2.3.1). */
const KNOWN_FLAGS = 0x1f;
/** The name field is attacker's bytes: what is longer is no name. */
const MAX_NAME_BYTES = 1024;

/** Where the deflate data of a gzip member starts (RFC 1952 2.3), and the name it carries. */
export function readGzipHeader(
  bytes: Buffer,
  at: number,
): { readonly dataAt: number; readonly name: string } {
  const flags = u8(bytes, at + 3);
  let next = at + HEADER_BYTES;
  if ((flags & 0x04) !== 0) {
    next += 2 + u16le(bytes, next);
  }
  let name = '';
  if ((flags & 0x08) !== 0) {
    const end = endOfString(bytes, next);
    name = latin1(bytes, next, Math.min(end, next + MAX_NAME_BYTES));
    next = end + 1;
  }
  if ((flags & 0x10) !== 0) {
    next = endOfString(bytes, next) + 1;
  }
  if ((flags & 0x02) !== 0) {
    next += 2;
  }
  return { dataAt: next, name };
}

function endOfString(bytes: Buffer, at: number): number {
  const end = at < bytes.length ? bytes.indexOf(0, at) : -1;
  return end < 0 ? bytes.length : end;
}

function readMember(bytes: Buffer, at: number, cap: number): Inflated & { readonly name: string } {
  const { dataAt, name } = readGzipHeader(bytes, at);
  const inflated = inflateRaw(bytes.subarray(dataAt), cap);
  return { ...inflated, name, consumed: dataAt - at + inflated.consumed + TRAILER_BYTES };
}

/** Fields of a header in which nothing can be hidden are shorter, bytes; the extra field ends before the other one. */
const MIN_HEAD_BYTES = 64;
const MAX_HEAD_BYTES = 128 * 1024;

/** Output of a first try that makes a mark believable, bytes. */
const PROBE_BYTES = 64;

/** Whether a member stands at the mark at `at`, and not three bytes by accident. */
export function isGzipMember(bytes: Buffer, at: number): boolean {
  if (u8(bytes, at + 3) > KNOWN_FLAGS) {
    return false;
  }
  const { dataAt } = readGzipHeader(bytes.subarray(0, at + 4096), at);
  const { end, bytes: probe } = inflateRaw(bytes.subarray(dataAt, dataAt + 1024), PROBE_BYTES);
  return end === 'capped' || end === 'complete' || (end === 'truncated' && probe.length > 0);
}

/**
 * gzip: all members joined, as gunzip does, and those behind zeros or other data as well, which only some readers
 * pass over. Trailer, checksum and what follows the last member decide nothing.
 */
function unpackGzip({ bytes }: Piece, out: Yield): void {
  const view = viewOf(bytes);
  const joiner = new MemberJoiner(out, 'gzip stream');
  const gaps = new MemberGaps(
    { bytes: view, magic: Buffer.from(MAGIC, 'latin1'), isReal: isGzipMember },
    out,
  );
  let name = '';
  let at = 0;
  while (at >= 0) {
    const member = readMember(view, at, joiner.allowance());
    name ||= member.name;
    if (!joiner.add(member)) {
      break;
    }
    at = gaps.next(at + member.consumed);
  }
  const head = view.subarray(HEADER_BYTES, readGzipHeader(view, 0).dataAt);
  if (head.length >= MIN_HEAD_BYTES) {
    out.emit('header', head.subarray(0, MAX_HEAD_BYTES));
  }
  joiner.finish(name);
}

export function createGzipUnpacker(): Unpacker {
  return { name: 'gzip', recognises: ({ bytes }) => hasMagic(bytes, MAGIC), unpack: unpackGzip };
}

/** A bare zlib stream has a weak magic, so it counts only when its beginning inflates. */
export function createZlibUnpacker(): Unpacker {
  return {
    name: 'zlib',
    recognises: ({ bytes }) => {
      if (bytes.length < 8 || !isZlibHeader(bytes)) {
        return false;
      }
      const { end, bytes: probe } = inflateZlib(bytes.subarray(0, 4096), PROBE_BYTES);
      return end === 'complete' || end === 'capped' || (end === 'truncated' && probe.length > 0);
    },
    unpack: ({ bytes }, out) => {
      emitStream(out, '', inflateZlib(viewOf(bytes), out.budget.objectAllowance()), 'zlib stream');
    },
  };
}
