import { isAscii } from 'node:buffer';
import { KnownAnswers } from '../../known-answers.ts';
import type { Piece } from '../../piece.ts';
import { ByteCuts } from '../../unpack/byte-cuts.ts';
import { viewOf } from '../../unpack/byte-view.ts';
import type { Unpacker } from '../../unpack/unpacker.ts';
import type { Reading } from '../base64.ts';
import { decodeText, isKnownCharset, isTransparentCharset } from '../charset.ts';
import { isEbcdic, looksLikeEbcdic } from '../ebcdic.ts';
import type { TextLikeness } from './text-likeness.ts';
import { nearSigns, nextUtf7Sign, shiftSearch, withoutShifts } from './text-signs.ts';

/** Enough to see a byte-order mark, the zeros of a wide encoding, and a `<meta charset>`. */
const LOOKS_AT_BYTES = 1024;

const ANGLE = 0x3c;
const META = /<meta[^>]{0,200}charset\s{0,8}=\s{0,8}["']?([\w-]{1,40})/i;

/** Which of the first bytes are zero, by their place modulo four; tells wide encodings of ASCII from binary. */
function wideCharset(bytes: Buffer): string | undefined {
  const end = Math.min(bytes.length & ~3, 256);
  if (!bytes.subarray(0, end).includes(0)) {
    return undefined;
  }
  const zeros = [0, 0, 0, 0];
  for (let i = 0; i < end; i += 1) {
    zeros[i & 3] = (zeros[i & 3] ?? 0) + (bytes[i] === 0 ? 1 : 0);
  }
  const most = (end / 4) * 0.7;
  const [a, b, c, d] = zeros.map((count) => end > 0 && count >= most);
  if (b && c && d) {
    return 'utf-32le';
  }
  if (a && b && c) {
    return 'utf-32be';
  }
  if (b && d && !a && !c) {
    return 'utf-16le';
  }
  return a && c && !b && !d ? 'utf-16be' : undefined;
}

function markedCharset(bytes: Buffer): string | undefined {
  const [a, b] = bytes;
  if (a === 0xff && b === 0xfe) {
    return bytes[2] === 0 && bytes[3] === 0 ? 'utf-32le' : 'utf-16le';
  }
  if (a === 0xfe && b === 0xff) {
    return 'utf-16be';
  }
  return a === 0 && b === 0 && bytes[2] === 0xfe && bytes[3] === 0xff ? 'utf-32be' : undefined;
}

function metaCharset(bytes: Buffer): string | undefined {
  const head = bytes.subarray(0, LOOKS_AT_BYTES);
  return head.includes(ANGLE) ? META.exec(head.toString('latin1'))?.[1]?.toLowerCase() : undefined;
}

/** The charset that the text names for itself or its part names for it, when there is such a charset. */
function labelledCharsets(piece: Piece, bytes: Buffer): string[] {
  const meta = metaCharset(bytes);
  const declared = [piece.charset, ...(piece.otherCharsets ?? [])].map((label) => label?.trim());
  const labels = [...declared, meta].filter((label) => label !== undefined);
  return labels.filter((label) => !isTransparentCharset(label) && isKnownCharset(label));
}

/**
 * Charsets under which the text may be meant, those left out that show it as its bytes do. A text that is such a
 * view already (`isView`) is UTF-8 whatever its label still says; to believe the label again would never end.
 */
function plausibleCharsets(piece: Piece, bytes: Buffer, isText: boolean, isView: boolean): string[] {
  const wide = [markedCharset(bytes), wideCharset(bytes), looksLikeEbcdic(bytes) ? 'cp037' : undefined];
  if (!isText && piece.charset === undefined) {
    return wide.filter((charset) => charset !== undefined);
  }
  const labelled = isView ? [] : labelledCharsets(piece, bytes);
  const seventh = nextUtf7Sign(bytes, 0) < bytes.length ? 'utf-7' : undefined;
  const all = [...wide, ...labelled, seventh].filter((charset) => charset !== undefined);
  return [...new Set(all)].filter((charset) => changesAscii(charset) || !isAscii(bytes));
}

/** True for encodings in which pure ASCII bytes mean other text. */
function changesAscii(charset: string): boolean {
  return /utf-?(?:7|16|32)|ucs|iso-2022|hz/.test(charset) || isEbcdic(charset);
}

function readAs(bytes: Buffer, charset: string, isDeclared: boolean): string {
  if (charset === 'utf-7' && !isDeclared) {
    return decodeText(
      nearSigns(bytes, (from) => nextUtf7Sign(bytes, from)),
      charset,
    );
  }
  return decodeText(bytes, charset);
}

const ESCAPE = 0x1b;
const TILDE = 0x7e;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const MAX_LINE_ENDS = 4;
const EMPTY_SHIFT = Buffer.from('~{~}');

/** By its label, or by an empty shift, which other texts have no use for. */
function isHz(piece: Piece): boolean {
  const bytes = viewOf(piece.bytes);
  const labels = [piece.charset ?? '', ...(piece.otherCharsets ?? [])];
  const isLabelled = labels.some((label) => /^hz(?:-gb-2312)?$/i.test(label.trim()));
  return (isLabelled && bytes.includes(TILDE)) || bytes.includes(EMPTY_SHIFT);
}

/** Without shifts (RFC 1843), and with lines that go on in one. */
function withoutHz(bytes: Buffer): Buffer {
  const cuts = new ByteCuts(bytes);
  for (let at = bytes.indexOf(TILDE); at >= 0;) {
    let end = at + 1;
    if (bytes[end] === OPEN || bytes[end] === CLOSE) end += 1;
    else while (end <= at + MAX_LINE_ENDS && isLineEnd(bytes[end])) end += 1;
    if (end > at + 1) cuts.cut(at, end);
    at = bytes.indexOf(TILDE, end);
  }
  return cuts.rest() ?? bytes;
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === 0x0d || byte === 0x0a;
}

/** Decoders are asked whether they recognise a piece and then to decode it: what it takes to tell is kept in between. */
class PlausibleCharsets {
  readonly #likeness: TextLikeness;
  readonly #views = new WeakSet<Uint8Array>();
  readonly #known = new KnownAnswers<Piece, readonly string[]>();

  constructor(likeness: TextLikeness) {
    this.#likeness = likeness;
  }

  /** Remembers a text as a view, in UTF-8. */
  add(view: Buffer): Buffer {
    this.#views.add(view);
    return view;
  }

  isView({ bytes }: Piece): boolean {
    return this.#views.has(bytes);
  }

  of(piece: Piece): readonly string[] {
    return this.#known.of(piece, () =>
      plausibleCharsets(piece, viewOf(piece.bytes), this.#likeness.of(piece), this.isView(piece)),
    );
  }
}

/** The text without redundant ISO 2022 escapes; empty where it has none. */
function withoutEscapes({ charset }: Piece, bytes: Buffer): Buffer {
  return withoutShifts(charset === undefined ? nearSigns(bytes, shiftSearch(bytes)) : bytes);
}

/** The text of a piece as UTF-8 under each plausible charset, and without redundant ISO 2022 escapes. */
export function createTextViews(likeness: TextLikeness): Unpacker {
  const charsets = new PlausibleCharsets(likeness);
  const isEscaped = (piece: Piece): boolean => likeness.of(piece) && viewOf(piece.bytes).includes(ESCAPE);
  const isShifted = (piece: Piece): boolean => likeness.of(piece) && !charsets.isView(piece) && isHz(piece);
  return {
    name: 'text',
    step: 'charset',
    recognises: (piece) => isEscaped(piece) || isShifted(piece) || charsets.of(piece).length > 0,
    unpack: (piece, out) => {
      const bytes = viewOf(piece.bytes);
      const texts: { name: string; read: Reading }[] = charsets.of(piece).map((charset) => ({
        name: `${charset}.txt`,
        read: () => Buffer.from(readAs(bytes, charset, labelledCharsets(piece, bytes).includes(charset))),
      }));
      if (isEscaped(piece)) {
        texts.push({ name: 'plain.txt', read: () => withoutEscapes(piece, bytes) });
      }
      if (isShifted(piece)) {
        texts.push({ name: 'plain.txt', read: () => withoutHz(bytes) });
      }
      for (const { name, read } of texts) {
        const view = (): Buffer => charsets.add(read());
        const first = view();
        if (first.length > 0) {
          out.emit(name, first, { again: view });
        }
      }
    },
  };
}
