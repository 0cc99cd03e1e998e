import { u16le, u32le, u8 } from './byte-view.ts';

/** Two bytes before each header, and the length of the header behind them; a length of zero ends the archive. */
const HEADER_ID = 0xea60;
const LEAD_BYTES = 4;
const CRC_BYTES = 4;
/** In a header: its flags and the length of the packed data behind it. */
const FLAGS_AT = 4;
const PACKED_AT = 12;
const GARBLED = 0x01;
/** Headers of one archive, and extensions of one header. No writer uses extensions; archives of mail have few files. */
const MAX_HEADERS = 10_000;
const MAX_EXTENSIONS = 16;

/** Behind the extensions of a header. */
function extensionsEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let count = 0; count < MAX_EXTENSIONS && u16le(bytes, at) > 0; count += 1) {
    at += 2 + u16le(bytes, at) + CRC_BYTES;
  }
  return at + 2;
}

/** Whether some file of an ARJ archive has a password: what reads the archive then says nothing of that file. */
export function isGarbledArj(bytes: Uint8Array): boolean {
  let at = 0;
  for (let count = 0; count < MAX_HEADERS && u16le(bytes, at) === HEADER_ID; count += 1) {
    const length = u16le(bytes, at + 2);
    const header = at + LEAD_BYTES;
    if (length === 0 || header + length > bytes.length) {
      return false;
    }
    const isFile = count > 0;
    if (isFile && (u8(bytes, header + FLAGS_AT) & GARBLED) !== 0) {
      return true;
    }
    at = extensionsEnd(bytes, header + length + CRC_BYTES) + (isFile ? u32le(bytes, header + PACKED_AT) : 0);
  }
  return false;
}
