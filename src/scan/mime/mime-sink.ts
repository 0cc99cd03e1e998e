import type { Piece } from '../piece.ts';
import type { UnscannableCause } from '../verdict.ts';
import type { Span } from './multipart.ts';

/** Bytes that are read as a message. */
export interface MimeSource {
  readonly bytes: Buffer;
  /** True when `bytes` are the raw message itself, so that offsets are raw coordinates. */
  readonly isRaw: boolean;
  /** Prefix of the paths of all pieces, e.g. `2/`; empty for the message itself. */
  readonly prefix: string;
  /** MIME nesting at which the source stands. */
  readonly mimeDepth: number;
  /** Container nesting of its pieces. */
  readonly containerDepth: number;
}

/** What differs between two plausible readings; the name of the rule of the finding. */
export type AmbiguityRule = 'ambiguous-boundary' | 'ambiguous-encoding';

/** Takes what a reading of a message yields. */
export interface MimeSink {
  /**
   * `isRead`: it was also read as a message on the spot, so that its parts have ranges of their own. `isGuess`: nothing
   * names the encoding, or it was decoded in another way than most decoders have. `again` decodes its bytes once more:
   * all readings of a body together are many times as big as the message.
   */
  piece(piece: Piece, isRead: boolean, isGuess?: boolean, again?: () => Buffer): void;
  /** Encoded bytes that were decoded whole, in coordinates of the source: they need no matching as text. */
  decoded(span: Span): void;
  /** Two readings of the header of `path` give different contents. */
  ambiguous(rule: AmbiguityRule, path: string): void;
  /** Something could not be read; the rest goes on. */
  cannot(cause: UnscannableCause, detail: string): void;
}
