import { ScanLimitError } from '../budget.ts';
import type { Piece } from '../piece.ts';
import { createAscii85Unpacker } from './ascii85-text.ts';
import { createArjSelfExtractor } from './arj.ts';
import { createBrotliUnpacker } from './brotli.ts';
import { createCarver } from './carve.ts';
import { createCmsUnpacker } from './cms.ts';
import {
  createActiveMimeUnpacker,
  createOneNoteUnpacker,
  createShortcutUnpacker,
  createSymbianUnpacker,
} from './embedded-files.ts';
import { createDataBase64Unpacker } from './data-base64.ts';
import { createDeflateFileUnpacker } from './deflate-file.ts';
import { createGitPatchUnpacker } from './git-patch.ts';
import { createGzipUnpacker, createZlibUnpacker } from './gzip.ts';
import { createHexDumpUnpacker } from './hex-dump.ts';
import { createHexRecordsUnpacker } from './hex-records.ts';
import { createInstallShieldUnpacker } from './installshield.ts';
import { createLz4Unpacker } from './lz4.ts';
import { createLzopUnpacker } from './lzop.ts';
import { MarkIndex } from './mark-search.ts';
import { createNumberDumpUnpacker } from './number-dump.ts';
import { createOdfUnpacker } from './odf-encryption.ts';
import { AnsweredManifests } from './odf-manifest.ts';
import { createOle2Unpacker } from './ole2.ts';
import { createOpenPgpUnpacker } from './openpgp.ts';
import { createPdfUnpacker } from './pdf.ts';
import { createFontUnpacker, createIconUnpacker } from './packed-tables.ts';
import { createPngUnpacker } from './png.ts';
import { createRtfUnpacker } from './rtf.ts';
import { createScriptEncoderUnpacker } from './script-encoder.ts';
import { createScriptTextUnpacker, createWideTextUnpacker } from './script-text.ts';
import { createLzipUnpacker, createSevenZipUnpacker } from './seven-zip-unpacker.ts';
import { SevenZip } from './seven-zip.ts';
import { createSqliteUnpacker } from './sqlite.ts';
import { createTarUnpacker } from './tar.ts';
import { createTnefUnpacker } from './tnef.ts';
import { createSealedManifest, createUnopenedFormats } from './unopened.ts';
import type { Unpacker, Yield } from './unpacker.ts';
import { createVmdkStreamUnpacker } from './vmdk-stream.ts';
import { createZipUnpacker } from './zip.ts';
import { createGitPackUnpacker, createPrefixedZlibUnpacker } from './zlib-streams.ts';
import { createZstdUnpacker } from './zstd.ts';

/** A fault in an unpacker is `malformed`, never a crash of the scan and never silence. */
function guarded(unpacker: Unpacker, marks: MarkIndex): Unpacker {
  return {
    name: unpacker.name,
    ...(unpacker.step && { step: unpacker.step }),
    recognises: (piece) => {
      try {
        return unpacker.recognises(piece);
      } catch {
        return true; // unpacking will fail as well, and say so
      }
    },
    unpack: (piece, out) => {
      const failed = (error: unknown): void => {
        if (error instanceof ScanLimitError) {
          throw error;
        }
        out.cannot('malformed', `${unpacker.name} reader failed`);
      };
      try {
        const pending = unpacker.unpack(piece, noting(marks, piece, out));
        return pending instanceof Promise ? pending.catch(failed) : undefined;
      } catch (error) {
        return failed(error);
      }
    },
  };
}

/** Tells the marks what is a part of the piece. */
function noting(marks: MarkIndex, piece: Piece, out: Yield): Yield {
  return {
    budget: out.budget,
    emit: (name, bytes, spelling) => {
      marks.notePart(bytes, piece.bytes);
      out.emit(name, bytes, spelling);
    },
    cannot: (cause, detail, isCut) => out.cannot(cause, detail, isCut),
    passwords: () => out.passwords(),
  };
}

/** Formats that are known by their start, and so can be carved. */
function createFileUnpackers(sevenZip: SevenZip, archives: Unpacker, marks: MarkIndex): Unpacker[] {
  return [
    createGzipUnpacker(),
    createZstdUnpacker(),
    createLz4Unpacker(),
    createLzopUnpacker(),
    createLzipUnpacker(sevenZip),
    createTarUnpacker(),
    archives,
    createOle2Unpacker(),
    createRtfUnpacker(),
    createPdfUnpacker(marks),
    createActiveMimeUnpacker(),
  ];
}

/** Every unpacker, in the order in which they are asked. One set per worker: the 7-Zip module is compiled once. */
export function createUnpackers(marks = new MarkIndex()): readonly Unpacker[] {
  const sevenZip = new SevenZip();
  const manifests = new AnsweredManifests();
  const archives = createSevenZipUnpacker(sevenZip);
  const files = createFileUnpackers(sevenZip, archives, marks);
  const unpackers = [
    createOdfUnpacker(manifests, marks),
    createZipUnpacker(sevenZip, marks),
    ...files,
    createArjSelfExtractor(archives),
    createZlibUnpacker(),
    createPrefixedZlibUnpacker(),
    createGitPackUnpacker(),
    createGitPatchUnpacker(marks),
    createDeflateFileUnpacker(),
    createBrotliUnpacker(),
    createTnefUnpacker(),
    createCmsUnpacker(),
    createOpenPgpUnpacker(marks),
    createOneNoteUnpacker(marks),
    createSymbianUnpacker(),
    createPngUnpacker(),
    createIconUnpacker(),
    createFontUnpacker(),
    createSqliteUnpacker(),
    createShortcutUnpacker(),
    createInstallShieldUnpacker(marks),
    createVmdkStreamUnpacker(),
    createUnopenedFormats(),
    createSealedManifest(manifests, marks),
    createWideTextUnpacker(),
    createScriptTextUnpacker(marks),
    createScriptEncoderUnpacker(marks),
    createAscii85Unpacker(marks),
    createHexDumpUnpacker(),
    createNumberDumpUnpacker(),
    createHexRecordsUnpacker(marks),
    createDataBase64Unpacker(),
    createCarver(files, marks),
  ];
  return unpackers.map((unpacker) => guarded(unpacker, marks));
}

/** Every unpacker and what they find marks with, for a pipeline: with marks of its own it searches each text twice. */
export function unpackingParts(): { readonly unpackers: readonly Unpacker[]; readonly marks: MarkIndex } {
  const marks = new MarkIndex();
  return { unpackers: createUnpackers(marks), marks };
}
