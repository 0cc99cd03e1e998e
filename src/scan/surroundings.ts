import type { Piece } from './piece.ts';
import { isSpelling } from './spellers.ts';
import { latin1 } from './unpack/byte-view.ts';

/**
 * A text that programs show and neither run nor look into for files. What somebody makes of its lines is a guess that
 * nobody's program makes: of such a guess it is no news that it cannot be read.
 */
export type Quotation = 'text' | 'source';

/** What a piece was met in, or at the end of. */
export interface Surroundings {
  /** Such a text, whose lines it is a guess at; of a program's source it is known by its name. */
  readonly quotedIn?: Quotation | undefined;
  /** A message that ends before its structure does, as what mail servers return cut. */
  readonly isCut?: boolean | undefined;
}

const SOURCE_NAMES = /\.(?:py|pyi|c|h|cc|cpp|hpp|cs|go|rs|java|kt|diff|patch)$/i;
const TEXT_NAMES = /\.(?:txt|text|log|md|rst|csv|tsv|json|ipynb|ya?ml|toml|ini|conf|cfg|sql|tex|org|srt)$/i;
const SOURCE_TYPES = /^text\/x-(?:patch|diff|python|c|csrc|chdr|java)$/;
const TEXT_TYPES =
  /^(?:text\/(?:plain|csv|markdown|yaml|x-(?:log|yaml|markdown|sql|csv))|application\/(?:json|yaml|x-yaml|sql|x-ipynb\+json)|message\/delivery-status)$/;

/** Types that leave it to the name; programs run no other text of these. */
const NAMED_TYPES =
  /^(?:application\/octet-stream|text\/x-(?!.*(?:script|html|sh$|shell|bat|vb|component|hta)).*)$/;

type Declared = Pick<Piece, 'name' | 'otherNames' | 'type'> & Partial<Pick<Piece, 'bytes'>>;

/** Which of both a text is. Where it has names they count as well as its type: each program goes by another one. */
export function quotationOf({ name, otherNames = [], type, bytes }: Declared): Quotation | undefined {
  const names = name === undefined ? otherNames : [name, ...otherNames];
  const isNamed = names.length > 0 && (type === undefined || NAMED_TYPES.test(type));
  const isSource = SOURCE_TYPES.test(type ?? '') || names.some((each) => SOURCE_NAMES.test(each));
  if (!isNamed && !SOURCE_TYPES.test(type ?? '') && !TEXT_TYPES.test(type ?? '')) {
    return undefined;
  }
  const isText = names.every((each) => SOURCE_NAMES.test(each) || TEXT_NAMES.test(each));
  return isText
    ? isSource || (names.length === 0 && readsLikeSource(bytes))
      ? 'source'
      : 'text'
    : undefined;
}

/** Lines that sources of programs and patches have; so many of them in what is looked at are no accident. */
const SOURCE_LINE =
  /^[ +-]?(?:import [\w.]+|from [\w.]+ import |\s{0,16}def \w+\(|\s{0,16}class \w+|#include\s?[<"]|diff --git |\+\+ |-- |@@ -\d|package \w+|using \w+;|func \w+\()/gm;
const MIN_SOURCE_LINES = 6;
const SOURCE_LOOK = 16 * 1024;

/** A source that nobody gave a name: in the text of a mail, or as its only part. */
function readsLikeSource(bytes: Uint8Array | undefined): boolean {
  const text = bytes === undefined ? '' : latin1(bytes, 0, SOURCE_LOOK);
  return (text.match(SOURCE_LINE)?.length ?? 0) >= MIN_SOURCE_LINES;
}

/** Unpackers that find files in what people write: as programs know them, but no mail client looks for those. */
const QUOTERS: ReadonlySet<string> = new Set(['hex-dump', 'number-dump', 'hex-records', 'ascii85']);

interface Around extends Surroundings {
  readonly piece: Piece;
  readonly isSpelled: boolean;
}

/** How what `unpacker` gives of a piece is met. */
export function surroundingsIn(
  around: Around,
  unpacker: string,
): Surroundings & { readonly isSpelled: boolean } {
  const isGuess = isSpelling(unpacker);
  const isFirst = !around.isSpelled && (isGuess || QUOTERS.has(unpacker));
  const quotedIn = around.quotedIn ?? (isFirst ? quotationOf(around.piece) : undefined);
  return { isSpelled: around.isSpelled || isGuess, quotedIn, isCut: around.isCut };
}
