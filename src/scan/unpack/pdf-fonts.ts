import { latin1 } from './byte-view.ts';
import { type CodeMap, parseCodeMap } from './pdf-code-map.ts';
import { MAX_DIFFERENCES_BYTES, parseDifferences } from './pdf-differences.ts';
import type { PdfObjects } from './pdf-objects.ts';
import { shownText } from './pdf-shown.ts';

/**
 * Pages whose strings are numbers of glyphs: what they say is told by the map of their font (ISO 32000-1 9.10.3), by
 * which viewers search and copy. Which fonts a page names is looked up by the names alone, whatever page they are of.
 */

/** Pages that are read again, bytes of all of them in each reading; a book of text has less. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;
/** Fonts of one name: pages may each have their own, and most documents have one. */
const MAX_FONTS = 4;
/** Names that refer to something, and what each refers to. */
const MAX_NAMES = 2_000;
const MAX_REFERENCES = 16;
/** Fonts that are looked up; each looks through the whole document. */
const MAX_LOOK_UPS = 256;
/** The text of a font object, and of a map. */
const MAX_FONT_BYTES = 2_048;
const MAX_MAP_BYTES = 1024 * 1024;
/** Codes that the maps of one document map together: ten fonts of a language with thousands of characters. */
const MAX_DOCUMENT_CODES = 131_072;

const REFERENCE = /\/([A-Za-z][\w.+-]{0,31})\s{1,4}(\d{1,8}\s\d{1,5})\sR/g;
const ENCODING = /\/Encoding\s{0,4}(\d{1,8})\s{1,4}(\d{1,5})\s{1,4}R/;
const DIFFERENCES = '/Differences';
const MAP = /\/ToUnicode\s{0,4}(\d{1,8})\s{1,4}\d{1,5}\s{1,4}R/;

export class PdfFonts {
  readonly #objects: PdfObjects;
  readonly #stream: (object: number) => Buffer;
  readonly #references = new Map<string, Set<string>>();
  readonly #maps = new Map<string, CodeMap | undefined>();
  readonly #pages: Buffer[] = [];
  #left = MAX_PAGE_BYTES;
  #codesLeft = MAX_DOCUMENT_CODES;

  /** `stream`: the content of the stream with that number; empty when there is none. */
  constructor(objects: PdfObjects, stream: (object: number) => Buffer) {
    this.#objects = objects;
    this.#stream = stream;
  }

  /** Notes what names in a text of objects refer to. */
  look(text: string): void {
    for (const [, name = '', written = ''] of text.matchAll(REFERENCE)) {
      const numbers = written.replace(/\s/, ' ');
      const known = this.#references.get(name);
      if (known !== undefined) {
        if (known.size < MAX_REFERENCES) known.add(numbers);
      } else if (this.#references.size < MAX_NAMES) {
        this.#references.set(name, new Set([numbers]));
      }
    }
  }

  /** Remembers a page that shows some text. */
  add(page: Buffer): void {
    this.#left -= page.length;
    if (this.#left >= 0) {
      this.#pages.push(page);
    }
  }

  /** What the pages say by the maps of their fonts; those left out that name no font with a map. */
  *texts(): Generator<Buffer, void, void> {
    let left = MAX_PAGE_BYTES;
    for (const page of this.#pages) {
      for (let which = 0, last = 0; which <= last && left > 0; which += 1) {
        let isMapped = false;
        const text = shownText(page, (name) => {
          const maps = this.#mapsOf(name);
          last = Math.max(last, maps.length - 1);
          isMapped ||= maps.length > 0;
          return maps[Math.min(which, maps.length - 1)];
        });
        left -= page.length;
        if (text !== undefined && isMapped) {
          yield text;
        }
      }
    }
  }

  #mapsOf(name: string): CodeMap[] {
    const found: CodeMap[] = [];
    for (const numbers of this.#references.get(name) ?? []) {
      const map = this.#mapOf(numbers);
      if (map !== undefined && !found.includes(map)) {
        found.push(map);
      }
      if (found.length >= MAX_FONTS) {
        break;
      }
    }
    return found;
  }

  /** Of the font with these numbers, looked up once; fonts of one map have the same. */
  #mapOf(numbers: string): CodeMap | undefined {
    if (this.#maps.has(numbers)) {
      return this.#maps.get(numbers);
    }
    const text = this.#maps.size < MAX_LOOK_UPS ? this.#objects.text(numbers, MAX_FONT_BYTES) : '';
    const object = MAP.exec(text)?.[1];
    const map =
      object === undefined
        ? this.#differencesOf(text, numbers)
        : this.#once(`map ${object}`, () =>
            parseCodeMap(latin1(this.#stream(Number(object)), 0, MAX_MAP_BYTES), this.#codesLeft),
          );
    this.#maps.set(numbers, map);
    return map;
  }

  /** By the names of its glyphs, in the font or in an object of their own. */
  #differencesOf(font: string, numbers: string): CodeMap | undefined {
    const [, object, generation] = ENCODING.exec(font) ?? [];
    if (object === undefined && !font.includes(DIFFERENCES)) {
      return undefined;
    }
    const place = object === undefined ? numbers : `${object} ${generation}`;
    return this.#once(`names ${place}`, () =>
      parseDifferences(this.#objects.text(place, MAX_DIFFERENCES_BYTES)),
    );
  }

  #once(key: string, parse: () => CodeMap | undefined): CodeMap | undefined {
    if (!this.#maps.has(key)) {
      const parsed = this.#codesLeft > 0 ? parse() : undefined;
      this.#codesLeft -= parsed?.characters.size ?? 0;
      this.#maps.set(key, parsed);
    }
    return this.#maps.get(key);
  }
}
