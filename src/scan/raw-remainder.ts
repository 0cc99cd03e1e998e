import type { Budget } from './budget.ts';
import type { Span } from './mime/multipart.ts';

/** What is left of `message` when `cuts` are left out, in order; nothing is copied. */
export function keptStretches(message: Uint8Array, cuts: readonly Span[]): Uint8Array[] {
  const kept: Uint8Array[] = [];
  let at = 0;
  for (const cut of cuts.toSorted((a, b) => a.start - b.start)) {
    if (cut.start > at) {
      kept.push(message.subarray(at, cut.start));
    }
    at = Math.max(at, cut.end);
  }
  kept.push(message.subarray(at));
  return kept;
}

/** `message` less `cuts`: base64 text is dear to match and can match nothing but itself (it was decoded whole). */
export function rawRemainder(message: Uint8Array, cuts: readonly Span[]): Uint8Array {
  return cuts.length === 0 ? message : Buffer.concat(keptStretches(message, cuts));
}

/** All of them, one behind the other. */
export function joined(parts: readonly Uint8Array[], budget: Budget): Buffer {
  const room = budget.allocate(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    room.set(part, at);
    at += part.length;
  }
  return room;
}

/** All of the message, as it stands there. */
export function wholeOf(message: Buffer): { start: number; end: number; encoding: 'identity' } {
  return { start: 0, end: message.length, encoding: 'identity' };
}
