import { positionsOf, u16le, u32le } from './byte-view.ts';
import type { LegacyLock } from './legacy-lock.ts';
import { type BlockKeys, readRc4Lock } from './office-rc4.ts';
import { decryptPictures } from './ppt-pictures.ts';
import { rc4 } from './rc4.ts';

const HEADER_BYTES = 8;
/** CryptSession10Container and PersistDirectoryAtom by their headers; neither is ever encrypted. */
const CRYPT_SESSION = Buffer.from('0f00142f', 'hex');
const PERSIST_DIRECTORY = Buffer.from('00007217', 'hex');
const PLAIN_TYPES: ReadonlySet<number> = new Set([0x0ff5, 0x1772, 0x2f14]);
/** Directories looked at: one for each time the document was saved. */
const MAX_DIRECTORIES = 64;
/** Objects of a presentation: slides, masters, notes, embedded objects. */
export const MAX_PERSIST_OBJECTS = 10_000;

interface PersistObject {
  readonly id: number;
  readonly at: number;
}

/** Each entry: the first identifier in 20 bits and how many follow in 12, then their places. */
function* persistObjects(document: Buffer): Generator<PersistObject, void, void> {
  let count = 0;
  for (const directory of positionsOf(document, PERSIST_DIRECTORY, MAX_DIRECTORIES)) {
    const end = Math.min(document.length, directory + HEADER_BYTES + u32le(document, directory + 4));
    for (let at = directory + HEADER_BYTES; at + 4 <= end;) {
      const first = u32le(document, at) & 0xfffff;
      const places = u32le(document, at) >>> 20;
      for (let index = 0; index < places && count <= MAX_PERSIST_OBJECTS; index += 1, count += 1) {
        yield { id: first + index, at: u32le(document, at + 4 + 4 * index) };
      }
      at += 4 + 4 * places;
    }
  }
}

/** An object is one record; its length is known when its header is decrypted. */
function decryptObject(document: Buffer, { id, at }: PersistObject, keys: BlockKeys): Buffer | undefined {
  const header = document.subarray(at, at + HEADER_BYTES);
  if (header.length < HEADER_BYTES || PLAIN_TYPES.has(u16le(header, 2))) {
    return undefined;
  }
  const length = u32le(rc4(keys(id), header), 4);
  return rc4(keys(id), document.subarray(at, at + HEADER_BYTES + length));
}

/** Undefined when there are too many, or when together they are larger than objects that do not overlap. */
function decryptObjects(document: Buffer, keys: BlockKeys): Buffer | undefined {
  const plain = Buffer.from(document);
  let count = 0;
  let left = document.length * 2;
  for (const object of persistObjects(document)) {
    const bytes = decryptObject(document, object, keys);
    bytes?.copy(plain, object.at);
    left -= bytes?.length ?? 0;
    count += 1;
    if (left < 0 || count > MAX_PERSIST_OBJECTS) {
      return undefined;
    }
  }
  return plain;
}

/** A presentation in which every object is encrypted under a key of its own (MS-PPT 2.3.7), and its pictures. */
export function presentationLock(
  name: string,
  document: Buffer,
  pictures: Buffer | undefined,
): LegacyLock | undefined {
  const info = positionsOf(document, CRYPT_SESSION, MAX_DIRECTORIES)
    .map((at) => document.subarray(at + HEADER_BYTES))
    .find((bytes) => u16le(bytes, 2) === 2 && u16le(bytes, 0) >= 2 && u16le(bytes, 0) <= 4);
  if (info === undefined) {
    return undefined;
  }
  const lock = readRc4Lock(info);
  return (password) => {
    const keys = lock?.(password);
    const bytes = keys === undefined ? undefined : decryptObjects(document, keys);
    if (keys === undefined || bytes === undefined) {
      return undefined;
    }
    return [{ name, bytes }, ...(pictures === undefined ? [] : [decryptPictures(pictures, keys(0))])];
  };
}
