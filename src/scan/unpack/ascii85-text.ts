import type { Piece } from '../piece.ts';
import { hasMagic, latin1, viewOf } from './byte-view.ts';
import { emitStream } from './emission.ts';
import type { MarkFinder, MarkIndex } from './mark-search.ts';
import { pdfFilter } from './pdf-filters.ts';
import { looksLikeText } from './script-text.ts';
import type { Unpacker, Yield } from './unpacker.ts';
import { replaceEach } from './replace-each.ts';

/** Base 85 in scripts, in PostScript and between the marks of Adobe. */

/** What is shorter hides nothing that its decoder would not show. */
const MIN_CHARACTERS = 32;
/** Encoded data of one text. */
const MAX_RUNS = 64;

const BACKSLASH = '\\';
const OPEN = '<~';
const CLOSE = '~>';

/** How a string is opened behind the name of a decoder: prefixes, one quote or three. */
const ARGUMENT = /^\s{0,8}\(\s{0,8}[bBrRuU]{0,2}('''|"""|'|")/;
/** Characters of a string looked at for its beginning. */
const BEHIND_NAME = 64;

/** What a string literal says: escapes undone, the doubled quotes of PowerShell made single. */
function literalValue(text: string): string {
  if (text.includes('\\') && !text.replace(/\\[\\'"nrt`]/g, '').includes('\\')) {
    return replaceEach(text, /\\([\\'"nrt`])/g, (_, escaped: string) =>
      /[nrt]/.test(escaped) ? '' : escaped,
    );
  }
  const quotes = text.match(/'+/g) ?? [];
  return quotes.length > 0 && quotes.every((run) => run.length % 2 === 0) ? text.replaceAll("''", "'") : text;
}

/** Where a string ends that goes on from `from`: at a quote without a backslash of its own before it. */
function closingQuote(text: string, quote: string, from: number): number {
  for (let at = text.indexOf(quote, from); at >= 0; at = text.indexOf(quote, at + 1)) {
    let slashes = 0;
    while (text[at - 1 - slashes] === BACKSLASH && at - 1 - slashes >= from) {
      slashes += 1;
    }
    if (slashes % 2 === 0) {
      return at;
    }
  }
  return -1;
}

const RFC_1924 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~';

/** The alphabet of RFC 1924 as that of Adobe, which the same arithmetic reads. */
function fromRfc1924(text: string): string {
  return replaceEach(text, /[\s\S]/g, (character) => {
    const value = RFC_1924.indexOf(character);
    return value < 0 ? '' : String.fromCharCode(0x21 + value);
  });
}

interface Decoder {
  readonly first: MarkFinder;
  readonly name: string;
  readonly toAdobe: (text: string) => string;
}

/** Finds what is encoded in one text. */
class Ascii85Reading {
  readonly #text: string;
  readonly #out: Yield;
  #runs = 0;

  constructor(view: Buffer, out: Yield) {
    this.#text = latin1(view);
    this.#out = out;
  }

  /** Between the marks of Adobe, wherever they stand. */
  marked(): void {
    const text = this.#text;
    for (let at = text.indexOf(OPEN); at >= 0;) {
      const end = text.indexOf(CLOSE, at);
      if (end < 0) {
        return;
      }
      this.#decode(literalValue(text.slice(at + OPEN.length, end)));
      at = text.indexOf(OPEN, end);
    }
  }

  /** The string that a decoder is called with. */
  called({ name, toAdobe }: Decoder): void {
    const folded = this.#text.toLowerCase();
    for (let at = folded.indexOf(name); at >= 0; at = folded.indexOf(name, at + 1)) {
      const start = at + name.length;
      const opening = ARGUMENT.exec(this.#text.slice(start, start + BEHIND_NAME));
      const quote = opening?.[1] ?? '';
      const from = start + (opening?.[0].length ?? 0);
      const end = opening === null ? -1 : closingQuote(this.#text, quote, from);
      if (end > from && !this.#text.startsWith(OPEN, from)) {
        this.#decode(toAdobe(literalValue(this.#text.slice(from, end))));
      }
    }
  }

  /** What a PostScript program decodes from its own file: behind the line of the filter. */
  ownFile(filter: string, close: string): void {
    const at = this.#text.indexOf(filter);
    const start = at < 0 ? -1 : this.#text.indexOf('\n', at);
    const end = start < 0 ? -1 : this.#text.indexOf(close, start);
    if (end > start + MIN_CHARACTERS) {
      this.#emit(filter, this.#text.slice(start, end));
    }
  }

  #decode(text: string): void {
    if (/^[\s!-uz]*$/.test(text)) {
      this.#emit('ASCII85Decode', text);
    }
  }

  #emit(filter: string, text: string): void {
    this.#runs += 1;
    if (text.length < MIN_CHARACTERS || this.#runs > MAX_RUNS) {
      return;
    }
    this.#out.budget.checkTime();
    const cap = this.#out.budget.objectAllowance();
    const decoded = pdfFilter(filter)?.(Buffer.from(text, 'latin1'), cap);
    if (decoded !== undefined) {
      emitStream(this.#out, 'encoded', decoded, 'base 85');
    }
  }
}

const POSTSCRIPT = '%!';

const TILDE = 0x7e;
const BRACKET = 0x3e;

/** The sign of the end is the rarer one: most texts are passed over in one search for a byte. */
function isMarked(bytes: Uint8Array): boolean {
  if (!looksLikeText(bytes)) {
    return false; // pictures have both signs by accident
  }
  for (let at = bytes.indexOf(TILDE); at >= 0; at = bytes.indexOf(TILDE, at + 1)) {
    if (bytes[at + 1] === BRACKET) {
      return viewOf(bytes).includes(OPEN);
    }
  }
  return false;
}

export function createAscii85Unpacker(marks: MarkIndex): Unpacker {
  const decoders: readonly Decoder[] = [
    { name: 'a85decode', toAdobe: (text: string) => text },
    { name: 'b85decode', toAdobe: fromRfc1924 },
  ].map((decoder) => ({ ...decoder, first: marks.add(Buffer.from(decoder.name), true) }));
  const called = (bytes: Uint8Array): Decoder[] => decoders.filter(({ first }) => first(bytes) >= 0);
  const filters = ['ASCII85Decode', 'ASCIIHexDecode'].map((name) => marks.add(Buffer.from(name)));
  const isProgram = (bytes: Uint8Array): boolean =>
    hasMagic(bytes, POSTSCRIPT) && filters.some((first) => first(bytes) >= 0);
  return {
    name: 'ascii85',
    recognises: ({ bytes }: Piece) => called(bytes).length > 0 || isProgram(bytes) || isMarked(bytes),
    unpack: ({ bytes }: Piece, out: Yield) => {
      const reading = new Ascii85Reading(viewOf(bytes), out);
      reading.marked();
      called(bytes).forEach((decoder) => reading.called(decoder));
      if (isProgram(bytes)) {
        reading.ownFile('ASCII85Decode', CLOSE);
        reading.ownFile('ASCIIHexDecode', '>');
      }
    },
  };
}
