import type { Piece } from '../piece.ts';
import { latin1, viewOf } from './byte-view.ts';
import { reportEnd, reportRatio } from './emission.ts';
import type { MarkIndex } from './mark-search.ts';
import type { PdfDecryptor } from './pdf-encryption.ts';
import { ENCRYPT_MARK, pdfKey } from './pdf-key.ts';
import { pdfFilter, PICTURE_FILTERS, undoPredictor } from './pdf-filters.ts';
import { PdfObjects, type ObjectStream } from './pdf-objects.ts';
import { decodeByContent } from './pdf-content.ts';
import {
  dictionariesBefore,
  filterValues,
  namesIn,
  parametersReference,
  plainValue,
} from './pdf-dictionary.ts';
import { inlineImages } from './pdf-inline-images.ts';
import { SealedStrings } from './pdf-sealed-strings.ts';
import { joinedLetters, shownText } from './pdf-shown.ts';
import { PdfFonts } from './pdf-fonts.ts';
import { codedStrings, numberOf, SCRIPT_NAMES, scriptStrings } from './pdf-text.ts';
import { XfaForms } from './pdf-xfa.ts';
import { PieceJoiner } from './piece-joiner.ts';
import type { Inflated } from './tolerant-inflate.ts';
import type { Unpacker, Yield } from './unpacker.ts';

const MAGIC = Buffer.from('%PDF-');
/** Readers accept the mark anywhere in the first kilobyte. */
const MAGIC_WITHIN = 1024;
const STREAM = Buffer.from('stream');
const END = 'end';
const ENDSTREAM = Buffer.from('endstream');
const OBJECT_STREAM = Buffer.from('/ObjStm');
/** Before that word: the beginning of such an object. */
const MAX_HEAD_BYTES = 1024;
/** Streams of one document. A book with a picture on every page stays far below. */
const MAX_STREAMS = 20_000;
/** Text read as dictionaries, in sizes of the document; a sound document is read once or twice. */
const MAX_DICTIONARY_SHARE = 8;
/** Different chains that one stream may be said to have. A sound stream has one. */
const MAX_CHAINS = 4;
/** Filters of one stream. Real chains have one or two. */
const MAX_FILTERS = 8;
/** Script strings of one text. */
const MAX_SCRIPTS = 500;

interface PdfStream {
  readonly dictionary: string;
  /** Every chain of filters that the dictionary may be said to state, the likeliest first. */
  readonly chains: readonly (readonly string[])[];
  readonly object: number;
  readonly generation: number;
  readonly data: Buffer;
  /** The data and everything behind it, for a coder that knows its own end. */
  readonly open: Buffer;
}

class PdfRun {
  readonly #bytes: Buffer;
  readonly #first: (mark: number) => number;
  readonly #out: Yield;
  readonly #joiner: PieceJoiner;
  readonly #decrypt: PdfDecryptor | undefined;
  readonly #sealedStrings: SealedStrings | undefined;
  /** Encrypted and not opened: what the streams seem to hold means nothing. */
  readonly #sealed: boolean;
  #lookUps = 0;
  readonly #forms = new XfaForms();
  readonly #objects: PdfObjects;
  readonly #fonts: PdfFonts;
  /** By the number of its object: where the word `stream` stands, and the one before. */
  readonly #streams = new Map<number, readonly [at: number, previousEnd: number]>();
  #dictionaryCharacters = 0;

  /** `first`: where each of `SCRIPT_NAMES`, and then `ENCRYPT_MARK`, stands first, or -1. */
  constructor(bytes: Buffer, out: Yield, first: (mark: number) => number) {
    this.#bytes = bytes;
    this.#first = first;
    this.#out = out;
    this.#joiner = new PieceJoiner(out, 'stream');
    this.#objects = new PdfObjects(bytes, () => this.#objectStreams());
    this.#fonts = new PdfFonts(this.#objects, (object) => this.#packet(object));
    const { decrypt, isSealed } = pdfKey(bytes, first(SCRIPT_NAMES.length), this.#objects, out);
    this.#sealed = isSealed;
    this.#decrypt = decrypt;
    this.#sealedStrings = this.#decrypt && new SealedStrings(this.#decrypt);
  }

  run(): void {
    let at = this.#bytes.indexOf(STREAM);
    let previousEnd = 0;
    let objectsFrom = Math.max(0, this.#bytes.indexOf(MAGIC)); // what stands before it is of another file
    for (let count = 0; at >= 0; count += 1) {
      const next = this.#bytes.indexOf(STREAM, at + STREAM.length);
      if (count >= MAX_STREAMS) {
        this.#out.cannot('bomb', 'PDF document with too many streams');
        break;
      }
      this.#out.budget.checkTime();
      const stream = this.#streamAt(at, previousEnd);
      if (stream !== undefined) {
        this.#objectTexts(latin1(this.#bytes, objectsFrom, at));
        this.#streams.set(stream.object, [at, previousEnd]);
        this.#decode(stream);
        previousEnd = at;
        objectsFrom = Math.max(objectsFrom, at < objectsFrom ? 0 : this.#endOfStream(next));
      }
      at = next;
    }
    this.#objectTexts(latin1(this.#bytes, objectsFrom, this.#bytes.length));
    this.#scripts(this.#bytes, this.#first);
    this.#joinForms();
    for (const text of this.#fonts.texts()) {
      this.#out.budget.checkTime();
      this.#joiner.add(text);
      this.#joiner.add(joinedLetters(text) ?? EMPTY);
    }
    if (this.#objects.isOverfull || this.#sealedStrings?.isOverfull === true) {
      this.#out.cannot('bomb', 'PDF document with too much in object streams or too many strings');
    }
    this.#joiner.flush();
  }

  /** Readers put the streams of a form together before they read it. */
  #joinForms(): void {
    if (this.#forms.isOverfull) {
      this.#out.cannot('bomb', 'PDF document with too many lists of form streams');
    }
    for (const numbers of this.#forms.lists) {
      const packets: Buffer[] = [];
      let left = this.#out.budget.objectAllowance();
      for (const number of numbers) {
        const packet = this.#packet(number);
        packets.push(packet.subarray(0, left));
        left -= packet.length;
        if (left < 0) {
          reportEnd(this.#out, 'XFA form', 'capped');
          break;
        }
      }
      this.#out.emit('form', Buffer.concat(packets));
    }
  }

  #packet(number: number): Buffer {
    this.#out.budget.checkTime();
    const place = this.#streams.get(number);
    const stream = place && this.#streamAt(...place);
    return (stream && this.#readings(stream, ...this.#plain(stream))[0]) ?? EMPTY;
  }

  #streamAt(at: number, previousEnd: number): PdfStream | undefined {
    const start = this.#dataStart(at);
    if (start === undefined || this.#isEnd(at)) {
      return undefined;
    }
    const found = dictionariesBefore(latin1(this.#bytes, previousEnd, at), (cost) => this.#mayRead(cost));
    const chains = new Map<string, readonly string[]>();
    for (const { text } of found) {
      for (const value of filterValues(text)) {
        const names = this.#filterNames(value);
        chains.set(names.join(' '), names);
      }
    }
    const [{ text, object, generation } = { text: '', object: 0, generation: 0 }] = found;
    const dictionary = `${text}${this.#parametersOf(text)}`;
    const data = this.#bytes.subarray(start, this.#dataEnd(start, dictionary));
    const open = this.#bytes.subarray(start);
    return { dictionary, chains: [...chains.values()], object, generation, data, open };
  }

  /** Those whose type is written plainly; asked for where an object does not stand by itself. */
  *#objectStreams(): Generator<ObjectStream, void, void> {
    let last = 0;
    for (let at = this.#bytes.indexOf(OBJECT_STREAM); at >= 0;) {
      const keyword = this.#bytes.indexOf(STREAM, at);
      this.#out.budget.checkTime();
      const stream = keyword < 0 ? undefined : this.#streamAt(keyword, Math.max(last, at - MAX_HEAD_BYTES));
      if (stream !== undefined) {
        const [bytes = EMPTY] = this.#readings(stream, ...this.#plain(stream));
        yield { dictionary: stream.dictionary, bytes };
      }
      last = Math.max(keyword, at + 1);
      at = this.#bytes.indexOf(OBJECT_STREAM, last);
    }
  }

  #mayRead(characters: number): boolean {
    this.#dictionaryCharacters += characters;
    const isAllowed = this.#dictionaryCharacters <= (this.#bytes.length + 1024) * MAX_DICTIONARY_SHARE;
    if (!isAllowed) {
      this.#out.cannot('bomb', 'PDF document with dictionaries that take too long to read');
    }
    return isAllowed;
  }

  /** Filter names in order; an indirect reference is looked up in the text. */
  #filterNames(value: string): string[] {
    const direct = value.replace(/(\d{1,10}) (\d{1,10}) R/g, (_, object: string, generation: string) =>
      plainValue(this.#objects.text(`${object} ${generation}`, 512)),
    );
    return namesIn(direct, MAX_FILTERS + 1).filter((name) => name !== 'Crypt');
  }

  /** The parameters of filters that stand in an object of their own. */
  #parametersOf(dictionary: string): string {
    const reference = parametersReference(dictionary);
    if (reference === undefined || this.#lookUps >= MAX_LOOK_UPS) {
      return '';
    }
    this.#lookUps += 1;
    return ` ${plainValue(this.#objects.text(reference, 512))}`;
  }

  /** The keyword ends with a line end; writers that leave blanks or nothing in between are read as well. */
  #dataStart(at: number): number | undefined {
    const behind = latin1(this.#bytes, at + STREAM.length, at + STREAM.length + 64);
    const isBehindDictionary = />>\s{0,8}$/.test(latin1(this.#bytes, at - 10, at));
    const gap = (isBehindDictionary ? BLANKS : LINE_END).exec(behind);
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
    const [data, open] = this.#plain(stream);
    const readings = this.#readings(stream, data, open);
    const isFile = /\/EmbeddedFile/.test(stream.dictionary);
    for (const decoded of readings) {
      if (decoded === stream.data && !isFile) {
        this.#joinUnfiltered(data);
      } else if (isFile && decoded.length > 0) {
        this.#out.emit('embedded', decoded);
      } else {
        this.#joiner.add(decoded);
      }
      if (/\/ObjStm/.test(stream.dictionary)) {
        this.#scripts(decoded);
        this.#strings(latin1(decoded));
      } else {
        this.#page(decoded);
        this.#pictures(decoded);
      }
    }
  }

  #page(bytes: Buffer): void {
    const shown = shownText(bytes);
    if (shown !== undefined) {
      this.#joiner.add(shown);
      this.#joiner.add(joinedLetters(shown) ?? EMPTY);
      this.#fonts.add(bytes);
    }
  }

  #pictures(page: Buffer): void {
    for (const { dictionary, data, open } of inlineImages(page)) {
      this.#out.budget.checkTime();
      const names = filterValues(dictionary).flatMap((value) => namesIn(value, MAX_FILTERS));
      const decoded = this.#applyFilters([data, open], names.slice(0, MAX_FILTERS), dictionary);
      this.#joiner.add(decoded === data ? EMPTY : decoded);
    }
  }

  /** The data and what stands behind them, decrypted where they are encrypted. */
  #plain(stream: PdfStream): readonly [data: Buffer, open: Buffer] {
    const isTable = /\/Type\s{0,16}\/XRef/.test(stream.dictionary);
    const plain = isTable ? undefined : this.#decrypt?.(stream.data, stream.object, stream.generation);
    return plain === undefined ? [stream.data, stream.open] : [plain, plain];
  }

  /** What each stated chain makes of the data; when none makes anything of it, what the data says of itself. */
  #readings(stream: PdfStream, data: Buffer, open: Buffer): Buffer[] {
    const chains = stream.chains.length === 0 ? [[]] : stream.chains;
    if (chains.length > MAX_CHAINS || chains.some((names) => names.length > MAX_FILTERS)) {
      this.#out.cannot('bomb', 'PDF stream with too many filters');
    }
    const decoded = chains
      .slice(0, MAX_CHAINS)
      .map((names) => this.#applyFilters([data, open], names.slice(0, MAX_FILTERS), stream.dictionary));
    const applied = decoded.filter((bytes) => bytes !== data && bytes.length > 0);
    if (applied.length > 0) {
      return applied;
    }
    const found = decodeByContent(data, open, this.#out.budget);
    if (found === undefined) {
      return [data];
    }
    this.#report(found, stream.dictionary);
    return [undoPredictor(found.bytes, stream.dictionary)];
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
      const filter = pdfFilter(name, dictionary);
      if (filter === undefined && PICTURE_FILTERS.has(name)) {
        break;
      }
      if (filter === undefined) {
        continue; // viewers in browsers pass over a name that they do not know
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
      current = undoPredictor(inflated.bytes, dictionary);
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

  /**
   * The first mark of an end: a length that leads beyond it may skip objects that other readers see. `next` is where
   * the next word `stream` stands, which that mark ends with.
   */
  #endOfStream(next: number): number {
    if (next >= 0 && this.#isEnd(next)) {
      return next - END.length;
    }
    const end = next < 0 ? -1 : this.#bytes.indexOf(ENDSTREAM, next);
    return end < 0 ? this.#bytes.length : end;
  }

  #isEnd(stream: number): boolean {
    return latin1(this.#bytes, stream - END.length, stream) === END;
  }

  #objectTexts(text: string): void {
    this.#strings(text);
    this.#sealedStrings?.in(text).forEach((string) => this.#joiner.add(string));
  }

  #strings(text: string): void {
    this.#fonts.look(text);
    this.#forms.look(text, (numbers, most) => this.#objects.text(numbers, most));
    for (const bytes of codedStrings(text.replaceAll(MAGIC.toString(), ''))) {
      this.#joiner.add(bytes); // without the mark it is not opened as a document again
    }
  }

  #scripts(bytes: Buffer, first?: (name: number) => number): void {
    for (const script of scriptStrings(bytes, MAX_SCRIPTS, first)) {
      this.#joiner.add(script);
    }
  }
}

/** Each looks through the whole document; writers put parameters into the dictionary itself. */
const MAX_LOOK_UPS = 256;

const LINE_END = /^[ \t]{0,32}(?:\r\n|\n|\r)/;
const BLANKS = /^[ \t]{0,32}(?:\r\n|\n|\r)?/;

const EMPTY = Buffer.alloc(0);
const JPEG_START = Buffer.from([0xff, 0xd8, 0xff]);

/** PDF: every stream found by its keywords, decoded by its filters; cross-references and lengths are not needed. */
export function createPdfUnpacker(marks: MarkIndex): Unpacker {
  const first = marks.addEach([...SCRIPT_NAMES, ENCRYPT_MARK]);
  return {
    name: 'pdf',
    recognises: ({ bytes }: Piece) => viewOf(bytes.subarray(0, MAGIC_WITHIN)).includes(MAGIC),
    unpack: ({ bytes }: Piece, out: Yield) => new PdfRun(viewOf(bytes), out, first(bytes)).run(),
  };
}
