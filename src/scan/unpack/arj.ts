import { crc32 } from 'node:zlib';
import { hasMagic, u16le, u32le, u8, viewOf } from './byte-view.ts';
import type { Unpacker } from './unpacker.ts';

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

/** Where one header of an archive stands, and the data behind it. */
interface ArjHeader {
  readonly at: number;
  readonly end: number;
  /** Empty behind the header of the archive itself. */
  readonly data: number;
  readonly dataEnd: number;
}

/** The header of the archive, and that of each file. */
function headersOf(bytes: Uint8Array): ArjHeader[] {
  const found: ArjHeader[] = [];
  for (let at = 0; found.length < MAX_HEADERS && u16le(bytes, at) === HEADER_ID;) {
    const length = u16le(bytes, at + 2);
    const header = at + LEAD_BYTES;
    if (length === 0 || header + length > bytes.length) {
      break;
    }
    const data = extensionsEnd(bytes, header + length + CRC_BYTES);
    const dataEnd = data + (found.length > 0 ? u32le(bytes, header + PACKED_AT) : 0);
    found.push({ at: header, end: header + length, data, dataEnd });
    at = dataEnd;
  }
  return found;
}

function garbledFiles(bytes: Uint8Array): ArjHeader[] {
  return headersOf(bytes)
    .slice(1)
    .filter(({ at }) => (u8(bytes, at + FLAGS_AT) & GARBLED) !== 0);
}

/** Whether some file of an ARJ archive has a password: what reads the archive then says nothing of that file. */
export function isGarbledArj(bytes: Uint8Array): boolean {
  return garbledFiles(bytes).length > 0;
}

/** In the header of a file: what is added to each letter of the password. */
const MODIFIER_AT = 7;
/** In the header of an archive: how it is encrypted; from the second version on with a cipher that is not known here. */
const CIPHER_AT = 28;
const FIRST_CIPHER = 2;

/** The archive as it would be without its password, if `password` is the right one: the checksums of its files tell. */
export function ungarbledArj(bytes: Uint8Array, password: string): Buffer | undefined {
  const secret = Buffer.from(password, 'latin1');
  if (secret.length === 0 || u8(bytes, LEAD_BYTES + CIPHER_AT) >= FIRST_CIPHER) {
    return undefined;
  }
  const plain = Buffer.from(bytes);
  for (const { at, end, data, dataEnd } of garbledFiles(bytes)) {
    const key = secret.map((letter) => letter + u8(bytes, at + MODIFIER_AT));
    for (let place = data; place < Math.min(dataEnd, plain.length); place += 1) {
      plain[place] = u8(plain, place) ^ u8(key, (place - data) % key.length);
    }
    plain[at + FLAGS_AT] = u8(plain, at + FLAGS_AT) & ~GARBLED;
    // A cut archive may end before its checksum.
    if (end + CRC_BYTES <= plain.length) {
      plain.writeUInt32LE(crc32(plain.subarray(at, end)), end);
    }
  }
  return plain;
}

const MARK = Buffer.from([0x60, 0xea]);
/** The header of an archive: what programs write at least, and what the format allows. */
const MIN_HEADER = 30;
const MAX_HEADER = 2600;
/** In the header of an archive: the type that says so. */
const TYPE_AT = 6;
const ARCHIVE_TYPE = 2;
/** Places in one program that look like a header until the checksum tells. Random data have none in a gigabyte. */
const MAX_CHECKS = 10_000;

function mayBeHeader(bytes: Uint8Array, at: number): boolean {
  const length = u16le(bytes, at + 2);
  const header = at + LEAD_BYTES;
  return (
    length >= MIN_HEADER &&
    length <= MAX_HEADER &&
    u8(bytes, header) >= MIN_HEADER &&
    u8(bytes, header) <= length &&
    u8(bytes, header + TYPE_AT) === ARCHIVE_TYPE
  );
}

function isChecked(bytes: Buffer, at: number): boolean {
  const header = at + LEAD_BYTES;
  const end = header + u16le(bytes, at + 2);
  return end + CRC_BYTES <= bytes.length && crc32(bytes.subarray(header, end)) === u32le(bytes, end);
}

/** Where the first archive begins behind a program; -1 when there is none, undefined when that takes too long to tell. */
function archiveBehind(bytes: Buffer): number | undefined {
  let checks = 0;
  for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, at + 1)) {
    if (mayBeHeader(bytes, at)) {
      checks += 1;
      if (checks > MAX_CHECKS) {
        return undefined;
      }
      if (isChecked(bytes, at)) {
        return at;
      }
    }
  }
  return -1;
}

/** Programs that unpack an ARJ archive behind them: two bytes alone mark it, so that its header has to be right. */
export function createArjSelfExtractor(archives: Unpacker): Unpacker {
  return {
    name: 'arj-program',
    recognises: ({ bytes }) => hasMagic(bytes, 'MZ') && archiveBehind(viewOf(bytes)) !== -1,
    unpack: ({ path, bytes, depth }, out) => {
      const view = viewOf(bytes);
      const at = archiveBehind(view);
      if (at === undefined) {
        out.cannot('bomb', `more than ${MAX_CHECKS} headers of ARJ archives that are none`);
        return undefined;
      }
      return archives.unpack({ path, bytes: view.subarray(at), depth }, out);
    },
  };
}
