import type { Piece } from './piece.ts';
import { passwordCandidates } from './unpack/password-candidates.ts';

/** Text kept for passwords, over all pieces; a password stands near the top of a mail. */
const MAX_TEXT_BYTES = 256 * 1024;

/** Texts and names kept; beyond, a message is a list and not a letter with a password. */
const MAX_SOURCES = 200;

/** Where the sender may have written the password of an archive: texts, decoded header fields and file names. */
export class PasswordSources {
  /** Decoded only when an archive asks. */
  readonly #texts: (Uint8Array | string)[] = [];
  #bytes = 0;
  #candidates: readonly string[] | undefined;

  learn(piece: Piece): void {
    if (this.#texts.length >= MAX_SOURCES) {
      return;
    }
    const isText = piece.type?.startsWith('text/') === true || piece.type === undefined;
    if (isText && this.#bytes < MAX_TEXT_BYTES) {
      this.addText(piece.bytes);
    }
    if (piece.name !== undefined) {
      this.#add(piece.name.replace(/\.[^.]{1,8}$/, ''));
    }
  }

  /** The start of some text, e.g. the header of the message with its subject. */
  addText(bytes: Uint8Array): void {
    const part = bytes.subarray(0, MAX_TEXT_BYTES - this.#bytes);
    this.#bytes += part.length;
    this.#add(part);
  }

  /** Candidates, the likeliest first; bounded. */
  list(): readonly string[] {
    this.#candidates ??= passwordCandidates(
      this.#texts.map((text) => (typeof text === 'string' ? text : Buffer.from(text).toString('utf8'))),
    );
    return this.#candidates;
  }

  #add(text: Uint8Array | string): void {
    this.#texts.push(text);
    this.#candidates = undefined;
  }
}
