import { viewOf } from '../../unpack/byte-view.ts';
import type { MarkFinder, MarkIndex } from '../../unpack/mark-search.ts';

const WORD = Buffer.from('begin');

/** Where `begin` stands in a text: uuencoded files and those of yEnc both have it before them. */
export class BeginWords {
  readonly #first: MarkFinder;

  /** `marks`: those that other readers look for in the same bytes. */
  constructor(marks?: MarkIndex) {
    this.#first = marks?.add(WORD) ?? ((bytes) => viewOf(bytes).indexOf(WORD));
  }

  /** Every place of the word, from the first on. */
  *places(bytes: Uint8Array): Generator<number, void, void> {
    const view = viewOf(bytes);
    for (let at = this.#first(bytes); at >= 0; at = view.indexOf(WORD, at + WORD.length)) {
      yield at;
    }
  }

  /** True when `isHead` is for some place of the word. */
  some(bytes: Uint8Array, isHead: (bytes: Buffer, at: number) => boolean): boolean {
    const view = viewOf(bytes);
    for (let at = this.#first(bytes); at >= 0; at = view.indexOf(WORD, at + WORD.length)) {
      if (isHead(view, at)) {
        return true;
      }
    }
    return false;
  }
}
