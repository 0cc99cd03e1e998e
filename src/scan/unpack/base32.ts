/** RFC 4648 section 6. */
const VALUES = new Uint8Array(256).fill(64);
for (const [value, letter] of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567').entries()) {
  VALUES[letter] = value;
}

/** True for a text of no other characters: base64 of that length has small letters. */
export function isBase32(text: string): boolean {
  return /^[A-Z2-7\s]+$/.test(text);
}

/** What is in the alphabet, decoded; all else is passed over. */
export function decodeBase32(text: string): Buffer {
  const out = Buffer.allocUnsafe(text.length);
  let length = 0;
  let bits = 0;
  let count = 0;
  for (const letter of Buffer.from(text, 'latin1')) {
    const value = VALUES[letter] ?? 64;
    if (value < 64) {
      bits = ((bits << 5) | value) & 0xffff;
      count += 5;
    }
    if (count >= 8) {
      count -= 8;
      out[length] = (bits >> count) & 0xff;
      length += 1;
    }
  }
  return out.subarray(0, length);
}
