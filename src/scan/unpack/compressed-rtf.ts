import { hasMagic, u32le, u8 } from './byte-view.ts';
import type { StreamEnd, Inflated } from './tolerant-inflate.ts';

/** MS-OXRTFCP: how Outlook stores RTF bodies, in .msg files and in TNEF. */
const DICTIONARY =
  '{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx';
const WINDOW = 4096;
const HEADER_BYTES = 16;

export function isCompressedRtf(bytes: Uint8Array): boolean {
  return hasMagic(bytes, 'LZFu', 8) || hasMagic(bytes, 'MELA', 8);
}

/** Decompresses an RTF body; sizes in its header are not trusted. */
export function decompressRtf(bytes: Buffer, cap: number): Inflated {
  if (hasMagic(bytes, 'MELA', 8)) {
    return { bytes: bytes.subarray(HEADER_BYTES), consumed: bytes.length, end: 'complete' };
  }
  const window = Buffer.alloc(WINDOW);
  let write = window.write(DICTIONARY, 'latin1');
  // Two bytes of input give at most 17 of output.
  const out = Buffer.allocUnsafe(Math.min(cap, bytes.length * 9 + 64));
  let length = 0;
  let end: StreamEnd = 'truncated';
  const put = (byte: number): void => {
    window[write] = byte;
    write = (write + 1) % WINDOW;
    out[length] = byte;
    length += 1;
  };
  const limit = Math.min(bytes.length, u32le(bytes, 0) + 4);
  let at = HEADER_BYTES;
  while (at < limit && length + 8 * 17 <= out.length && end === 'truncated') {
    const flags = u8(bytes, at);
    at += 1;
    for (let bit = 0; bit < 8 && at < limit; bit += 1) {
      if ((flags & (1 << bit)) === 0) {
        put(u8(bytes, at));
        at += 1;
        continue;
      }
      const token = (u8(bytes, at) << 8) | u8(bytes, at + 1);
      at += 2;
      if (token >> 4 === write) {
        end = 'complete';
        break;
      }
      for (let i = 0; i < (token & 15) + 2; i += 1) {
        put(window[((token >> 4) + i) % WINDOW] ?? 0);
      }
    }
  }
  return { bytes: out.subarray(0, length), consumed: at, end: length + 8 * 17 > out.length ? 'capped' : end };
}
