import { ByteCuts } from '../../unpack/byte-cuts.ts';

/** Signs in a text that it is written in an encoding that nothing declares. */

/** Finds signs in ascending order: the next one at or behind `from`, or the end of the text. */
export type SignSearch = (from: number) => number;

/**
 * Up to here a text is read whole in a way that nothing declares, bytes. Longer noise shows a sign of it by accident,
 * and a view of all of it would be viewed in every other way once more: only what is near a sign is read.
 */
const MAX_WHOLE = 64 * 1024;
/** Read on both sides of a sign, bytes: more than any word or link that it is a part of. */
const NEAR = 8 * 1024;
const LF = Buffer.from('\n');

/** Stretches around the signs; a text that is full of them is one stretch, and one without any is empty. */
export function nearSigns(bytes: Buffer, next: SignSearch): Buffer {
  if (bytes.length <= MAX_WHOLE) {
    return bytes;
  }
  const kept: Buffer[] = [];
  let from = 0;
  let to = 0;
  for (let at = next(0); at < bytes.length; at = next(at + 1)) {
    if (at - NEAR > to) {
      kept.push(bytes.subarray(from, to), LF);
      from = at - NEAR;
    }
    to = Math.min(bytes.length, at + NEAR);
  }
  return Buffer.concat([...kept.slice(kept[0]?.length === 0 ? 2 : 0), bytes.subarray(from, to)]);
}

const UTF7_START = Buffer.from('+A');
/** How UTF-7 writes one ASCII character behind `+A`: nine zero bits, seven of its own, then zeros or an end. */
const SECOND = Buffer.from('ABCDEFGH');
const THIRD = Buffer.from('AEIMQUYcgkosw048');
/** Base64 goes on here; in it the signs before are an accident. */
const MORE = Buffer.from('BCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const IS_SECOND = 1;
const IS_THIRD = 2;
const IS_MORE = 4;
const UTF7_CLASS = Uint8Array.from(
  { length: 256 },
  (_, code) =>
    (SECOND.includes(code) ? IS_SECOND : 0) |
    (THIRD.includes(code) ? IS_THIRD : 0) |
    (MORE.includes(code) ? IS_MORE : 0),
);

function isOf(bytes: Buffer, at: number, kind: number): boolean {
  return at < bytes.length && ((UTF7_CLASS[bytes[at] ?? 0] ?? 0) & kind) !== 0;
}

/** An ASCII character in UTF-7. Base64 hardly ever has the like. */
export function nextUtf7Sign(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(UTF7_START, from); at >= 0; at = bytes.indexOf(UTF7_START, at + 1)) {
    if (isOf(bytes, at + 2, IS_SECOND) && isOf(bytes, at + 3, IS_THIRD) && !isOf(bytes, at + 4, IS_MORE)) {
      return at;
    }
  }
  return bytes.length;
}

const ESCAPE = 0x1b;
const SHIFT_OUT = 0x0e;
const SHIFT_IN = 0x0f;
const DOLLAR = 0x24;
/** Which set an escape of ISO 2022 names; a dollar sign may stand before them. */
const SETS: ReadonlySet<number | undefined> = new Set(Buffer.from('()*+-./'));
const OTHERS: ReadonlySet<number | undefined> = new Set(Buffer.from('%&'));

function isFinal(byte: number | undefined): boolean {
  return byte !== undefined && ((byte >= 0x40 && byte <= 0x7e) || (byte >= 0x30 && byte <= 0x39));
}

/** Bytes of the shift at `at`, to another set or back, or zero: between them nothing is left to show. */
function shiftLength(bytes: Buffer, at: number): number {
  if (bytes[at] !== ESCAPE) {
    return bytes[at] === SHIFT_OUT || bytes[at] === SHIFT_IN ? 1 : 0;
  }
  const kind = bytes[at + 1];
  const isNamed = SETS.has(kind) || OTHERS.has(kind) || (kind === DOLLAR && !SETS.has(bytes[at + 2]));
  if (isNamed) {
    return isFinal(bytes[at + 2]) ? 3 : 0;
  }
  return kind === DOLLAR && isFinal(bytes[at + 3]) ? 4 : 0;
}

/** Finds shifts. Each byte that may begin one is searched for only once for every place where it stands. */
export function shiftSearch(bytes: Buffer): SignSearch {
  const marks = [ESCAPE, SHIFT_OUT, SHIFT_IN].map((byte) => ({ byte, place: -1 }));
  const nextMark = (from: number): number => {
    let nearest = bytes.length;
    for (const mark of marks) {
      if (mark.place < from) {
        const found = bytes.indexOf(mark.byte, from);
        mark.place = found < 0 ? bytes.length : found;
      }
      nearest = Math.min(nearest, mark.place);
    }
    return nearest;
  };
  return (from) => {
    let at = nextMark(from);
    while (at < bytes.length && shiftLength(bytes, at) === 0) {
      at = nextMark(at + 1);
    }
    return at;
  };
}

export function withoutShifts(bytes: Buffer): Buffer {
  const cuts = new ByteCuts(bytes);
  const next = shiftSearch(bytes);
  for (let at = next(0); at < bytes.length;) {
    const end = at + shiftLength(bytes, at);
    cuts.cut(at, end);
    at = next(end);
  }
  return cuts.rest() ?? bytes;
}
