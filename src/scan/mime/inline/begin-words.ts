import { viewOf } from '../../unpack/byte-view.ts';

const WORD = Buffer.from('begin');

/** Where `begin` stands in a text: uuencoded files and those of yEnc both have it before them. */
export class BeginWords {
  /** Weak: a worker that waits keeps no mail. */
  #last: WeakRef<Uint8Array> | undefined;
  #first = -1;

  /** True when `isHead` is for some place of the word. */
  some(bytes: Uint8Array, isHead: (bytes: Buffer, at: number) => boolean): boolean {
    const view = viewOf(bytes);
    for (let at = this.#firstIn(bytes); at >= 0; at = view.indexOf(WORD, at + WORD.length)) {
      if (isHead(view, at)) {
        return true;
      }
    }
    return false;
  }

  /** The decoders of one set ask one after the other about the same bytes. */
  #firstIn(bytes: Uint8Array): number {
    if (this.#last?.deref() !== bytes) {
      this.#first = viewOf(bytes).indexOf(WORD);
      this.#last = new WeakRef(bytes);
    }
    return this.#first;
  }
}
