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

/** Blanks and what ends lines. */
const SPACES: ReadonlySet<number> = new Set([0x05, 0x0d, 0x15, 0x25, 0x40]);
const IS_TEXT = Uint8Array.from(TO_ASCII, (code, byte) => (code !== BLANK || SPACES.has(byte) ? 1 : 0));
/** Bytes looked at, and the least that a text has. */
const SAMPLE_BYTES = 512;
const MIN_BYTES = 32;
const BLANK_BYTE = 0x40;

/** Whether data without a label are a text in EBCDIC: hardly anything else than its letters, and words between blanks. */
export function looksLikeEbcdic(bytes: Buffer): boolean {
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  if (sample.length < MIN_BYTES || sample.includes(BLANK) || !sample.includes(BLANK_BYTE)) {
    return false;
  }
  let texts = 0;
  let blanks = 0;
  for (const byte of sample) {
    texts += IS_TEXT[byte] ?? 0;
    blanks += byte === BLANK_BYTE ? 1 : 0;
  }
  return texts >= sample.length * 0.95 && blanks >= sample.length / 20 && blanks <= sample.length * 0.6;
}
