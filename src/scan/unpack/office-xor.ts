/** XOR obfuscation of old workbooks (MS-OFFCRYPTO 2.3.7, method 1). */

const PADDING = [0xbb, 0xff, 0xff, 0xba, 0xff, 0xff, 0xb9, 0x80, 0x00, 0xbe, 0x0f, 0x00, 0xbf, 0x0f, 0x00];
const INITIAL_CODES = [
  0xe1f0, 0x1d0f, 0xcc9c, 0x84c0, 0x110c, 0x0e10, 0xf1ce, 0x313e, 0x1872, 0xe139, 0xd40f, 0x84f9, 0x280c,
  0xa96a, 0x4ec3,
];
const MATRIX = [
  0xaefc, 0x4dd9, 0x9bb2, 0x2745, 0x4e8a, 0x9d14, 0x2a09, 0x7b61, 0xf6c2, 0xfda5, 0xeb6b, 0xc6f7, 0x9dcf,
  0x2bbf, 0x4563, 0x8ac6, 0x05ad, 0x0b5a, 0x16b4, 0x2d68, 0x5ad0, 0x0375, 0x06ea, 0x0dd4, 0x1ba8, 0x3750,
  0x6ea0, 0xdd40, 0xd849, 0xa0b3, 0x5147, 0xa28e, 0x553d, 0xaa7a, 0x44d5, 0x6f45, 0xde8a, 0xad35, 0x4a4b,
  0x9496, 0x390d, 0x721a, 0xeb23, 0xc667, 0x9cef, 0x29ff, 0x53fe, 0xa7fc, 0x5fd9, 0x47d3, 0x8fa6, 0x0f6d,
  0x1eda, 0x3db4, 0x7b68, 0xf6d0, 0xb861, 0x60e3, 0xc1c6, 0x93ad, 0x377b, 0x6ef6, 0xddec, 0x45a0, 0x8b40,
  0x06a1, 0x0d42, 0x1a84, 0x3508, 0x6a10, 0xaa51, 0x4483, 0x8906, 0x022d, 0x045a, 0x08b4, 0x1168, 0x76b4,
  0xed68, 0xcaf1, 0x85c3, 0x1ba7, 0x374e, 0x6e9c, 0x3730, 0x6e60, 0xdcc0, 0xa9a1, 0x4363, 0x86c6, 0x1dad,
  0x3331, 0x6662, 0xccc4, 0x89a9, 0x0373, 0x06e6, 0x0dcc, 0x1021, 0x2042, 0x4084, 0x8108, 0x1231, 0x2462,
  0x48c4,
];
const ARRAY_BYTES = 16;

/** Longer ones are cut by Excel before they come here. */
export const MAX_XOR_PASSWORD_CHARS = 15;

function bytesOf(password: string): Buffer {
  return Buffer.from(password, 'latin1').subarray(0, MAX_XOR_PASSWORD_CHARS);
}

/** The 15-bit sum that a workbook keeps of its password. */
export function xorVerifier(password: string): number {
  const bytes = bytesOf(password);
  let sum = 0;
  for (const byte of [bytes.length, ...bytes].toReversed()) {
    sum = (((sum & 0x4000) === 0 ? 0 : 1) | ((sum * 2) & 0x7fff)) ^ byte;
  }
  return sum ^ 0xce4b;
}

export function xorKey(password: string): number {
  const bytes = bytesOf(password);
  let key = INITIAL_CODES[bytes.length - 1] ?? 0;
  let element = MATRIX.length - 1;
  for (const byte of bytes.toReversed()) {
    for (let bit = 0x40; bit > 0; bit >>= 1, element -= 1) {
      key ^= (byte & bit) === 0 ? 0 : (MATRIX[element] ?? 0);
    }
  }
  return key;
}

function rotateRight(byte: number, bits: number): number {
  return ((byte >> bits) | (byte << (8 - bits))) & 255;
}

/** The password, filled up, under the two bytes of its key in turns. */
function xorArray(password: string): Buffer {
  const key = xorKey(password);
  const filled = [...bytesOf(password), ...PADDING].slice(0, ARRAY_BYTES);
  return Buffer.from(
    filled.map((byte, index) => rotateRight(byte ^ (index % 2 === 0 ? key & 255 : key >> 8), 1)),
  );
}

/** Gives a function that decrypts the data of one record in place; `at`: its place in the stream. */
export function xorDecryptor(password: string): (data: Buffer, at: number) => void {
  const array = xorArray(password);
  return (data, at) => {
    for (const [index, byte] of data.entries()) {
      data[index] = rotateRight(byte ^ (array[(at + data.length + index) % ARRAY_BYTES] ?? 0), 5);
    }
  };
}
