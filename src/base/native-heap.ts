import { createRequire } from 'node:module';
import type koffi from 'koffi';

/** Parameters of mallopt(3). */
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;

/** Smaller ones are cheaper to keep: the system clears what it gives, page by page. */
export const LARGE_BYTES = 4 * 1024 * 1024;
/** Free memory at the end of a heap that stays, as a multiple: the proportion that the library itself uses. */
const KEPT_FACTOR = 2;

/**
 * Has the C library take each larger buffer from the system and give it back when it is freed. By itself glibc ceases
 * to after the first of them, for sizes up to 32 MiB, and every scan thread keeps what its largest messages took. False
 * where there is no such library.
 */
export function returnLargeBuffers(): boolean {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- koffi has no types for a late require
    const native = createRequire(import.meta.url)('koffi') as typeof koffi;
    const mallopt = native.load(null).func('int mallopt(int, int)');
    const set = (parameter: number, value: number): boolean => mallopt(parameter, value) === 1;
    return set(M_MMAP_THRESHOLD, LARGE_BYTES) && set(M_TRIM_THRESHOLD, KEPT_FACTOR * LARGE_BYTES);
  } catch {
    return false; // another C library, which has its own ways
  }
}
