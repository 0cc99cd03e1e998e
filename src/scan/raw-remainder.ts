import type { Span } from './mime/multipart.ts';

/** `message` less `cuts`: base64 text is dear to match and can match nothing but itself (it was decoded whole). */
export function rawRemainder(message: Uint8Array, cuts: readonly Span[]): Uint8Array {
  if (cuts.length === 0) {
    return message;
  }
  const kept: Uint8Array[] = [];
  let at = 0;
  for (const cut of cuts.toSorted((a, b) => a.start - b.start)) {
    if (cut.start > at) {
      kept.push(message.subarray(at, cut.start));
    }
    at = Math.max(at, cut.end);
  }
  kept.push(message.subarray(at));
  return Buffer.concat(kept);
}
