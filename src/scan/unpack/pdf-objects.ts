import { latin1 } from './byte-view.ts';
import { numberOf } from './pdf-text.ts';

/** Objects of a document by their numbers, wherever they stand: by themselves or in object streams (ISO 32000-1 7.5.7). */

/** Text of all object streams that is looked through, bytes. */
const MAX_MEMBERS_BYTES = 8 * 1024 * 1024;
/** Objects in object streams. */
const MAX_MEMBERS = 100_000;
/** Pairs of numbers at the beginning of an object stream: of the object, and where it begins. */
const PAIR = /\s{0,16}(\d{1,10})\s{1,16}(\d{1,10})/y;

/** An object stream, decoded. */
export interface ObjectStream {
  /** Plain, as `pdf-dictionary.ts` makes it. */
  readonly dictionary: string;
  readonly bytes: Buffer;
}

/** Looks objects up. */
export class PdfObjects {
  /** More of them than may be looked through. */
  isOverfull = false;
  readonly #bytes: Buffer;
  readonly #streams: () => Iterable<ObjectStream>;
  readonly #members = new Map<string, Buffer>();
  #isRead = false;

  /** `streams`: all object streams, asked for once and only when an object does not stand by itself. */
  constructor(bytes: Buffer, streams: () => Iterable<ObjectStream>) {
    this.#bytes = bytes;
    this.#streams = streams;
  }

  /** The text of an object that stands by itself: the last definition counts, as in an updated file. */
  own(numbers: string, most: number): string {
    const mark = `${numbers} obj`;
    let at = this.#bytes.lastIndexOf(mark);
    while (at > 0 && /\d/.test(latin1(this.#bytes, at - 1, at))) {
      at = this.#bytes.lastIndexOf(mark, at - 1);
    }
    const text = at < 0 ? '' : latin1(this.#bytes, at + mark.length, at + mark.length + most);
    return text.split('endobj')[0] ?? '';
  }

  /** The text of the object with these numbers (`12 0`), up to `most` bytes; empty when there is none. */
  text(numbers: string, most: number): string {
    const own = this.own(numbers, most);
    const member = own === '' ? this.#member(numbers.split(' ')[0] ?? '') : undefined;
    return member === undefined ? own : latin1(member, 0, most);
  }

  #member(number: string): Buffer | undefined {
    if (!this.#isRead) {
      this.#isRead = true; // before: an object stream may name objects of its own
      this.#read();
    }
    return this.#members.get(number);
  }

  #read(): void {
    let left = MAX_MEMBERS_BYTES;
    for (const { dictionary, bytes } of this.#streams()) {
      left -= bytes.length;
      if (left < 0 || this.#members.size > MAX_MEMBERS) {
        this.isOverfull = true;
        return;
      }
      this.#add(bytes, numberOf(dictionary, 'First') ?? 0);
    }
  }

  #add(bytes: Buffer, first: number): void {
    const head = latin1(bytes, 0, first);
    const places: (readonly [number: string, at: number])[] = [];
    PAIR.lastIndex = 0;
    for (let pair = PAIR.exec(head); pair !== null; pair = PAIR.exec(head)) {
      places.push([pair[1] ?? '', first + Number(pair[2])]);
    }
    for (const [index, [number, at]] of places.entries()) {
      this.#members.set(number, bytes.subarray(at, places[index + 1]?.[1]));
    }
  }
}
