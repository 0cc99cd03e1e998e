/** Reading hostile bytes: a view without a copy, and integer reads that give zero past the end instead of throwing. */

/** The same memory as a Buffer; works over shared memory as well. */
export function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

export function u16le(bytes: Uint8Array, at: number): number {
  return u8(bytes, at) | (u8(bytes, at + 1) << 8);
}

export function u32le(bytes: Uint8Array, at: number): number {
  return (u16le(bytes, at) | (u16le(bytes, at + 2) << 16)) >>> 0;
}

/** A 64-bit value as a number: exact up to 2^53, rounded above, which is beyond every limit anyway. */
export function u64le(bytes: Uint8Array, at: number): number {
  return u32le(bytes, at) + u32le(bytes, at + 4) * 0x1_0000_0000;
}

export function u16be(bytes: Uint8Array, at: number): number {
  return (u8(bytes, at) << 8) | u8(bytes, at + 1);
}

export function u32be(bytes: Uint8Array, at: number): number {
  return ((u16be(bytes, at) << 16) | u16be(bytes, at + 2)) >>> 0;
}

/** True when `magic` (one byte per character) stands at `at`. */
export function hasMagic(bytes: Uint8Array, magic: string, at = 0): boolean {
  for (let i = 0; i < magic.length; i += 1) {
    if (bytes[at + i] !== magic.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}

/** Every position of `needle`, at most `most` of them. */
export function positionsOf(bytes: Buffer, needle: Buffer, most: number): number[] {
  const found: number[] = [];
  let at = bytes.indexOf(needle);
  while (at >= 0 && found.length < most) {
    found.push(at);
    at = bytes.indexOf(needle, at + 1);
  }
  return found;
}

/** Bytes as characters, one each; positions past the end are cut off instead of thrown at. */
export function latin1(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return viewOf(bytes).toString('latin1', Math.max(0, start), Math.max(0, end));
}

/** A copy in one piece of memory: the `filter` of a typed array makes a list of all it keeps. */
export function withoutZeros(bytes: Uint8Array): Buffer {
  const kept = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    kept[length] = byte;
    length += byte === 0 ? 0 : 1;
  }
  return kept.subarray(0, length);
}
