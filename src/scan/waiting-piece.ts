import type { PieceRecord } from './piece-ledger.ts';
import type { Piece } from './piece.ts';
import type { Surroundings } from './surroundings.ts';
import type { ReadingStep } from './unpack/unpacker.ts';

/** A piece that waits to be judged. */
export interface Waiting extends Surroundings {
  readonly piece: Piece;
  /** It was read as a message where it was found. */
  readonly isRead: boolean;
  readonly record: PieceRecord;
  readonly mimeDepth: number;
  /** Of which part of which message it is a reading, or was found in one. */
  readonly part: string;
  /** A guess at what an encoding means, another spelling of a text, or found in one. */
  readonly isSpelled: boolean;
  /** The same content was judged under another name: there is nothing new in it but the name. */
  readonly isRenamed: boolean;
  /** The parts of a file that it was put together from. */
  readonly volumes?: readonly PieceRecord[] | undefined;
  /** It is a long text in another spelling, as it is read by programs that have come so far. */
  readonly step?: ReadingStep | undefined;
  /** Decodes the bytes of the piece, which has none until then. */
  readonly later?: (() => Uint8Array) | undefined;
}

/** How a piece was met. */
export type Meeting = Surroundings &
  Pick<Waiting, 'isRead' | 'mimeDepth' | 'isSpelled' | 'part' | 'step'> & {
    readonly isSecond?: boolean;
    /** Decodes its bytes once more. */
    readonly again?: (() => Uint8Array) | undefined;
  };
