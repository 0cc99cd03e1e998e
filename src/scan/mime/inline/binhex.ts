import { viewOf } from '../../unpack/byte-view.ts';
import type { MarkIndex } from '../../unpack/mark-search.ts';
import type { Unpacker, Yield } from '../../unpack/unpacker.ts';
import type { TextLikeness } from './text-likeness.ts';

/** RFC 1741: alphabet, run marker, and the fields between the name and the data fork. */
const ALPHABET = '!"#$%&\'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr';
const RUN = 0x90;
const MAX_RUN = 255;
const FIELDS_AFTER_NAME = 1 + 4 + 4 + 2;

const VALUE = new Uint8Array(256).fill(64);
for (const [i, letter] of Buffer.from(ALPHABET).entries()) {
  VALUE[letter] = i;
}

/** What decoders look for: RFC 1741 lets the rest of the line differ. */
const BANNER = Buffer.from('his file must be converted');

/** The six-bit letters from the colon at `start` to the next colon. */
function decodeLetters(bytes: Buffer, start: number): Buffer {
  const close = bytes.indexOf(0x3a, start);
  const end = close === -1 ? bytes.length : close;
  const out = Buffer.allocUnsafe(end - start);
  let length = 0;
  let bits = 0;
  let count = 0;
  for (let i = start; i < end; i += 1) {
    const value = VALUE[bytes[i] ?? 0] ?? 64;
    if (value < 64) {
      bits = ((bits << 6) | value) & 0xffff;
      count += 6;
    }
    if (count >= 8) {
      count -= 8;
      out[length] = (bits >> count) & 0xff;
      length += 1;
    }
  }
  return out.subarray(0, length);
}

/** Expands runs, up to `maxBytes`. */
function expandRuns(packed: Buffer, maxBytes: number): { readonly bytes: Buffer; readonly isCut: boolean } {
  const out = Buffer.allocUnsafe(Math.min(maxBytes, packed.length * MAX_RUN));
  let length = 0;
  for (let i = 0; i < packed.length && length < out.length; i += 1) {
    const byte = packed[i] ?? 0;
    if (byte !== RUN) {
      out[length] = byte;
      length += 1;
      continue;
    }
    i += 1;
    const times = packed[i] ?? 0;
    const repeated = times === 0 ? RUN : (out[length - 1] ?? 0);
    const end = Math.min(out.length, length + (times === 0 ? 1 : times - 1));
    out.fill(repeated, length, end);
    length = end;
  }
  return { bytes: Buffer.from(out.subarray(0, length)), isCut: length === maxBytes };
}

/** Emits both forks; when the lengths lie, all that is behind the header. */
function emitForks(file: Buffer, out: Yield): void {
  const nameLength = file[0] ?? 0;
  const name = file.toString('latin1', 1, 1 + nameLength);
  const lengths = 1 + nameLength + FIELDS_AFTER_NAME;
  const data = lengths + 4 + 4 + 2;
  if (data > file.length) {
    out.emit(name, file);
    return;
  }
  const dataLength = file.readUInt32BE(lengths);
  const resource = data + dataLength + 2;
  out.emit(name, file.subarray(data, Math.min(file.length, data + dataLength)));
  if (resource < file.length) {
    out.emit(`${name}.resource`, file.subarray(resource));
  }
  if (data + dataLength > file.length || dataLength === 0) {
    out.emit(name, file.subarray(data));
  }
}

/** BinHex 4.0 in any text. */
export function createBinhexUnpacker(likeness: TextLikeness, marks: MarkIndex): Unpacker {
  const first = marks.add(BANNER);
  return {
    name: 'binhex',
    recognises: (piece) => likeness.of(piece) && first(piece.bytes) >= 0,
    unpack: (piece, out) => unpackBinhex(viewOf(piece.bytes), out),
  };
}

function unpackBinhex(bytes: Buffer, out: Yield): void {
  const banner = bytes.indexOf(BANNER);
  const lineEnd = bytes.indexOf(0x0a, banner);
  const colon = bytes.indexOf(0x3a, lineEnd === -1 ? banner : lineEnd);
  if (banner === -1 || colon === -1) {
    return;
  }
  const { bytes: file, isCut } = expandRuns(decodeLetters(bytes, colon + 1), out.budget.objectAllowance());
  emitForks(file, out);
  if (isCut) {
    out.cannot('bomb', 'BinHex expands beyond the limit of one object');
  }
}
