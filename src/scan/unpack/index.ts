import { ScanLimitError } from '../budget.ts';
import { createGzipUnpacker, createZlibUnpacker } from './gzip.ts';
import { createLz4Unpacker } from './lz4.ts';
import { createLzipUnpacker, createSevenZipUnpacker } from './seven-zip-unpacker.ts';
import { SevenZip } from './seven-zip.ts';
import { createTarUnpacker } from './tar.ts';
import type { Unpacker } from './unpacker.ts';
import { createZipUnpacker } from './zip.ts';
import { createBrotliUnpacker, createZstdUnpacker } from './zstd.ts';

/** A fault in an unpacker is `malformed`, never a crash of the scan and never silence. */
function guarded(unpacker: Unpacker): Unpacker {
  return {
    name: unpacker.name,
    recognises: (piece) => {
      try {
        return unpacker.recognises(piece);
      } catch {
        return true; // unpacking will fail as well, and say so
      }
    },
    unpack: async (piece, out) => {
      try {
        await unpacker.unpack(piece, out);
      } catch (error) {
        if (error instanceof ScanLimitError) {
          throw error;
        }
        out.cannot('malformed', `${unpacker.name} reader failed`);
      }
    },
  };
}

/** Every unpacker, in the order in which they are asked. One set per worker: the 7-Zip module is compiled once. */
export function createUnpackers(): readonly Unpacker[] {
  const sevenZip = new SevenZip();
  const unpackers = [
    createZipUnpacker(sevenZip),
    createGzipUnpacker(),
    createZlibUnpacker(),
    createZstdUnpacker(),
    createBrotliUnpacker(),
    createLz4Unpacker(),
    createLzipUnpacker(sevenZip),
    createTarUnpacker(),
    createSevenZipUnpacker(sevenZip),
  ];
  return unpackers.map(guarded);
}
