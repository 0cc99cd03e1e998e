import type { Piece } from '../piece.ts';
import { hasMagic, viewOf } from './byte-view.ts';
import { decompressRtf, isCompressedRtf } from './compressed-rtf.ts';
import { inflateRaw, mayBeDeflate } from './decompress.ts';
import { emitStream, withoutMalformed } from './emission.ts';
import type { LegacyStream } from './legacy-lock.ts';
import { legacyLock } from './legacy-office.ts';
import { OFFICE_DEFAULT_PASSWORD, officeDecryptor } from './office-encryption.ts';
import { isOle, OleFile, type OleStream } from './ole-file.ts';
import { emitPptObjects, readOle10Native } from './ole-objects.ts';
import { PasswordTries } from './password-tries.ts';
import { continuedStrings } from './shared-strings.ts';
import type { Unpacker, Yield } from './unpacker.ts';
import { vbaOffsets, vbaSources } from './vba.ts';
import { wideStrings } from './wide-strings.ts';

/** Streams up to this size are joined into one piece: a message file has some hundred properties of a few bytes. */
const SMALL_STREAM_BYTES = 256;
/** Output of all streams over the size of the file: sector chains can share sectors. */
const MAX_STREAM_RATIO = 4;
/** What the first stream of a Hangul document begins with; its other streams are deflated without a header. */
const HANGUL = 'HWP Document File';

/** Streams that hold the text of a document, each with two bytes a character where it is not all Latin. */
const TEXT_STREAMS: ReadonlySet<string> = new Set([
  'worddocument',
  'workbook',
  'book',
  'powerpoint document',
]);

const WORKBOOKS: ReadonlySet<string> = new Set(['workbook', 'book']);

const EMPTY = Buffer.alloc(0);

class OleRun {
  readonly #file: OleFile;
  readonly #out: Yield;
  readonly #offsets: readonly number[];
  readonly #small: Buffer[] = [];
  readonly #tries: PasswordTries;
  readonly #isHangul: boolean;
  #left: number;
  #cut = false;

  constructor(bytes: Buffer, name: string | undefined, out: Yield) {
    this.#file = new OleFile(bytes);
    this.#out = out;
    this.#tries = new PasswordTries(out, [OFFICE_DEFAULT_PASSWORD], name);
    this.#offsets = vbaOffsets(this.#file.stream('dir')?.bytes);
    this.#isHangul = hasMagic(this.#file.stream('FileHeader')?.bytes ?? EMPTY, HANGUL);
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
      this.#out.cannot('malformed', 'compound file is truncated', true);
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
    this.#wideText(name, bytes);
    this.#openHangul(name, bytes);
    for (const source of vbaSources(bytes, this.#offsets)) {
      this.#out.emit(`${name}.vba`, source);
    }
    this.#openLegacy(name, bytes);
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

  #wideText(name: string, bytes: Buffer): void {
    const plain = name.toLowerCase();
    const wide = TEXT_STREAMS.has(plain) ? wideStrings(bytes) : undefined;
    const continued = WORKBOOKS.has(plain) ? continuedStrings(bytes) : undefined;
    for (const text of [wide, continued]) {
      if (text !== undefined) {
        this.#out.emit(`${name}.txt`, text);
      }
    }
  }

  /** Some streams are kept as they are: what is no deflate data is no damage. */
  #openHangul(name: string, bytes: Buffer): void {
    if (this.#isHangul && mayBeDeflate(bytes)) {
      const inflated = inflateRaw(bytes, this.#out.budget.objectAllowance());
      emitStream(withoutMalformed(this.#out), name, inflated, 'Hangul stream');
    }
  }

  #openLegacy(name: string, bytes: Buffer): void {
    const lock = legacyLock(name, bytes, (other) => this.#file.stream(other)?.bytes);
    if (lock === undefined) {
      return;
    }
    for (const password of this.#tries.candidates()) {
      const opened = lock(password);
      if (opened !== undefined) {
        this.#tries.worked(password);
        this.#emitOpened(opened);
        return;
      }
    }
    this.#out.cannot('encrypted', 'Office document is encrypted');
  }

  #emitOpened(streams: readonly LegacyStream[]): void {
    for (const { name, bytes, isSealed } of streams.filter((stream) => stream.bytes.length > 0)) {
      this.#out.emit(name, bytes);
      if (isSealed === true) {
        this.#out.cannot('encrypted', `not all of ${name} can be decrypted`);
      }
      this.#objects(name, bytes);
    }
  }

  #openEncryptedPackage(): void {
    const info = this.#file.stream('EncryptionInfo')?.bytes;
    const encrypted = this.#file.stream('EncryptedPackage')?.bytes;
    if (info === undefined || encrypted === undefined) {
      return;
    }
    const decryptor = officeDecryptor(info, encrypted);
    for (const password of decryptor === undefined ? [] : this.#tries.candidates()) {
      const opened = decryptor?.(password);
      if (opened !== undefined) {
        this.#out.emit('package', opened);
        return;
      }
    }
    this.#out.cannot('encrypted', 'Office document is encrypted');
  }
}

/** Compound files: Office documents before 2007, message files, installers, and macros inside newer documents. */
export function createOle2Unpacker(): Unpacker {
  return {
    name: 'ole2',
    recognises: ({ bytes }: Piece) => isOle(bytes),
    unpack: ({ bytes, name }: Piece, out: Yield) => new OleRun(viewOf(bytes), name, out).run(),
  };
}
