import type { ContentKey } from './content-key.ts';
import { isTransparentCharset } from './mime/charset.ts';
import type { Piece } from './piece.ts';
import type { Guilt, GuiltyRange } from './scanner.ts';
import type { Quotation, Surroundings } from './surroundings.ts';

/** One distinct byte string, and everywhere it came from. */
export interface PieceRecord {
  readonly content: ContentKey;
  /** Encoded ranges of the raw message that carry it; `undefined` once a reading has no such range. */
  readonly ranges: Set<GuiltyRange | undefined>;
  /** What it was unpacked from. */
  readonly parents: Set<PieceRecord>;
  /** Names, charsets and codings that it was met under; the same bytes may be harmless under one and not under another. */
  readonly declared: Set<string>;
  /** MIME parts in which it was met, in whatever reading. */
  readonly parts: Set<string>;
  /** Those of them in which it was no guess at what an encoding means, and no other spelling of a text. */
  readonly earnest: Set<string>;
  /** It was met nowhere but in texts that programs only show; `source` when all are those of programs. */
  quotedIn: Quotation | undefined;
  /** It was met at the end of a message that was cut. */
  isCut: boolean;
  /** It matched, or it could not be read. */
  isGuilty: boolean;
}

/** Where a piece was met: straight in the raw message, or inside another piece. */
export type Origin = { readonly range: GuiltyRange | undefined } | { readonly parent: PieceRecord };

function weaker(one: Quotation | undefined, other: Quotation | undefined): Quotation | undefined {
  return one === undefined || other === undefined ? undefined : one === 'source' ? other : one;
}

/** Notes that the content of `record` was met in `part`, and whether in earnest. */
export function noteMeeting(
  record: PieceRecord,
  part: string,
  isSpelled: boolean,
  { quotedIn, isCut = false }: Surroundings = {},
): void {
  record.quotedIn = record.parts.size === 0 ? quotedIn : weaker(record.quotedIn, quotedIn);
  record.parts.add(part);
  record.isCut ||= isCut;
  if (!isSpelled) {
    record.earnest.add(part);
  }
}

/** The part of a message in which a piece was found whose path goes on behind `prefix`, the message's own. */
export function partOf({ path }: Piece, prefix: string): string {
  const end = path.indexOf('/', prefix.length);
  return end === -1 ? path : path.slice(0, end);
}

/** What of a piece's declarations was not met before with the same content. */
export interface NewlyDeclared {
  readonly isNamed: boolean;
  readonly isLabelled: boolean;
}

/** Notes what `piece` declares of itself, whose content is that of `record`. */
export function noteDeclared({ declared }: PieceRecord, piece: Piece): NewlyDeclared {
  const before = declared.size;
  for (const name of piece.name === undefined ? [] : [piece.name, ...(piece.otherNames ?? [])]) {
    declared.add(`name ${name}`);
  }
  const named = declared.size;
  for (const charset of [piece.charset ?? '', ...(piece.otherCharsets ?? [])]) {
    if (!isTransparentCharset(charset)) {
      declared.add(`charset ${charset}`);
    }
  }
  for (const coding of piece.codings ?? []) {
    declared.add(`coding ${coding}`);
  }
  return { isNamed: named > before, isLabelled: declared.size > named };
}

/** Remembers distinct pieces by content, so that each is judged once and all its places are known. */
export class PieceLedger {
  readonly #records = new Map<string, PieceRecord>();

  /** The record of that content; `isNew` when it was not met before. */
  note(content: ContentKey, origin: Origin): { readonly record: PieceRecord; readonly isNew: boolean } {
    const known = this.#records.get(content.key);
    const record = known ?? {
      content,
      ranges: new Set(),
      parents: new Set(),
      declared: new Set<string>(),
      parts: new Set<string>(),
      earnest: new Set<string>(),
      quotedIn: undefined,
      isCut: false,
      isGuilty: false,
    };
    if ('parent' in origin) {
      record.parents.add(origin.parent);
    } else {
      record.ranges.add(origin.range);
    }
    this.#records.set(content.key, record);
    return { record, isNew: known === undefined };
  }

  get size(): number {
    return this.#records.size;
  }

  /** Every range that carries something guilty; `isComplete` is false when a guilty piece has a place without one. */
  guilt(): { readonly guilt: Guilt; readonly isComplete: boolean } {
    const ranges = new Set<GuiltyRange | undefined>();
    const visited = new Set<PieceRecord>();
    const pending = [...this.#records.values()].filter((record) => record.isGuilty);
    for (let record = pending.pop(); record !== undefined; record = pending.pop()) {
      if (!visited.has(record)) {
        visited.add(record);
        for (const range of record.ranges) {
          ranges.add(range);
        }
        pending.push(...record.parents);
      }
    }
    const known = [...ranges].filter((range) => range !== undefined);
    const guilt: Guilt = known.length === 0 ? { kind: 'body' } : { kind: 'ranges', ranges: known };
    return { guilt, isComplete: !ranges.has(undefined) };
  }
}
