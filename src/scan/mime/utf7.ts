/** UTF-7 (RFC 2152), read leniently and in linear time: each shift may be one letter long. */

const PLUS = 0x2b;
const MINUS = 0x2d;
const MARK = 0xfeff;
const UNREADABLE = 0xfffd;
const NO_LETTER = 255;
const UNIT_BITS = 16;

const VALUE = new Uint8Array(256).fill(NO_LETTER);
const LETTERS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
for (const [value, letter] of LETTERS.entries()) {
  VALUE[letter] = value;
}

/** Names of the charset as they are compared: lower case, letters and digits only. */
const NAMES: ReadonlySet<string> = new Set(['utf7', 'unicode11utf7']);

export function isUtf7(charset: string): boolean {
  return NAMES.has(charset.toLowerCase().replaceAll(/[^0-9a-z]/g, ''));
}

/** `bytes` as text, without a byte-order mark at the start of a shift, which nobody sees. What is no ASCII outside a shift, and half a unit at its end, is lost. */
export function decodeUtf7(bytes: Uint8Array): string {
  const units = new Uint16Array(bytes.length);
  let count = 0;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    at += 1;
    if (byte !== PLUS) {
      units[count] = byte < 0x80 ? byte : UNREADABLE;
      count += 1;
      continue;
    }
    const start = at;
    let bits = 0;
    let held = 0;
    const first = count;
    for (let value = letterAt(bytes, at); value !== NO_LETTER; value = letterAt(bytes, at)) {
      at += 1;
      held = (held << 6) | value;
      bits += 6;
      if (bits < UNIT_BITS) continue;
      bits -= UNIT_BITS;
      const unit = held >> bits;
      held &= (1 << bits) - 1;
      if (unit === MARK && count === first) continue;
      units[count] = unit;
      count += 1;
    }
    if (bytes[at] !== MINUS) continue;
    if (at === start) {
      units[count] = PLUS; // a plus sign is written `+-`
      count += 1;
    }
    at += 1;
  }
  return Buffer.from(units.buffer, 0, 2 * count).toString('utf16le');
}

function letterAt(bytes: Uint8Array, at: number): number {
  return VALUE[bytes[at] ?? 0] ?? NO_LETTER;
}
