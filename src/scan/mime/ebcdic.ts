/** Labels of IBM's code pages that have the letters, digits and most signs in the same places. */
const EBCDIC =
  /ebcdic|(?:cp|ibm)[-_]?0{0,3}(?:37|273|27[78]|28[045]|29[07]|42[034]|500|87[015]|880|905|102[56]|1047|114[0-9])(?!\d)/;

/** True for a label of an EBCDIC code page; `name` in lower case. */
export function isEbcdic(name: string): boolean {
  return EBCDIC.test(name);
}

/** Where EBCDIC (code page 37) has the letters, digits and signs of ASCII. */
const ROWS: readonly (readonly [number, string])[] = [
  [0x4b, '.<(+|&'],
  [0x5a, '!$*);'],
  [0x60, '-/'],
  [0x6b, ',%_>?'],
  [0x7a, ':#@\'="'],
  [0x81, 'abcdefghi'],
  [0x91, 'jklmnopqr'],
  [0xa2, 'stuvwxyz'],
  [0xc1, 'ABCDEFGHI'],
  [0xd1, 'JKLMNOPQR'],
  [0xe2, 'STUVWXYZ'],
  [0xf0, '0123456789'],
];

const BLANK = 0x20;

const TO_ASCII = new Uint8Array(256).fill(BLANK);
for (const [start, letters] of ROWS) {
  TO_ASCII.set(Buffer.from(letters), start);
}

/** The ASCII characters that `bytes` mean in EBCDIC; others become blanks. */
export function ebcdicText(bytes: Buffer): string {
  return Buffer.from(bytes.map((byte) => TO_ASCII[byte] ?? BLANK)).toString('latin1');
}
