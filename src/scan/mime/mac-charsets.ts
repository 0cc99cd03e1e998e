/** Labels of the character sets of Mac OS for scripts that are written from right to left; iconv does not know them. */
const LABEL = /^(?:x-)?mac-?(?:arabic|farsi|hebrew)$/;

/** True for the label of one of them; `name` in lower case. */
export function isRightToLeftMac(name: string): boolean {
  return LABEL.test(name);
}

/** Where they have the signs and digits of ASCII once more, for text of the other direction. */
const ROWS = [
  [0xa0, 0xbf],
  [0xdb, 0xdf],
  [0xfb, 0xfd],
] as const;
const LOW_BITS = 0x7f;

const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  ROWS.some(([from, to]) => byte >= from && byte <= to) ? byte & LOW_BITS : byte,
);

/** `bytes` with plain signs for those of the other direction; letters of the scripts themselves are left as Latin-1. */
export function rightToLeftMacText(bytes: Buffer): string {
  return Buffer.from(bytes.map((byte) => PLAIN[byte] ?? byte)).toString('latin1');
}
