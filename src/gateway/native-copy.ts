/**
 * Copies `bytes` to `target` from `start`. `set` and `copy` go byte by byte where shared memory is on either side,
 * ten times slower; `fill` with as many bytes as there is room for is one memcpy.
 */
export function nativeCopy(target: Buffer, start: number, bytes: Uint8Array): void {
  if (bytes.length > 0) target.fill(bytes, start, start + bytes.length);
}
