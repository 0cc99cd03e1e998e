import { statfsSync } from 'node:fs';

/** Of the free room in the spool folder; others may write there too. */
const USABLE_SHARE = 0.9;

/** Held bytes that fit: `maxBytes`, or what memory and the folder have room for now. */
export function spoolCapacity(directory: string, maxBytes: number, memoryBytes: number): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return Math.min(maxBytes, memoryBytes + Math.floor(bavail * bsize * USABLE_SHARE));
  } catch {
    return maxBytes; // a folder that cannot be used shows when the first file is made
  }
}
