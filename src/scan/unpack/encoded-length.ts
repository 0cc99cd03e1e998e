import { base64Runs } from './text-runs.ts';

/** Shortest run for which joining the elements of an array counts, characters. */
export const MIN_RUN = 64;

/** Characters of encoded runs in a text. */
export function encodedLength(bytes: Buffer): number {
  return base64Runs(bytes, MIN_RUN).reduce((sum, { letters }) => sum + letters, 0);
}
