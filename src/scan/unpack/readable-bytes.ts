import { hasKnownStart } from './known-start.ts';

/** Bytes that are looked at. */
const SAMPLE = 256;
/** Share of letters, signs and blanks; zeros are every other byte of text of two bytes. */
const MIN_SHARE = 0.85;
const ZLIB = 0x78;
const IS_TEXT = Uint8Array.from({ length: 256 }, (_, byte) =>
  (byte >= 0x20 && byte < 0x7f) || [0, 9, 10, 13].includes(byte) ? 1 : 0,
);

/**
 * True for text and for files that a script would make of a guess that was right. Wrong ones give noise, as long as
 * what was guessed at.
 */
export function isReadable(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, SAMPLE);
  let text = 0;
  for (let at = 0; at < length; at += 1) {
    text += IS_TEXT[bytes[at] ?? 0] ?? 0;
  }
  return text >= length * MIN_SHARE || bytes[0] === ZLIB || hasKnownStart(bytes);
}
