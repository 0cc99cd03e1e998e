import { u8 } from './byte-view.ts';

const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const QUOTE = 0x27;
const LF = 0x0a;
const CR = 0x0d;
/** Behind a backslash: the mark of a destination, of an optional hyphen, of an entry and its subentry; line ends. */
const UNSEEN: ReadonlySet<number> = new Set(Buffer.from('*-|:\r\n'));
/** Behind a backslash: a blank and a hyphen at which no line ends. */
const UNBROKEN: ReadonlyMap<number, number> = new Map([
  [0x7e, 0x20],
  [0x5f, 0x2d],
]);
/** Words that end a line of the text. */
const BREAKS: ReadonlySet<string> = new Set(['par', 'line', 'page', 'cell', 'row', 'tab', 'sect']);
/** Characters that stand for one of Unicode in old readers; no writer uses more. */
const MAX_SUBSTITUTES = 8;
const WORD = /\\([a-zA-Z]{1,32})(-?\d{1,10})? ?/y;

/** Collects the text that a reader shows of a document. */
class ShownText {
  readonly #bytes: Buffer;
  readonly #text: string;
  readonly #out: Buffer;
  #length = 0;
  /** Characters left to pass over: they stand for one that was written in Unicode. */
  #substitutes = 0;
  #perUnicode = 1;

  constructor(bytes: Buffer, text: string) {
    this.#bytes = bytes;
    this.#text = text;
    this.#out = Buffer.allocUnsafe(bytes.length);
  }

  read(): Buffer {
    for (let at = 0; at < this.#bytes.length;) {
      const byte = u8(this.#bytes, at);
      if (byte === BACKSLASH) {
        at = this.#control(at);
        continue;
      }
      if (byte === OPEN || byte === CLOSE) {
        this.#substitutes = 0;
      } else if (byte !== CR && byte !== LF) {
        this.#put(byte);
      }
      at += 1;
    }
    return this.#out.subarray(0, this.#length);
  }

  #put(byte: number): void {
    if (this.#substitutes > 0) {
      this.#substitutes -= 1;
      return;
    }
    this.#out[this.#length] = byte;
    this.#length += 1;
  }

  /** Reads the control at `at`; where the text goes on. */
  #control(at: number): number {
    const next = u8(this.#bytes, at + 1);
    if (next === QUOTE) {
      const code = Number.parseInt(this.#text.slice(at + 2, at + 4), 16);
      this.#put(Number.isNaN(code) ? next : code);
      return at + 4;
    }
    WORD.lastIndex = at;
    const match = WORD.exec(this.#text);
    if (match === null) {
      if (!UNSEEN.has(next)) {
        this.#put(UNBROKEN.get(next) ?? next);
      }
      return at + 2;
    }
    const [whole, word = '', parameter = ''] = match;
    this.#word(word, Number(parameter));
    const skipped = word === 'bin' ? Math.max(0, Number(parameter)) : 0;
    return at + whole.length + skipped;
  }

  #word(word: string, parameter: number): void {
    if (word === 'u') {
      this.#substitutes = 0;
      // Never longer than the word that stood for it.
      this.#length += this.#out.write(String.fromCharCode(parameter & 0xffff), this.#length);
      this.#substitutes = this.#perUnicode;
    } else if (word === 'uc') {
      this.#perUnicode = Math.min(MAX_SUBSTITUTES, Math.max(0, parameter));
    } else if (BREAKS.has(word)) {
      this.#put(LF);
    }
  }
}

/** What is written in a document, without its control words; the content of hidden groups included. */
export function rtfText(bytes: Buffer, text: string): Buffer {
  return new ShownText(bytes, text).read();
}
