import { isUtf8 } from 'node:buffer';
import type { Piece } from '../piece.ts';
import { viewOf } from '../unpack/byte-view.ts';
import type { Unpacker } from '../unpack/unpacker.ts';
import type { TextLikeness } from './inline/text-likeness.ts';

/** Many clients show nothing for them: NUL, backspace, and the shifts of ISO 2022 without a designation. */
const UNSEEN = [0x00, 0x08, 0x0e, 0x0f];

const IS_UNSEEN = new Uint8Array(256);
for (const byte of UNSEEN) {
  IS_UNSEEN[byte] = 1;
}

/** More of them than this share hide nothing in a text: it is wide or binary. */
const MAX_UNSEEN_SHARE = 0.6;

/** `bytes` without the characters that many clients do not show. */
export function seenOf(bytes: Buffer): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    out[length] = byte;
    length += 1 - (IS_UNSEEN[byte] ?? 0);
  }
  return out.subarray(0, length);
}

function hasUnseen(bytes: Buffer): boolean {
  return UNSEEN.some((byte) => bytes.includes(byte));
}

function withoutUnseen(bytes: Buffer): Buffer | undefined {
  if (!hasUnseen(bytes)) {
    return undefined;
  }
  const seen = seenOf(bytes);
  return bytes.length - seen.length > bytes.length * MAX_UNSEEN_SHARE ? undefined : seen;
}

function isFollowing(byte: number | undefined): boolean {
  return ((byte ?? 0) & 0xc0) === 0x80;
}

/**
 * Bytes of the sequence that a lead byte announces, as decoders of UTF-8 before RFC 3629 read them, for the leads with
 * which an ASCII character can be written in more bytes than it needs; else 0.
 */
const OVERLONG_LENGTH = new Uint8Array(256);
for (const [lead, length] of [
  [0xc0, 2],
  [0xc1, 2],
  [0xe0, 3],
  [0xf0, 4],
  [0xf8, 5],
  [0xfc, 6],
] as const) {
  OVERLONG_LENGTH[lead] = length;
}

/** Value of the sequence at `at`, when it is an ASCII character in more bytes than it needs; otherwise -1. */
function overlongAscii(bytes: Buffer, at: number, length: number): number {
  let value = (bytes[at] ?? 0) & (0x7f >> length);
  for (let i = 1; i < length; i += 1) {
    const byte = bytes[at + i];
    if (!isFollowing(byte)) {
      return -1;
    }
    value = value * 64 + ((byte ?? 0) & 0x3f);
  }
  return value < 0x80 ? value : -1;
}

/** Where an overlong sequence stands at or behind `from`, or the length of `bytes`. A function of its own: a tight loop. */
function nextOverlong(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    const size = OVERLONG_LENGTH[bytes[at] ?? 0] ?? 0;
    if (size > 0 && overlongAscii(bytes, at, size) >= 0) {
      return at;
    }
  }
  return bytes.length;
}

/** Shorter stretches are copied byte by byte: a call costs more. */
const SHORT = 32;

/** Copies `bytes` from `from` to `to` to `at` of `out`; gives the place behind them there. */
function copyStretch(bytes: Buffer, [from, to]: readonly [number, number], out: Buffer, at: number): number {
  if (to - from >= SHORT) {
    return at + bytes.copy(out, at, from, to);
  }
  for (let each = from; each < to; each += 1) {
    out[at + each - from] = bytes[each] ?? 0;
  }
  return at + to - from;
}

/** Overlong sequences (RFC 3629 10) as the characters that lenient decoders make of them; undefined: there are none. */
export function withoutOverlong(bytes: Buffer): Buffer | undefined {
  let at = nextOverlong(bytes, 0);
  if (at === bytes.length) {
    return undefined;
  }
  const out = Buffer.allocUnsafe(bytes.length);
  let length = copyStretch(bytes, [0, at], out, 0);
  while (at < bytes.length) {
    const size = OVERLONG_LENGTH[bytes[at] ?? 0] ?? 0;
    out[length] = overlongAscii(bytes, at, size);
    const next = nextOverlong(bytes, at + size);
    length = copyStretch(bytes, [at + size, next], out, length + 1);
    at = next;
  }
  return out.subarray(0, length);
}

/**
 * Up to here a text is repaired wherever it is met, bytes; a longer one only where it is a part of a message. What
 * other readings make of long noise is full of such characters, and each repair would be read in every way again.
 */
const MAX_INNER_BYTES = 16 * 1024;

function mayBeRepaired({ depth, bytes }: Piece): boolean {
  return depth === 0 || bytes.length <= MAX_INNER_BYTES;
}

/** What lenient clients show of a text with characters in it that are none. */
export function createTextRepairs(likeness: TextLikeness): Unpacker {
  return {
    name: 'text-repairs',
    recognises: (piece) => {
      const bytes = viewOf(piece.bytes);
      const isText = mayBeRepaired(piece) && likeness.of(piece);
      return isText && (hasUnseen(bytes) || !isUtf8(bytes));
    },
    unpack: (piece, out) => {
      const bytes = viewOf(piece.bytes);
      const exact = isUtf8(bytes) ? undefined : withoutOverlong(bytes);
      const seen = withoutUnseen(exact ?? bytes);
      for (const [name, text] of [
        ['exact', exact],
        ['seen', seen],
      ] as const) {
        if (text !== undefined) {
          out.emit(name, text);
        }
      }
    },
  };
}
