import { stringEnd } from './pdf-dictionary.ts';
import type { PdfDecryptor } from './pdf-encryption.ts';
import { withoutEscapes } from './pdf-text.ts';

/** Where an object begins, and where a string does. A dictionary begins with two brackets. */
const MARK = /(\d{1,10})\s{1,16}(\d{1,5})\s{1,16}obj|\(|<<|<(?=[0-9a-fA-F\s])/g;
/** Strings of one document. */
const MAX_STRINGS = 50_000;
/** Shorter ones hold nothing. */
const MIN_BYTES = 4;

/** The string that opens at `at`, and where reading goes on. */
function stringAt(text: string, at: number): { readonly bytes: Buffer; readonly end: number } {
  if (text[at] === '(') {
    const end = stringEnd(text, at);
    return { bytes: Buffer.from(withoutEscapes(text.slice(at + 1, end - 1)), 'latin1'), end };
  }
  const close = text.indexOf('>', at);
  const end = close < 0 ? text.length : close;
  return { bytes: Buffer.from(text.slice(at + 1, end).replace(/[^0-9a-fA-F]+/g, ''), 'hex'), end };
}

/**
 * Strings of encrypted documents are encrypted one by one, under the numbers of the object that holds them (ISO 32000
 * 7.6.2); those in object streams are encrypted with the stream.
 */
export class SealedStrings {
  readonly #decrypt: PdfDecryptor;
  #left = MAX_STRINGS;

  constructor(decrypt: PdfDecryptor) {
    this.#decrypt = decrypt;
  }

  get isOverfull(): boolean {
    return this.#left < 0;
  }

  /** What the strings among the objects in `text` say. An object without its end hides none of the next one. */
  in(text: string): Buffer[] {
    return text.split('endobj').flatMap((object) => this.#inObject(object));
  }

  #inObject(text: string): Buffer[] {
    const found: Buffer[] = [];
    let [object, generation] = [0, 0];
    MARK.lastIndex = 0;
    for (let match = MARK.exec(text); match !== null && this.#left >= 0; match = MARK.exec(text)) {
      if (match[1] !== undefined) {
        [object, generation] = [Number(match[1]), Number(match[2])];
      } else if (match[0] !== '<<') {
        const { bytes, end } = stringAt(text, match.index);
        MARK.lastIndex = Math.max(end, match.index + 1);
        this.#left -= 1;
        if (bytes.length >= MIN_BYTES) {
          found.push(this.#decrypt(bytes, object, generation));
        }
      }
    }
    return found;
  }
}
