import { KnownAnswers } from '../../known-answers.ts';
import { viewOf } from '../../unpack/byte-view.ts';

const WORD = Buffer.from('begin');

/** Where `begin` stands in a text: uuencoded files and those of yEnc both have it before them. */
export class BeginWords {
  /** The decoders of one set ask one after the other about the same bytes. */
  readonly #first = new KnownAnswers<Uint8Array, number>();

  /** Every place of the word, from the first on. */
  *places(bytes: Uint8Array): Generator<number, void, void> {
    const view = viewOf(bytes);
    const first = this.#first.of(bytes, () => view.indexOf(WORD));
    for (let at = first; at >= 0; at = view.indexOf(WORD, at + WORD.length)) {
      yield at;
    }
  }

  /** True when `isHead` is for some place of the word. */
  some(bytes: Uint8Array, isHead: (bytes: Buffer, at: number) => boolean): boolean {
    const view = viewOf(bytes);
    const first = this.#first.of(bytes, () => view.indexOf(WORD));
    for (let at = first; at >= 0; at = view.indexOf(WORD, at + WORD.length)) {
      if (isHead(view, at)) {
        return true;
      }
    }
    return false;
  }
}
