import type { Piece } from '../piece.ts';
import { hasMagic, u32be, u8, viewOf } from './byte-view.ts';
import type { MarkIndex } from './mark-search.ts';
import type { AnsweredManifests } from './odf-manifest.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** Containers that desktop programs open and we cannot: said so, because silence would mean "nothing inside". */
const UNOPENED: readonly (readonly [name: string, magic: string, at: number])[] = [
  ['ACE', '**ACE**', 7],
  ['ALZip', 'ALZ\u0001', 0],
  ['EGG', 'EGGA', 0],
  ['StuffIt', 'StuffIt (c)1997-', 0],
  ['StuffIt', 'SIT!', 0],
  ['StuffIt X', 'StuffIt!', 0],
  ['KWAJ', 'KWAJ\u0088\u00f0\u0027\u00d1', 0],
  ['zoo', 'ZOO 2.', 0],
  ['ZPAQ', '7kSt', 0],
  ['FreeArc', 'ArC\u0001', 0],
  ['UHarc', 'UHA', 0],
  ['lrzip', 'LRZI\u0000', 0],
  ['rzip', 'RZIP\u0002', 0],
];

/** Second and later volumes of split archives begin anywhere in the data: only the name tells what they are. */
const LATER_VOLUME = /\.(?:(?:7z|zip|rar|tar|gz)\.\d{3}|z\d\d|r\d\d|c\d\d)$/i;
const FIRST_VOLUME = /\.0*1$/;

/** Files of Unix pack, which gzip opens: a length, the longest code, how many codes of each length. */
function isPacked(bytes: Uint8Array): boolean {
  const longest = u8(bytes, 6);
  const size = u32be(bytes, 2);
  return hasMagic(bytes, '\u001f\u001e') && longest >= 1 && longest <= 24 && size > 0 && size < 2 ** 26;
}

function formatOf({ bytes, name, path }: Piece): string | undefined {
  const magic = UNOPENED.find(([, text, at]) => hasMagic(bytes, text, at))?.[0];
  const known = magic ?? (isPacked(bytes) ? 'pack' : undefined);
  const called = name ?? path;
  const isVolume = LATER_VOLUME.test(called) && !FIRST_VOLUME.test(called);
  return known ?? (isVolume && bytes.length > 0 ? 'split archive' : undefined);
}

export function createUnopenedFormats(): Unpacker {
  return {
    name: 'unopened',
    recognises: (piece: Piece) => formatOf(piece) !== undefined,
    unpack: (piece: Piece, out: Yield) => {
      out.cannot('malformed', `${formatOf(piece) ?? 'archive'} format is not opened`);
    },
  };
}

/** The first entry that is encrypted stands near the top. */
const MAX_MANIFEST_BYTES = 64 * 1024;
const MANIFEST = Buffer.from('urn:oasis:names:tc:opendocument:xmlns:manifest');
const SEALED_ENTRY = Buffer.from('encryption-data');

/** Encrypted OpenDocument files that were not opened as a whole: their entries look like plain data, only the manifest says that they are not. */
export function createSealedManifest(answered: AnsweredManifests, marks: MarkIndex): Unpacker {
  const sealedAt = marks.add(SEALED_ENTRY);
  return {
    name: 'odf-manifest',
    recognises: ({ bytes }: Piece) => {
      const at = sealedAt(bytes);
      const isNear = at >= 0 && at + SEALED_ENTRY.length <= MAX_MANIFEST_BYTES;
      return isNear && viewOf(bytes.subarray(0, MAX_MANIFEST_BYTES)).includes(MANIFEST);
    },
    unpack: ({ bytes }: Piece, out: Yield) => {
      if (!answered.has(out.budget, bytes)) {
        out.cannot('encrypted', 'OpenDocument file is encrypted');
      }
    },
  };
}
