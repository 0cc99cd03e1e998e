import type { Piece } from '../piece.ts';
import type { GuiltyRange } from '../scanner.ts';
import type { Quotation } from '../surroundings.ts';
import type { ContentFields } from './content-fields.ts';
import { fileNames } from './file-name.ts';
import type { MimeSource } from './mime-sink.ts';

/** What is known of a leaf beside its bytes. */
export interface LeafFacts {
  readonly content?: ContentFields | undefined;
  /** In coordinates of the source. */
  readonly range?: GuiltyRange | undefined;
  readonly quotedIn?: Quotation | undefined;
  readonly isCut?: boolean;
}

/** The body of a message that has parts is none of them. */
export function wholeBodyPath(hasParts: boolean): string {
  return hasParts ? 'body' : '1';
}

/** The piece for one reading of a leaf. Only the raw message has ranges to overwrite. */
export function leafPiece(source: MimeSource, path: string, bytes: Buffer, facts: LeafFacts): Piece {
  const { content, range } = facts;
  const [name, ...otherNames] =
    content === undefined ? [] : fileNames(content.nameParameters, content.otherNames);
  return {
    path: `${source.prefix}${path}`,
    bytes,
    depth: source.containerDepth,
    ...(name === undefined ? {} : { name }),
    ...(otherNames.length === 0 ? {} : { otherNames }),
    ...(content === undefined ? {} : { type: content.type }),
    ...(content?.charset === undefined ? {} : { charset: content.charset }),
    ...(content === undefined || content.otherCharsets.length === 0
      ? {}
      : { otherCharsets: content.otherCharsets }),
    ...(content === undefined || content.codings.length === 0 ? {} : { codings: content.codings }),
    ...(content?.isFlowed === true ? { isFlowed: true } : {}),
    ...(facts.quotedIn === undefined ? {} : { quotedIn: facts.quotedIn }),
    ...(facts.isCut === true ? { isCut: true } : {}),
    ...(range === undefined || !source.isRaw ? {} : { range }),
  };
}
