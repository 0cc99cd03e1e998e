import type { Piece } from '../piece.ts';
import { viewOf } from '../unpack/byte-view.ts';
import {
  decompressBrotli,
  decompressZstd,
  type Inflated,
  inflateRaw,
  inflateZlib,
} from '../unpack/decompress.ts';
import { emitStream } from '../unpack/emission.ts';
import { readGzipHeader } from '../unpack/gzip.ts';
import type { Unpacker, Yield } from '../unpack/unpacker.ts';

/** Codings that are undone one after the other; nobody writes more. */
const MAX_CODINGS = 4;

type Decode = (bytes: Buffer, cap: number) => Inflated | Promise<Inflated>;

const gunzip: Decode = (bytes, cap) => inflateRaw(bytes.subarray(readGzipHeader(bytes, 0).dataAt), cap);

/** The codings of HTTP (RFC 9110 8.4.1, RFC 7932, RFC 8878); "deflate" comes with and without a zlib header. */
const DECODERS: ReadonlyMap<string, Decode> = new Map([
  ['deflate', inflateZlib],
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['br', decompressBrotli],
  ['zstd', decompressZstd],
]);

function decodersOf(piece: Piece): Decode[] {
  const named = (piece.codings ?? []).slice(-MAX_CODINGS).toReversed();
  return named.map((coding) => DECODERS.get(coding)).filter((decode) => decode !== undefined);
}

/** The label lies: no client shows anything, and what the bytes are by themselves is looked at anyway. */
function isNothing({ bytes, end }: Inflated): boolean {
  return bytes.length === 0 || end === 'broken';
}

async function undo(piece: Piece, out: Yield): Promise<void> {
  let bytes = viewOf(piece.bytes);
  for (const decode of decodersOf(piece)) {
    const inflated = await decode(bytes, out.budget.objectAllowance());
    if (isNothing(inflated)) {
      if (inflated.bytes.length > 0) {
        out.emit('decoded', inflated.bytes);
      }
      return;
    }
    emitStream(out, 'decoded', inflated, 'content coding');
    ({ bytes } = inflated);
  }
}

/** A part whose header names a compression (Content-Encoding), which some clients undo as browsers do. */
export const contentCodingUnpacker: Unpacker = {
  name: 'content-coding',
  recognises: (piece) => piece.codings !== undefined && decodersOf(piece).length > 0,
  unpack: undo,
};
