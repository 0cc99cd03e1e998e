/** XFA forms: one XML document in several streams, which an array names in their order (ISO 32000-1 12.7.8). */

/** Each letter may be written in hex. */
const NAME = /\/(?:X|#58)(?:F|#46)(?:A|#41)(?![A-Za-z0-9#])/g;
/** A document has one form; each update of it repeats the entry. */
const MAX_FORMS = 16;
/** Entries looked at: each may search the whole document. */
const MAX_LOOKS = 32;
/** Streams of one form. Writers make about ten. */
const MAX_PACKETS = 256;
/** Text of one array, characters: names and references. */
const MAX_ARRAY = 16 * 1024;
/** What stands in the array: strings, hex strings, comments, references, its end, and anything else. */
const ITEM =
  /\((?:[^()\\]|\\[\s\S]){0,256}\)|<[^>]*>|%[^\r\n]*|(\d{1,10})[\0\s]{1,16}\d{1,10}[\0\s]{1,16}R|[\s\S]/y;
const REFERENCE = /^[\0\s]{0,16}(\d{1,10})[\0\s]{1,16}(\d{1,10})[\0\s]{1,16}R/;

interface Packets {
  /** Numbers of objects, each once: repeated, a stream would be a bomb. */
  readonly numbers: readonly number[];
  /** There are more than may be looked at. */
  readonly isCut: boolean;
}

/** What the array names that `text` begins with. */
function packetsIn(text: string): Packets {
  const found = new Set<number>();
  ITEM.lastIndex = text.indexOf('[') + 1;
  for (let item = ITEM.exec(text); item !== null && item[0] !== ']'; item = ITEM.exec(text)) {
    if (item[1] !== undefined) {
      found.add(Number(item[1]));
    }
  }
  const isOpen = ITEM.lastIndex === 0 && text.length === MAX_ARRAY;
  return { numbers: [...found].slice(0, MAX_PACKETS), isCut: isOpen || found.size > MAX_PACKETS };
}

/** Collects the forms that the objects of one document name. */
export class XfaForms {
  /** More than the limits allow was named: what was left out is to be told. */
  isOverfull = false;
  #looks = 0;
  readonly #lists = new Map<string, readonly number[]>();

  /** The streams of each form, by the numbers of their objects. A form in one stream is read as that. */
  get lists(): readonly (readonly number[])[] {
    return [...this.#lists.values()];
  }

  /** Looks through the text of objects; `textOf` gives that of the object with these numbers. */
  look(text: string, textOf: (numbers: string, most: number) => string): void {
    for (const { index, 0: name } of this.isOverfull ? [] : text.matchAll(NAME)) {
      const value = text.slice(index + name.length, index + name.length + MAX_ARRAY);
      const reference = REFERENCE.exec(value);
      const array = reference === null ? value : textOf(`${reference[1]} ${reference[2]}`, MAX_ARRAY);
      this.#add(/^[\0\s]{0,64}\[/.test(array) ? packetsIn(array) : { numbers: [], isCut: false });
      if (this.isOverfull) {
        return;
      }
    }
  }

  #add({ numbers, isCut }: Packets): void {
    if (numbers.length > 1) {
      this.#lists.set(numbers.join(' '), numbers);
    }
    this.#looks += 1;
    this.isOverfull ||= isCut || this.#lists.size > MAX_FORMS || this.#looks > MAX_LOOKS;
  }
}
