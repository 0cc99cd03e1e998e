import type { Piece } from '../piece.ts';
import { hasMagic, positionsOf, u32le, u64le, viewOf, withoutZeros } from './byte-view.ts';
import { inflateZlib, isZlibHeader } from './decompress.ts';
import { emitStream } from './emission.ts';
import type { MarkIndex } from './mark-search.ts';
import type { Unpacker, Yield } from './unpacker.ts';
import { wideStrings } from './wide-strings.ts';

/** Formats that hold whole files or zlib streams at places told by a mark; none needs more than a scan. */

/** FileDataStoreObject {BDE316E7-2665-4511-A4C4-8D4D0B7A9EAC}: length, 12 bytes, the file (MS-ONESTORE 2.6.13). */
const ONENOTE_OBJECT = Buffer.from('e716e3bd65261145a4c48d4d0b7a9eac', 'hex');
const ONENOTE_HEADER_BYTES = 36;
/** Files of one section. */
const MAX_ONENOTE_FILES = 1000;

/** {7B5C52E4-D88C-4DA7-AEB1-5378D02996D3}, the type of a section file (MS-ONESTORE 2.3.1). */
const ONENOTE_SECTION = Buffer.from('e4525c7b8cd8a74daeb15378d02996d3', 'hex').toString('latin1');

/** Attachments in OneNote sections, wherever their mark stands, and the text of a section. */
export function createOneNoteUnpacker(marks: MarkIndex): Unpacker {
  const object = marks.add(ONENOTE_OBJECT);
  return {
    name: 'onenote',
    recognises: ({ bytes }: Piece) => object(bytes) >= 0 || hasMagic(bytes, ONENOTE_SECTION),
    unpack: ({ bytes }: Piece, out: Yield) => {
      const view = viewOf(bytes);
      const text = hasMagic(view, ONENOTE_SECTION) ? wideStrings(view) : undefined;
      if (text !== undefined) {
        out.emit('text', text);
      }
      for (const at of positionsOf(view, ONENOTE_OBJECT, MAX_ONENOTE_FILES)) {
        const start = at + ONENOTE_HEADER_BYTES;
        const file = view.subarray(start, start + u64le(view, at + 16));
        if (file.length > 0) {
          out.emit('file', file);
        }
      }
    },
  };
}

/** zlib headers tried in one file, and streams emitted. */
const MAX_ZLIB_TRIES = 2000;
const MAX_ZLIB_STREAMS = 500;
/** A stream that gives less is taken for an accident of two bytes. */
const MIN_ZLIB_OUTPUT = 16;

/** Inflates every zlib stream found behind `from`. */
function carveZlib(view: Buffer, from: number, out: Yield, what: string): number {
  let found = 0;
  let at = from;
  for (let tries = 0; tries < MAX_ZLIB_TRIES && found < MAX_ZLIB_STREAMS; tries += 1) {
    at = view.indexOf(0x78, at);
    if (at < 0) {
      return found;
    }
    const isStream = isZlibHeader(view, at) && isPromising(view, at);
    const inflated = isStream ? inflateZlib(view.subarray(at), out.budget.objectAllowance()) : undefined;
    if (inflated !== undefined && inflated.bytes.length >= MIN_ZLIB_OUTPUT) {
      emitStream(out, 'stream', inflated, what);
      found += 1;
      at += Math.max(2, inflated.consumed);
    } else {
      at += 1;
    }
    out.budget.checkTime();
  }
  return found;
}

/** A short probe, so that accidents cost little. */
function isPromising(view: Buffer, at: number): boolean {
  const { end, bytes } = inflateZlib(view.subarray(at, at + 512), MIN_ZLIB_OUTPUT);
  return (
    end === 'capped' ||
    (end === 'complete' && bytes.length === MIN_ZLIB_OUTPUT) ||
    (end === 'truncated' && bytes.length > 0)
  );
}

/** Symbian installation files: identifiers of both generations; files inside are zlib streams. */
const SYMBIAN_OLD = 0x1000_0419;
const SYMBIAN_NEW = 0x1020_1a7a;

export function createSymbianUnpacker(): Unpacker {
  return {
    name: 'sis',
    recognises: ({ bytes }: Piece) => u32le(bytes, 8) === SYMBIAN_OLD || u32le(bytes, 0) === SYMBIAN_NEW,
    unpack: ({ bytes }: Piece, out: Yield) => {
      carveZlib(viewOf(bytes), 16, out, 'Symbian package');
    },
  };
}

/** ActiveMime: macros of Office documents saved as web pages; one zlib stream at a place that varies. */
export function createActiveMimeUnpacker(): Unpacker {
  return {
    name: 'activemime',
    recognises: ({ bytes }: Piece) => hasMagic(bytes, 'ActiveMime'),
    unpack: ({ bytes }: Piece, out: Yield) => {
      if (carveZlib(viewOf(bytes), 10, out, 'ActiveMime') === 0) {
        out.cannot('malformed', 'ActiveMime without a readable stream');
      }
    },
  };
}

const LNK_MAGIC = 'L\u0000\u0000\u0000\u0001\u0014\u0002\u0000';

const BLANK = 0x20;

/**
 * Shortcuts: their command line is 16-bit text at any alignment, readable once the zero bytes are gone. Control bytes
 * are blanked: an archive behind the shortcut lost its zeros with it, and must not be opened as one again.
 */
export function createShortcutUnpacker(): Unpacker {
  return {
    name: 'lnk',
    recognises: ({ bytes }: Piece) => hasMagic(bytes, LNK_MAGIC),
    unpack: ({ bytes }: Piece, out: Yield) => {
      const text = withoutZeros(bytes);
      out.emit(
        'strings',
        text.map((byte) => (byte < BLANK ? BLANK : byte)),
      );
    },
  };
}
