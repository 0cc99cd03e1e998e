import type { Piece } from '../piece.ts';
import { latin1, viewOf } from './byte-view.ts';
import { isZlibHeader } from './decompress.ts';
import { reportEnd, reportRatio } from './emission.ts';
import { pdfLock, type PdfDecryptor } from './pdf-encryption.ts';
import { pdfFilter, undoPngPredictor } from './pdf-filters.ts';
import { PasswordTries } from './password-tries.ts';
import { decodeNames, numberOf, scriptStrings } from './pdf-text.ts';
import { PieceJoiner } from './piece-joiner.ts';
import type { Inflated } from './tolerant-inflate.ts';
import type { Unpacker, Yield } from './unpacker.ts';

const MAGIC = Buffer.from('%PDF-');
/** Readers accept the mark anywhere in the first kilobyte. */
const MAGIC_WITHIN = 1024;
const STREAM = Buffer.from('stream');
const ENDSTREAM = Buffer.from('endstream');
/** Streams of one document. A book with a picture on every page stays far below. */
const MAX_STREAMS = 20_000;
/** A dictionary in front of a stream; longer ones belong to no writer. */
const MAX_DICTIONARY_BYTES = 8192;
/** Filters of one stream. Real chains have one or two. */
const MAX_FILTERS = 8;
/** Script strings of one text. */
const MAX_SCRIPTS = 500;

interface PdfStream {
  readonly dictionary: string;
  readonly object: number;
  readonly generation: number;
  readonly data: Buffer;
  /** The data and everything behind it, for a coder that knows its own end. */
  readonly open: Buffer;
}

/** Filter names in order; an indirect reference is looked up in the text. */
function filterNames(dictionary: string, bytes: Buffer): string[] {
  const stated =
    /\/(?:Filter|F)\s{0,64}(\[[^\]]{0,512}\]|\/[^\s/<>[\]()]{1,64}|\d{1,10}\s{1,16}\d{1,10}\s{1,16}R)/.exec(
      dictionary,
    )?.[1];
  if (stated === undefined) {
    return [];
  }
  const reference = /^(\d+)\s+(\d+)/.exec(stated);
  const text =
    reference === null ? stated : decodeNames(objectText(bytes, `${reference[1]} ${reference[2]}`, 512));
  return Array.from(text.matchAll(/\/([^\s/<>[\]()]{1,64})/g), (match) => match[1] ?? '').slice(
    0,
    MAX_FILTERS + 1,
  );
}

/** The text of an object, up to `most` bytes: the last definition counts, as in an updated file. */
function objectText(bytes: Buffer, number: string, most: number): string {
  const mark = `${number} obj`;
  let at = bytes.lastIndexOf(mark);
  while (at > 0 && /\d/.test(latin1(bytes, at - 1, at))) {
    at = bytes.lastIndexOf(mark, at - 1);
  }
  const text = at < 0 ? '' : latin1(bytes, at + mark.length, at + mark.length + most);
  return text.split('endobj')[0] ?? '';
}

class PdfRun {
  readonly #bytes: Buffer;
  readonly #out: Yield;
  readonly #joiner: PieceJoiner;
  readonly #decrypt: PdfDecryptor | undefined;
  /** Encrypted and not opened: what the streams seem to hold means nothing. */
  #sealed = false;

  constructor(bytes: Buffer, out: Yield) {
    this.#bytes = bytes;
    this.#out = out;
    this.#joiner = new PieceJoiner(out, 'stream');
    this.#decrypt = this.#readEncryption();
  }

  run(): void {
    let at = this.#bytes.indexOf(STREAM);
    let previousEnd = 0;
    for (let count = 0; at >= 0; count += 1) {
      if (count >= MAX_STREAMS) {
        this.#out.cannot('bomb', 'PDF document with too many streams');
        break;
      }
      this.#out.budget.checkTime();
      const stream = this.#streamAt(at, previousEnd);
      if (stream !== undefined) {
        this.#decode(stream);
        previousEnd = at;
      }
      at = this.#bytes.indexOf(STREAM, at + STREAM.length);
    }
    this.#scripts(latin1(this.#bytes));
    this.#joiner.flush();
  }

  /** `Encrypt` stands in a trailer, or in the dictionary of a cross-reference stream. */
  #readEncryption(): PdfDecryptor | undefined {
    const at = this.#bytes.lastIndexOf('/Encrypt');
    if (at < 0) {
      return undefined;
    }
    const near = latin1(this.#bytes, at - MAX_DICTIONARY_BYTES, at + MAX_DICTIONARY_BYTES);
    const behind = latin1(this.#bytes, at + '/Encrypt'.length, at + MAX_DICTIONARY_BYTES);
    const reference = /^\s{0,16}(\d{1,10})\s{1,16}(\d{1,10})\s{1,16}R/.exec(behind);
    if (reference === null && !/^\s{0,16}<</.test(behind)) {
      return undefined; // a name that only begins like it, such as EncryptMetadata
    }
    const own = `${reference?.[1]} ${reference?.[2]}`;
    const dictionary = reference === null ? behind : objectText(this.#bytes, own, MAX_DICTIONARY_BYTES);
    return this.#unlock(pdfLock(dictionary, near));
  }

  /** Most encrypted documents have an empty user password: they open without a question. */
  #unlock(lock: ReturnType<typeof pdfLock>): PdfDecryptor | undefined {
    const candidates = lock === undefined ? [] : new PasswordTries(this.#out, ['']).candidates();
    for (const password of candidates) {
      const decryptor = lock?.(password);
      if (decryptor !== undefined) {
        return decryptor;
      }
    }
    this.#sealed = true;
    this.#out.cannot('encrypted', 'PDF document is encrypted');
    return undefined;
  }

  #streamAt(at: number, previousEnd: number): PdfStream | undefined {
    const start = this.#dataStart(at);
    if (latin1(this.#bytes, at - 3, at) === 'end' || start === undefined) {
      return undefined;
    }
    const before = latin1(this.#bytes, Math.max(previousEnd, at - MAX_DICTIONARY_BYTES), at);
    const objectAt = before.lastIndexOf(' obj');
    const dictionary = decodeNames(before.slice(Math.max(0, objectAt)));
    const numbers = /(\d{1,10})\s{1,16}(\d{1,5})$/.exec(
      before.slice(Math.max(0, objectAt - 32), Math.max(0, objectAt)),
    );
    const data = this.#bytes.subarray(start, this.#dataEnd(start, dictionary));
    const [object, generation] = [Number(numbers?.[1] ?? 0), Number(numbers?.[2] ?? 0)];
    return { dictionary, object, generation, data, open: this.#bytes.subarray(start) };
  }

  /** The keyword ends with a line end; writers that leave blanks or nothing in between are read as well. */
  #dataStart(at: number): number | undefined {
    const behind = latin1(this.#bytes, at + STREAM.length, at + STREAM.length + 64);
    const gap = /^[ \t]{0,32}(?:\r\n|\n|\r)/.exec(behind);
    return gap === null ? undefined : at + STREAM.length + gap[0].length;
  }

  #dataEnd(start: number, dictionary: string): number {
    const stated = numberOf(dictionary, 'Length');
    if (
      stated !== undefined &&
      stated > 0 &&
      /^\s{0,4}endstream/.test(latin1(this.#bytes, start + stated, start + stated + 16))
    ) {
      return start + stated;
    }
    const end = this.#bytes.indexOf(ENDSTREAM, start);
    return end < 0 ? this.#bytes.length : end;
  }

  #decode(stream: PdfStream): void {
    const isTable = /\/Type\s{0,16}\/XRef/.test(stream.dictionary);
    const plain = isTable ? undefined : this.#decrypt?.(stream.data, stream.object, stream.generation);
    const data = plain ?? stream.data;
    const names = filterNames(stream.dictionary, this.#bytes).filter((name) => name !== 'Crypt');
    if (names.length > MAX_FILTERS) {
      this.#out.cannot('bomb', 'PDF stream with too many filters');
    }
    const isFile = /\/EmbeddedFile/.test(stream.dictionary);
    const undeclared = names.length === 0 && isZlibHeader(data) ? ['FlateDecode'] : names;
    const open = plain ?? stream.open;
    const decoded = this.#applyFilters([data, open], undeclared.slice(0, MAX_FILTERS), stream.dictionary);
    if (decoded === data && plain === undefined && !isFile) {
      this.#joinUnfiltered(data);
    } else if (isFile && decoded.length > 0) {
      this.#out.emit('embedded', decoded);
    } else {
      this.#joiner.add(decoded);
    }
    if (/\/ObjStm/.test(stream.dictionary)) {
      this.#scripts(latin1(decoded));
    }
  }

  /** What was not encoded is matched with the document; only a file in it is worth a piece. */
  #joinUnfiltered(data: Buffer): void {
    if (data.length > 4 && !data.subarray(0, 3).equals(JPEG_START)) {
      this.#joiner.add(data);
    }
  }

  #applyFilters(
    [data, open]: readonly [Buffer, Buffer],
    names: readonly string[],
    dictionary: string,
  ): Buffer {
    let current = data;
    for (const [index, name] of names.entries()) {
      const filter = pdfFilter(name);
      if (filter === undefined) {
        break; // a picture: DCT, JPX, CCITT, JBIG2
      }
      if (index > 0) {
        this.#out.budget.spendBytes(current.length);
      }
      const cap = this.#out.budget.objectAllowance();
      let inflated = filter(current, cap);
      if (index === 0 && inflated.end === 'truncated') {
        inflated = filter(open, cap); // the end mark occurred inside the data
      }
      this.#report(inflated, dictionary);
      current = this.#undoPredictor(inflated.bytes, dictionary);
    }
    return current;
  }

  /** A damaged page or font is common in sound documents; a bomb and a damaged attachment are told. */
  #report({ bytes, consumed, end }: Inflated, dictionary: string): void {
    reportRatio(this.#out, 'PDF stream', consumed, bytes.length);
    if (end === 'capped' || (dictionary.includes('/EmbeddedFile') && !this.#sealed)) {
      reportEnd(this.#out, 'PDF stream', end);
    }
  }

  #undoPredictor(bytes: Buffer, dictionary: string): Buffer {
    const predictor = numberOf(dictionary, 'Predictor') ?? 1;
    const columns = numberOf(dictionary, 'Columns') ?? 1;
    const colors = numberOf(dictionary, 'Colors') ?? 1;
    const bits = numberOf(dictionary, 'BitsPerComponent') ?? 8;
    const row = Math.ceil((columns * colors * bits) / 8);
    const isPicture = /\/Subtype\s{0,16}\/Image/.test(dictionary);
    if (predictor < 10 || isPicture || row < 1 || row > 65_536) {
      return bytes;
    }
    return undoPngPredictor(bytes, row, Math.max(1, (colors * bits) >> 3));
  }

  #scripts(text: string): void {
    for (const script of scriptStrings(text, MAX_SCRIPTS)) {
      this.#joiner.add(script);
    }
  }
}

const JPEG_START = Buffer.from([0xff, 0xd8, 0xff]);

/** PDF: every stream found by its keywords, decoded by its filters; cross-references and lengths are not needed. */
export function createPdfUnpacker(): Unpacker {
  return {
    name: 'pdf',
    recognises: ({ bytes }: Piece) => viewOf(bytes.subarray(0, MAGIC_WITHIN)).includes(MAGIC),
    unpack: ({ bytes }: Piece, out: Yield) => new PdfRun(viewOf(bytes), out).run(),
  };
}
