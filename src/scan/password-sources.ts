import type { Piece } from './piece.ts';
import { passwordCandidates } from './unpack/password-candidates.ts';

/** Text kept for passwords, over all pieces; a password stands near the top of a mail. */
const MAX_TEXT_BYTES = 256 * 1024;

/** Texts and names kept; beyond, a message is a list and not a letter with a password. */
const MAX_SOURCES = 200;

/** A text of an archive, or attached as a file of no type, that may be such a letter, by its name; longer ones are manuals. */
const MAX_NOTE_BYTES = 4 * 1024;
const NOTE = /(?:\.(?:txt|nfo|md)|(?:^|[/\\])(?:read.?me|pass[^./\\]{0,16}))$/i;

/** Where the sender may have written the password of an archive: texts, decoded header fields and file names. */
export class PasswordSources {
  /** Decoded only when an archive asks. */
  readonly #texts: Uint8Array[] = [];
  readonly #names: string[] = [];
  #bytes = 0;
  #candidates: readonly string[] | undefined;

  learn(piece: Piece): void {
    if (this.#texts.length + this.#names.length >= MAX_SOURCES) {
      return;
    }
    const isText = piece.type?.startsWith('text/') === true || piece.type === undefined;
    if (isText && this.#bytes < MAX_TEXT_BYTES) {
      this.addText(piece.bytes);
    } else {
      this.learnNote(piece);
    }
    if (piece.name !== undefined) {
      this.#names.push(piece.name);
      this.#candidates = undefined;
    }
  }

  /** A text that is a file: what is encrypted beside it may have its password there. */
  learnNote({ name = '', bytes }: Piece): void {
    if (bytes.length <= MAX_NOTE_BYTES && NOTE.test(name) && this.#bytes < MAX_TEXT_BYTES) {
      this.addText(bytes);
    }
  }

  /** The start of some text, e.g. the header of the message with its subject. */
  addText(bytes: Uint8Array): void {
    const start = bytes.subarray(0, MAX_TEXT_BYTES - this.#bytes);
    const part = start.length < bytes.length ? new Uint8Array(start) : start; // nobody else may need the rest any more
    this.#bytes += part.length;
    this.#texts.push(part);
    this.#candidates = undefined;
  }

  /** Candidates, the likeliest first; bounded. */
  list(): readonly string[] {
    this.#candidates ??= passwordCandidates(
      this.#texts.map((text) => Buffer.from(text).toString('utf8')),
      this.#names,
    );
    return this.#candidates;
  }
}
