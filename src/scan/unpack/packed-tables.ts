import type { Piece } from '../piece.ts';
import { hasMagic, u16be, u16le, u32be, u32le, viewOf } from './byte-view.ts';
import { inflateZlib } from './decompress.ts';
import { reportEnd, reportRatio } from './emission.ts';
import { PieceJoiner } from './piece-joiner.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** Files that are a table of parts: icons (MS-ICO), which may hold whole pictures, and web fonts (WOFF 1.0). */

/** Parts of one file; programs make a dozen. The number has 16 bits. */
const MAX_PARTS = 1_000;

const ICON = '\u0000\u0000\u0001\u0000';
const CURSOR = '\u0000\u0000\u0002\u0000';
const PNG = '\u0089PNG\r\n\u001a\n';
const ICON_HEAD = 6;
const ICON_ENTRY = 16;

const FONT = 'wOFF';
const FONT_HEAD = 44;
const FONT_ENTRY = 20;

interface Part {
  readonly offset: number;
  readonly packed: number;
  readonly size: number;
}

function tellOfMore(count: number, out: Yield): void {
  if (count > MAX_PARTS) {
    out.cannot('bomb', `a file with a table of more than ${MAX_PARTS} parts`);
  }
}

function iconParts(bytes: Buffer): Part[] {
  const count = Math.min(MAX_PARTS, u16le(bytes, 4));
  return Array.from({ length: count }, (_, index) => {
    const at = ICON_HEAD + index * ICON_ENTRY;
    const size = u32le(bytes, at + 8);
    return { offset: u32le(bytes, at + 12), packed: size, size };
  });
}

function fontParts(bytes: Buffer): Part[] {
  const count = Math.min(MAX_PARTS, u16be(bytes, 12));
  return Array.from({ length: count }, (_, index) => {
    const at = FONT_HEAD + index * FONT_ENTRY;
    return { offset: u32be(bytes, at + 4), packed: u32be(bytes, at + 8), size: u32be(bytes, at + 12) };
  });
}

/** An icon begins with four bytes that other files have as well: it counts when a picture is where it says. */
function isIcon({ bytes }: Piece): boolean {
  const isTable = hasMagic(bytes, ICON) || hasMagic(bytes, CURSOR);
  return isTable && iconParts(viewOf(bytes)).some(({ offset }) => hasMagic(bytes, PNG, offset));
}

function unpackIcon({ bytes }: Piece, out: Yield): void {
  const view = viewOf(bytes);
  tellOfMore(u16le(view, 4), out);
  for (const { offset, size } of iconParts(view)) {
    const picture = view.subarray(offset, offset + size);
    if (hasMagic(picture, PNG)) {
      out.emit('picture', picture);
    }
  }
}

function unpackFont({ bytes }: Piece, out: Yield): void {
  const view = viewOf(bytes);
  const joiner = new PieceJoiner(out, 'table');
  tellOfMore(u16be(view, 12), out);
  for (const { offset, packed, size } of fontParts(view)) {
    if (packed < size) {
      out.budget.checkTime();
      const part = inflateZlib(view.subarray(offset, offset + packed), out.budget.objectAllowance());
      out.budget.spendBytes(part.bytes.length);
      reportRatio(out, 'font table', part.consumed, part.bytes.length);
      if (part.end === 'capped') {
        reportEnd(out, 'font table', part.end);
      }
      joiner.add(part.bytes);
    }
  }
  joiner.flush();
}

export function createIconUnpacker(): Unpacker {
  return { name: 'icon', recognises: isIcon, unpack: unpackIcon };
}

export function createFontUnpacker(): Unpacker {
  return { name: 'web font', recognises: ({ bytes }) => hasMagic(bytes, FONT), unpack: unpackFont };
}
