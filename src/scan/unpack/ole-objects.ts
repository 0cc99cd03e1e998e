import { hasMagic, latin1, u16le, u32le, viewOf } from './byte-view.ts';
import { inflateZlib, isZlibHeader } from './decompress.ts';
import { emitStream } from './emission.ts';
import { OLE_MAGIC } from './ole-file.ts';
import type { Yield } from './unpacker.ts';

/** An embedded file with the name it had. */
export interface EmbeddedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Path names are at most 260 characters where these objects are made. */
const MAX_LABEL_BYTES = 1024;

function endOfLabel(bytes: Buffer, at: number): number | undefined {
  const end = bytes.indexOf(0, at);
  return end < 0 || end - at > MAX_LABEL_BYTES ? undefined : end + 1;
}

/**
 * The packager's format: type 2, label, path, 4 bytes, path again with its length, size, content. It stands in an
 * `Ole10Native` stream behind a total size, and in RTF objects of class `Package`.
 */
export function readPackage(bytes: Buffer, start: number): EmbeddedFile | undefined {
  const labelEnd = u16le(bytes, start) === 2 ? endOfLabel(bytes, start + 2) : undefined;
  const pathEnd = labelEnd === undefined ? undefined : endOfLabel(bytes, labelEnd);
  if (labelEnd === undefined || pathEnd === undefined) {
    return undefined;
  }
  const sizeAt = pathEnd + 8 + u32le(bytes, pathEnd + 4);
  const contentAt = sizeAt + 4;
  if (contentAt > bytes.length) {
    return undefined;
  }
  const name = latin1(bytes, start + 2, labelEnd - 1);
  return { name, bytes: bytes.subarray(contentAt, contentAt + u32le(bytes, sizeAt)) };
}

/** The content of an `Ole10Native` stream: a package, or bare data behind its size. */
export function readOle10Native(bytes: Buffer): EmbeddedFile {
  return readPackage(bytes, 4) ?? { name: '', bytes: bytes.subarray(4) };
}

const PPT_OBJECT = Buffer.from([0x11, 0x10]);
const PPT_HEADER_BYTES = 8;
/** Objects of one presentation. */
const MAX_PPT_OBJECTS = 500;

/**
 * Embedded objects of a presentation (MS-PPT ExOleObjStg, record type 0x1011): a compound file, mostly behind its
 * size and compressed. Found by record type anywhere, so that a broken record tree hides nothing.
 */
export function emitPptObjects(stream: Buffer, out: Yield): void {
  let found = 0;
  for (let at = stream.indexOf(PPT_OBJECT, 2); at >= 0 && found < MAX_PPT_OBJECTS;) {
    const start = at - 2 + PPT_HEADER_BYTES;
    const body = viewOf(stream.subarray(start, start + u32le(stream, at + 2)));
    if (isZlibHeader(body, 4) && body.length > 8) {
      found += 1;
      const cap = out.budget.objectAllowance();
      emitStream(out, 'object', inflateZlib(body.subarray(4), cap), 'object of a presentation');
    } else if (hasMagic(body, OLE_MAGIC)) {
      found += 1;
      out.emit('object', body);
    }
    at = stream.indexOf(PPT_OBJECT, at + 1);
  }
}
