/** Maps from the codes of a font to characters, as CMap files write them (ISO 32000-1 9.10.3). */

/** Codes that one map maps; those of two bytes have no more. */
const MAX_CODES = 65_536;
/** Characters that one code stands for: a ligature has a few. */
const MAX_DIGITS = 32;

const SECTION = /beginbf(char|range)/g;
const SECTION_END = 'endbf';
const CHARACTER = /<([\da-fA-F\s]{1,16})>\s{0,16}<([\da-fA-F\s]{1,64})>/g;
const RANGE =
  /<([\da-fA-F\s]{1,16})>\s{0,16}<([\da-fA-F\s]{1,16})>\s{0,16}(?:<([\da-fA-F\s]{1,64})>|\[([^[\]]{0,100000})\])/g;
const ELEMENT = /<([\da-fA-F\s]{1,64})>/g;

/** What codes of `width` bytes stand for, in UTF-8. */
export interface CodeMap {
  readonly width: number;
  readonly characters: ReadonlyMap<number, Buffer>;
}

function digitsOf(text: string): string {
  return text.replaceAll(/\s+/g, '').slice(0, MAX_DIGITS);
}

/** `step` is added to the last character, as a range counts. */
function characterOf(text: string, step = 0): Buffer {
  const wide = Buffer.from(digitsOf(text).padStart(4, '0'), 'hex');
  if (step > 0 && wide.length >= 2) {
    wide.writeUInt16BE((wide.readUInt16BE(wide.length - 2) + step) & 0xffff, wide.length - 2);
  }
  return Buffer.from(
    wide
      .subarray(0, wide.length & ~1)
      .swap16()
      .toString('utf16le'),
  );
}

class CodeMapReader {
  readonly characters = new Map<number, Buffer>();
  width = 0;
  /** Codes that may still be mapped, also those that are mapped already. */
  #left: number;

  constructor(maxCodes: number) {
    this.#left = maxCodes;
  }

  read(text: string): void {
    let behind = 0;
    for (const { 0: begin, 1: kind, index } of text.matchAll(SECTION)) {
      const end = index < behind ? -1 : text.indexOf(SECTION_END, index);
      if (end < 0 && index >= behind) {
        return; // nor is there an end behind those that follow
      }
      if (end >= 0) {
        behind = end;
        const body = text.slice(index + begin.length, end);
        if (kind === 'char') this.#readCharacters(body);
        else this.#readRanges(body);
      }
    }
  }

  #readCharacters(body: string): void {
    for (const [, code = '', character = ''] of body.matchAll(CHARACTER)) {
      this.#add(this.#code(code), characterOf(character));
    }
  }

  #readRanges(body: string): void {
    for (const [, low = '', high = '', first, list] of body.matchAll(RANGE)) {
      const from = this.#code(low);
      if (first === undefined) {
        const elements = Array.from((list ?? '').matchAll(ELEMENT), ([, character = '']) => character);
        elements.forEach((character, index) => this.#add(from + index, characterOf(character)));
      } else {
        const to = Math.min(this.#code(high), from + MAX_CODES);
        for (let code = from; code <= to && this.#left > 0; code += 1) {
          this.#add(code, characterOf(first, code - from));
        }
      }
    }
  }

  #code(text: string): number {
    const digits = digitsOf(text);
    this.width = Math.max(this.width, Math.min(4, (digits.length + 1) >> 1));
    return Number.parseInt(digits.slice(-8), 16);
  }

  #add(code: number, character: Buffer): void {
    if (this.#left > 0 && !Number.isNaN(code)) {
      this.#left -= 1;
      this.characters.set(code, character);
    }
  }
}

/** Undefined when the text maps nothing. Takes linear time, and bounded time for the codes. */
export function parseCodeMap(text: string, maxCodes = MAX_CODES): CodeMap | undefined {
  const reader = new CodeMapReader(Math.min(MAX_CODES, maxCodes));
  reader.read(text);
  const { width, characters } = reader;
  return characters.size === 0 || width === 0 ? undefined : { width, characters };
}
