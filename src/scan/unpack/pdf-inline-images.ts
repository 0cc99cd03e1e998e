import { latin1 } from './byte-view.ts';
import { plainValue } from './pdf-dictionary.ts';

const DATA = Buffer.from('ID');
const END = Buffer.from('EI');
/** The dictionary of an inline image: readers ask for a few short keys. */
const MAX_DICTIONARY = 1024;
/** Images of one page; drawings made of them have hundreds. */
const MAX_IMAGES = 1000;
const BLANK = /[\0\t\n\f\r ]/;

/** A picture that stands in the program of a page (ISO 32000 8.9.7). */
export interface InlineImage {
  /** Plain, as `pdf-dictionary.ts` makes it. */
  readonly dictionary: string;
  readonly data: Buffer;
  /** The data and everything behind it, for a coder that knows its own end. */
  readonly open: Buffer;
}

function isBlankAt(page: Buffer, at: number): boolean {
  return at >= page.length || BLANK.test(latin1(page, at, at + 1));
}

/** Where the data that begin at `start` end: before the word between blanks. */
function dataEnd(page: Buffer, start: number): number {
  for (let at = page.indexOf(END, start); at >= 0; at = page.indexOf(END, at + 1)) {
    if (isBlankAt(page, at + END.length)) {
      return isBlankAt(page, at - 1) ? at - 1 : at;
    }
  }
  return page.length;
}

/** Pictures with a filter in the program of a page. Takes linear time but for data without an end, which end it. */
export function* inlineImages(page: Buffer): Generator<InlineImage, void, void> {
  let count = 0;
  for (let at = page.indexOf(DATA); at >= 0 && count < MAX_IMAGES;) {
    const head = isBlankAt(page, at + DATA.length) ? latin1(page, at - MAX_DICTIONARY, at) : '';
    const begin = head === '' ? -1 : head.lastIndexOf('BI');
    const dictionary = begin < 0 ? '' : plainValue(head.slice(begin + 2));
    let next = at + DATA.length;
    if (/\/F(?:ilter)?(?![A-Za-z])/.test(dictionary)) {
      count += 1;
      const start = next + 1;
      next = dataEnd(page, start);
      yield { dictionary, data: page.subarray(start, next), open: page.subarray(start) };
    }
    at = page.indexOf(DATA, next);
  }
}
