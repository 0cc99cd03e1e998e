import type { ReadingAllowance } from './reading-allowance.ts';
import type { GuiltyRange } from './scanner.ts';

/** One byte string that some reading of the message yields. */
export interface Piece {
  /** `raw`, `1.2`, `2/invoice.zip/a.js`: MIME numbers, then names inside containers. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Container nesting: 0 for a MIME leaf, 1 for what was inside an archive in it. */
  readonly depth: number;
  /** Declared file name, decoded and bounded; a hint, never trusted. */
  readonly name?: string;
  /** Other names that the same part declares; which one a client shows is its own choice. */
  readonly otherNames?: readonly string[];
  /** Declared media type, lower case; a hint, never trusted. */
  readonly type?: string;
  /** Declared charset of a text, lower case; a hint, never trusted. */
  readonly charset?: string;
  /** Other charsets that the same part declares, lower case. */
  readonly otherCharsets?: readonly string[];
  /** Compressions that the header of the part names (Content-Encoding), lower case; hints, never trusted. */
  readonly codings?: readonly string[];
  /** The header says that lines which end in a blank go on in the next (`format=flowed; delsp=yes`). */
  readonly isFlowed?: boolean;
  /** A guess at what lines mean of a text that programs only show. */
  readonly quotedIn?: 'text' | 'source' | undefined;
  /** The last part of a message that ends before its structure does, as what mail servers return cut. */
  readonly isCut?: boolean;
  /**
   * Encoded range of the raw message to overwrite when this piece is guilty. Absent: the whole body
   * has to go (raw matches, header tricks, ambiguous structure).
   */
  readonly range?: GuiltyRange;
  /** One for a text and all its spellings. */
  readonly readings?: ReadingAllowance | undefined;
}
