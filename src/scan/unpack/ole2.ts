import type { Piece } from '../piece.ts';
import { u16le, viewOf } from './byte-view.ts';
import { decompressRtf, isCompressedRtf } from './compressed-rtf.ts';
import { emitStream } from './emission.ts';
import { OFFICE_DEFAULT_PASSWORD, officeDecryptor } from './office-encryption.ts';
import { isOle, OleFile, type OleStream } from './ole-file.ts';
import { emitPptObjects, readOle10Native } from './ole-objects.ts';
import { PasswordTries } from './password-tries.ts';
import type { Unpacker, Yield } from './unpacker.ts';
import { vbaOffsets, vbaSources } from './vba.ts';

/** Streams up to this size are joined into one piece: a message file has some hundred properties of a few bytes. */
const SMALL_STREAM_BYTES = 256;
/** Output of all streams over the size of the file: sector chains can share sectors. */
const MAX_STREAM_RATIO = 4;
/** FILEPASS in a workbook; fEncrypted in the information block of a Word document (MS-XLS, MS-DOC). */
const FILEPASS = 0x2f;
const WORD_ENCRYPTED = 0x0100;

class OleRun {
  readonly #file: OleFile;
  readonly #out: Yield;
  readonly #offsets: readonly number[];
  readonly #small: Buffer[] = [];
  #left: number;
  #cut = false;

  constructor(bytes: Buffer, out: Yield) {
    this.#file = new OleFile(bytes);
    this.#out = out;
    this.#offsets = vbaOffsets(this.#file.stream('dir')?.bytes);
    this.#left = bytes.length * MAX_STREAM_RATIO;
  }

  run(): void {
    for (const stream of this.#file.streams()) {
      this.#out.budget.checkTime();
      this.#left -= stream.bytes.length;
      if (this.#left < 0) {
        this.#out.cannot('bomb', 'compound file whose streams share their sectors');
        return;
      }
      this.#stream(stream);
    }
    if (this.#small.length > 0) {
      this.#out.emit('properties', Buffer.concat(this.#small));
    }
    if (this.#cut) {
      this.#out.cannot('malformed', 'compound file is truncated');
    }
    this.#openEncryptedPackage();
  }

  #stream({ name, bytes, cut }: OleStream): void {
    this.#cut ||= cut && bytes.length > 0;
    if (bytes.length > SMALL_STREAM_BYTES) {
      this.#out.emit(name, bytes);
    } else if (bytes.length > 0) {
      this.#small.push(bytes, Buffer.from('\n'));
    }
    this.#objects(name, bytes);
    for (const source of vbaSources(bytes, this.#offsets)) {
      this.#out.emit(`${name}.vba`, source);
    }
    this.#reportEncryption(name, bytes);
  }

  #objects(name: string, bytes: Buffer): void {
    // The name is compared without its case and its leading control character: readers differ in both.
    const plain = name.replace(/^[\u0000-\u001f]+/, '').toLowerCase();
    if (plain === 'ole10native') {
      const file = readOle10Native(bytes);
      this.#out.emit(file.name, file.bytes);
    } else if (plain === 'powerpoint document') {
      emitPptObjects(bytes, this.#out);
    } else if (plain.startsWith('__substg1.0_3701') && bytes.length <= SMALL_STREAM_BYTES) {
      this.#out.emit(name, bytes); // a small attachment of a message file
    } else if (isCompressedRtf(bytes)) {
      emitStream(
        this.#out,
        'body.rtf',
        decompressRtf(bytes, this.#out.budget.objectAllowance()),
        'compressed RTF',
      );
    }
  }

  #reportEncryption(name: string, bytes: Buffer): void {
    const isSheet = name === 'Workbook' || name === 'Book';
    const isWord = name === 'WordDocument' && u16le(bytes, 0) === 0xa5ec;
    if ((isSheet && hasFilepass(bytes)) || (isWord && (u16le(bytes, 10) & WORD_ENCRYPTED) !== 0)) {
      this.#out.cannot('encrypted', 'Office document is encrypted');
    }
  }

  #openEncryptedPackage(): void {
    const info = this.#file.stream('EncryptionInfo')?.bytes;
    const encrypted = this.#file.stream('EncryptedPackage')?.bytes;
    if (info === undefined || encrypted === undefined) {
      return;
    }
    const decryptor = officeDecryptor(info, encrypted);
    const tries = new PasswordTries(this.#out, [OFFICE_DEFAULT_PASSWORD]);
    for (const password of decryptor === undefined ? [] : tries.candidates()) {
      const opened = decryptor?.(password);
      if (opened !== undefined) {
        this.#out.emit('package', opened);
        return;
      }
    }
    this.#out.cannot('encrypted', 'Office document is encrypted');
  }
}

/** FILEPASS stands among the first records of a workbook, behind BOF. */
function hasFilepass(bytes: Buffer): boolean {
  for (
    let at = 0, records = 0;
    at + 4 <= bytes.length && records < 8;
    at += 4 + u16le(bytes, at + 2), records += 1
  ) {
    if (u16le(bytes, at) === FILEPASS) {
      return true;
    }
  }
  return false;
}

/** Compound files: Office documents before 2007, message files, installers, and macros inside newer documents. */
export function createOle2Unpacker(): Unpacker {
  return {
    name: 'ole2',
    recognises: ({ bytes }: Piece) => isOle(bytes),
    unpack: ({ bytes }: Piece, out: Yield) => new OleRun(viewOf(bytes), out).run(),
  };
}
