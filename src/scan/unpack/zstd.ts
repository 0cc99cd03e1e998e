import type { Piece } from '../piece.ts';
import { u32le, u8, viewOf } from './byte-view.ts';
import { decompressZstd } from './decompress.ts';
import { MemberGaps } from './member-gaps.ts';
import { MemberJoiner } from './member-joiner.ts';
import type { Unpacker, Yield } from './unpacker.ts';

const FRAME = 0xfd2fb528;
/** RFC 8878 3.1.2: a skippable frame, which may stand before, between and behind data frames. */
const SKIPPABLE = 0x184d2a50;

function isSkippable(magic: number): boolean {
  return (magic & 0xfffffff0) >>> 0 === SKIPPABLE;
}

/** Where the skippable frames that begin at `start` end. */
export function afterSkippable(bytes: Buffer, start: number): number {
  let at = start;
  while (at + 8 <= bytes.length && isSkippable(u32le(bytes, at))) {
    at += 8 + u32le(bytes, at + 4);
  }
  return at;
}

const FRAME_BYTES = Buffer.from('28b52ffd', 'hex');
const RESERVED_BIT = 0x08;

/** Whether what stands behind the mark at `at` can be the header of a frame (RFC 8878 3.1.1.1.1). */
export function isZstdFrame(bytes: Buffer, at: number): boolean {
  return at + 9 < bytes.length && (u8(bytes, at + 4) & RESERVED_BIT) === 0;
}

async function unpackZstd({ bytes }: Piece, out: Yield): Promise<void> {
  const view = viewOf(bytes);
  const joiner = new MemberJoiner(out, 'zstd stream');
  const gaps = new MemberGaps({ bytes: view, magic: FRAME_BYTES, isReal: isZstdFrame }, out);
  let at = afterSkippable(view, 0);
  while (at >= 0) {
    const frame = await decompressZstd(view.subarray(at), joiner.allowance());
    if (!joiner.add(frame)) {
      break;
    }
    at = gaps.next(afterSkippable(view, at + Math.max(4, frame.consumed)));
  }
  joiner.finish('');
}

export function createZstdUnpacker(): Unpacker {
  return {
    name: 'zstd',
    recognises: ({ bytes }) => {
      return u32le(bytes, isSkippable(u32le(bytes, 0)) ? afterSkippable(viewOf(bytes), 0) : 0) === FRAME;
    },
    unpack: unpackZstd,
  };
}
