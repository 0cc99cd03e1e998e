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
/** Words of groups whose text is not shown where it stands. */
const UNSHOWN: ReadonlySet<string> = new Set(['info', 'fonttbl', 'colortbl', 'stylesheet', 'annotation']);
/** Characters that stand for one of Unicode in old readers; no writer uses more. */
const MAX_SUBSTITUTES = 8;
const WORD = /\\([a-zA-Z]{1,32})(-?\d{1,10})? ?/y;

/** Groups that may be open at a time; Word gives up sooner. */
const MAX_GROUPS = 1024;
const STAR = 0x2a;

function isWordByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
}

/** What hides a text: `\v`, an optional destination, `\deleted`. */
const HIDDEN = 1;
const OPTIONAL = 2;
const DELETED = 4;

/** Which characters a reader passes over: those of optional destinations, and hidden ones. */
class Hiding {
  /** For each open group what hides its text. */
  readonly #groups = new Uint8Array(MAX_GROUPS);
  #depth = 0;

  get isHidden(): boolean {
    return this.#state !== 0;
  }

  open(): void {
    this.#depth += 1;
    if (this.#depth < MAX_GROUPS) {
      this.#groups[this.#depth] = u8(this.#groups, this.#depth - 1);
    }
  }

  close(): void {
    this.#depth = Math.max(0, this.#depth - 1);
  }

  /** `\*` for the whole group. */
  optional(): void {
    this.#set(OPTIONAL);
  }

  /** `\v` and `\deleted`, and `\v0` and `\deleted0` that end them. */
  mark(what: typeof HIDDEN | typeof DELETED, isHidden: boolean): void {
    this.#set(isHidden ? this.#state | what : this.#state & ~what);
  }

  /** `\plain`, which ends both. */
  plain(): void {
    this.#set(this.#state & OPTIONAL);
  }

  get #state(): number {
    return u8(this.#groups, Math.min(this.#depth, MAX_GROUPS - 1));
  }

  #set(state: number): void {
    if (this.#depth > 0 && this.#depth < MAX_GROUPS) {
      this.#groups[this.#depth] = state;
    }
  }
}

/** Collects the text that a reader shows of a document. */
class ShownText {
  readonly #bytes: Buffer;
  readonly #text: string;
  readonly #keepsHidden: boolean;
  readonly #out: Buffer;
  readonly #hiding = new Hiding();
  #length = 0;
  /** The last one that is shown. */
  #before = 0;
  #isBehindHidden = false;
  #cutsWord = false;
  /** Characters left to pass over: they stand for one that was written in Unicode. */
  #substitutes = 0;
  #perUnicode = 1;

  constructor(bytes: Buffer, text: string, keepsHidden: boolean) {
    this.#bytes = bytes;
    this.#text = text;
    this.#keepsHidden = keepsHidden;
    this.#out = Buffer.allocUnsafe(bytes.length);
  }

  /** Whether something hidden stands inside a word. */
  get cutsWord(): boolean {
    return this.#cutsWord;
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
        this.#group(byte);
      } else if (byte !== CR && byte !== LF) {
        this.#put(byte);
      }
      at += 1;
    }
    return this.#out.subarray(0, this.#length);
  }

  #group(byte: number): void {
    if (byte === OPEN) {
      this.#hiding.open();
    } else {
      this.#hiding.close();
    }
  }

  #put(byte: number): void {
    if (this.#substitutes > 0) {
      this.#substitutes -= 1;
      return;
    }
    if (this.#isShown(byte)) {
      this.#out[this.#length] = byte;
      this.#length += 1;
    }
  }

  /** Whether it is wanted. */
  #isShown(byte: number): boolean {
    if (this.#hiding.isHidden) {
      this.#isBehindHidden = true;
      return this.#keepsHidden;
    }
    this.#cutsWord ||= this.#isBehindHidden && isWordByte(this.#before) && isWordByte(byte);
    this.#isBehindHidden = false;
    this.#before = byte;
    return true;
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
      if (next === STAR) {
        this.#hiding.optional();
      } else if (!UNSEEN.has(next)) {
        this.#put(UNBROKEN.get(next) ?? next);
      }
      return at + 2;
    }
    const [whole, word = '', parameter = ''] = match;
    this.#word(word, parameter);
    const skipped = word === 'bin' ? Math.max(0, Number(parameter)) : 0;
    return at + whole.length + skipped;
  }

  #word(word: string, parameter: string): void {
    if (word === 'u') {
      this.#substitutes = 0;
      const code = Number(parameter) & 0xffff;
      if (this.#isShown(code)) {
        // Never longer than the word that stood for it.
        this.#length += this.#out.write(String.fromCharCode(code), this.#length);
      }
      this.#substitutes = this.#perUnicode;
    } else if (word === 'uc') {
      this.#perUnicode = Math.min(MAX_SUBSTITUTES, Math.max(0, Number(parameter)));
    } else if (word === 'v' || word === 'deleted') {
      this.#hiding.mark(word === 'v' ? HIDDEN : DELETED, parameter !== '0');
    } else if (word === 'plain') {
      this.#hiding.plain();
    } else if (UNSHOWN.has(word)) {
      this.#hiding.optional();
    } else if (BREAKS.has(word)) {
      this.#put(LF);
    }
  }
}

/**
 * What is written in a document, without its control words: with the content of hidden groups, and without it where
 * that puts a word together.
 */
export function rtfTexts(bytes: Buffer, text: string): Buffer[] {
  const reader = new ShownText(bytes, text, true);
  const whole = reader.read();
  return reader.cutsWord ? [whole, new ShownText(bytes, text, false).read()] : [whole];
}
