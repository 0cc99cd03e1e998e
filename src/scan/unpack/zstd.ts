import type { Piece } from '../piece.ts';
import { u32le, viewOf } from './byte-view.ts';
import { decompressBrotli, decompressZstd } from './decompress.ts';
import { emitStream } from './emission.ts';
import { MemberJoiner } from './member-joiner.ts';
import type { Unpacker, Yield } from './unpacker.ts';

const FRAME = 0xfd2fb528;
/** RFC 8878 3.1.2: a skippable frame, which may stand before, between and behind data frames. */
const SKIPPABLE = 0x184d2a50;

function isSkippable(magic: number): boolean {
  return (magic & 0xfffffff0) >>> 0 === SKIPPABLE;
}

async function unpackZstd({ bytes }: Piece, out: Yield): Promise<void> {
  const view = viewOf(bytes);
  const joiner = new MemberJoiner(out, 'zstd stream');
  let at = 0;
  while (at + 4 <= view.length) {
    const magic = u32le(view, at);
    if (isSkippable(magic)) {
      at += 8 + u32le(view, at + 4);
      continue;
    }
    if (magic !== FRAME) {
      break;
    }
    const frame = await decompressZstd(view.subarray(at), joiner.allowance());
    if (!joiner.add(frame)) {
      break;
    }
    at += Math.max(4, frame.consumed);
  }
  joiner.finish('');
}

export function createZstdUnpacker(): Unpacker {
  return {
    name: 'zstd',
    recognises: ({ bytes }) => {
      const magic = u32le(bytes, 0);
      return magic === FRAME || (isSkippable(magic) && u32le(bytes, 8 + u32le(bytes, 4)) === FRAME);
    },
    unpack: unpackZstd,
  };
}

/** Brotli has no magic: only a file name says so, and only a stream that inflates is believed. */
export function createBrotliUnpacker(): Unpacker {
  return {
    name: 'brotli',
    recognises: ({ name, path, bytes }) => bytes.length > 0 && /\.(?:br|tbr|brotli)$/i.test(name ?? path),
    unpack: async ({ bytes }, out) => {
      emitStream(out, '', await decompressBrotli(bytes, out.budget.objectAllowance()), 'brotli stream');
    },
  };
}
