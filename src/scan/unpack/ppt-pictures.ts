import { u16le, u32le } from './byte-view.ts';
import type { LegacyStream } from './legacy-lock.ts';
import { rc4 } from './rc4.ts';

/** The stream of the pictures of a presentation. */
export const PICTURES = 'Pictures';
/** Pictures of one presentation; each costs five key schedules. */
export const MAX_SEALED_PICTURES = 5000;
const HEADER_BYTES = 8;
const DIGEST_BYTES = 16;
const METAFILE_HEADER_BYTES = 34;
/** Kinds of pictures (MS-ODRAW 2.2.23), of which the first three are metafiles. */
const FIRST_KIND = 0xf018;
const LAST_KIND = 0xf117;
const METAFILES: ReadonlySet<number> = new Set([0xf01a, 0xf01b, 0xf01c]);

/** What stands before the content of a picture; one with an odd instance has two digests. */
function partsBefore(header: Buffer): number[] {
  const hasTwoDigests = ((u16le(header, 0) >> 4) & 1) === 1;
  const rest = METAFILES.has(u16le(header, 2)) ? METAFILE_HEADER_BYTES : 1;
  return [DIGEST_BYTES, ...(hasTwoDigests ? [DIGEST_BYTES] : []), rest];
}

/** Every part of a picture is encrypted by itself, from the start of the same key (MS-PPT 2.3.7). */
export function decryptPictures(stream: Buffer, key: Buffer): LegacyStream {
  const plain = Buffer.from(stream);
  const decrypt = (from: number, to: number): void => {
    rc4(key, stream.subarray(from, to)).copy(plain, from);
  };
  let at = 0;
  for (let count = 0; at + HEADER_BYTES <= stream.length && count < MAX_SEALED_PICTURES; count += 1) {
    const header = rc4(key, stream.subarray(at, at + HEADER_BYTES));
    const end = at + HEADER_BYTES + u32le(header, 4);
    if (u16le(header, 2) < FIRST_KIND || u16le(header, 2) > LAST_KIND || end > stream.length) {
      break;
    }
    header.copy(plain, at);
    let from = at + HEADER_BYTES;
    for (const bytes of partsBefore(header)) {
      decrypt(from, Math.min(end, from + bytes));
      from = Math.min(end, from + bytes);
    }
    decrypt(from, end);
    at = end;
  }
  return { name: PICTURES, bytes: plain, isSealed: at + HEADER_BYTES <= stream.length };
}
