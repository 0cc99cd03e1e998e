import type { Budget } from '../budget.ts';
import type { RangeEncoding } from '../scanner.ts';
import { decodeBase64, type Reading } from './base64.ts';
import { type ContentFields, readContentFields } from './content-fields.ts';
import { decodedFields } from './file-name.ts';
import { type HeaderBlock, readHeaderBlock } from './header-block.ts';
import { decodeUu, hasBegin } from './inline/uuencode.ts';
import { quotationOf } from '../surroundings.ts';
import { leafPiece, wholeBodyPath } from './leaf-piece.ts';
import { startsLikeMessage } from './message-sniff.ts';
import type { MimeSink, MimeSource } from './mime-sink.ts';
import { MAX_DELIMITERS, type Span, splitMultipart } from './multipart.ts';
import { decodeQuotedPrintable } from './quoted-printable.ts';
import type { WalkMemory } from './walk-memory.ts';

/** A preamble or epilogue longer than this, or with something like a field in it, is worth a second look. */
const MAX_PLAIN_MARGIN_BYTES = 400;

/** Fields of a part inside a text: a part that lost its delimiter, or a message quoted as text. */
const HIDDEN_PART = /content-t(?:ype|ransfer-encoding)[ \t]{0,16}:/i;

/** Parts of one message in whose headers words are decoded; real ones have a few. */
const MAX_WORDED_PARTS = 100;

/** Types of a body that is a message; the only part of one is all of it (RFC 2046 5.2.2). */
const EMBEDDED = new Set(['message/rfc822', 'message/global', 'message/partial']);

/** Labels of uuencode; a client that believes them needs no line that begins a file. */
const UU_ENCODING = /^(?:x-?)?uu/;

/** The one reading that every parser agrees on, of mail that is as it should be. Tells when it is not. */
export class PlainReading {
  unusual = false;
  #wordedParts = 0;
  readonly #source: MimeSource;
  readonly #budget: Budget;
  readonly #sink: MimeSink;
  readonly #memory: WalkMemory;

  constructor(source: MimeSource, budget: Budget, sink: MimeSink, memory: WalkMemory) {
    this.#source = source;
    this.#budget = budget;
    this.#sink = sink;
    this.#memory = memory;
  }

  /** A whole message, top or embedded; `path` is that of the part that carries it. */
  message(span: Span, path: string, depth: number): void {
    const header = this.#header(span);
    this.#words(decodedFields(header.text), path === '' ? 'header' : `${path}.header`);
    this.#entity(header, span, path, depth);
  }

  #wordsOfPart(header: string): string {
    const words = this.#wordedParts < MAX_WORDED_PARTS ? decodedFields(header) : '';
    this.#wordedParts += words === '' ? 0 : 1;
    return words;
  }

  #words(words: string, path: string): void {
    if (words !== '') {
      this.#sink.piece(leafPiece(this.#source, path, Buffer.from(words), {}), true);
    }
  }

  #header(span: Span): HeaderBlock {
    const { limits } = this.#budget;
    this.#memory.payFor(span, this.#budget);
    this.#budget.checkTime();
    const header = readHeaderBlock(this.#source.bytes, span.start, span.end, limits.maxHeaderBytes);
    if (header.fields.length > limits.maxHeaderFields) {
      this.#sink.cannot('bomb', `more than ${limits.maxHeaderFields} header fields`);
    }
    this.unusual ||= !header.regular;
    return header;
  }

  #entity(header: HeaderBlock, span: Span, path: string, depth: number): void {
    const content = readContentFields(header.fields);
    this.unusual ||= !content.regular || hasOtherBoundary(header.text, content);
    const body = { start: header.bodyStart, end: span.end };
    if (depth > this.#budget.limits.maxMimeDepth) {
      this.#sink.cannot('too-deep', `MIME nesting above ${this.#budget.limits.maxMimeDepth}`);
      return;
    }
    if (content.boundary !== undefined && this.#multipart(content, content.boundary, body, { path, depth })) {
      return;
    }
    this.#leaf(content, body, path === '' ? wholeBodyPath(content.boundary !== undefined) : path, depth);
  }

  /** False when there is no part to be found, so that the body is a leaf. */
  #multipart(
    content: ContentFields,
    boundary: string,
    body: Span,
    at: { path: string; depth: number },
  ): boolean {
    const split = splitMultipart(this.#source.bytes, body.start, body.end, boundary);
    if (split.isCut) {
      this.#sink.cannot('bomb', `more than ${MAX_DELIMITERS} delimiters in one multipart`);
    }
    const isEncoded = content.encoding === 'base64' || content.encoding === 'quoted-printable';
    const isPlain = split.regular && content.type.startsWith('multipart/') && !isEncoded;
    if (content.type === 'multipart/report') {
      this.#memory.reports.push(body);
    }
    if (split.isOpen) {
      this.#memory.cutEnds.add(body.end);
    }
    this.unusual ||= !isPlain || !this.#isPlainMargin(split.preamble) || !this.#isPlainMargin(split.epilogue);
    const words: string[] = [];
    for (const [i, part] of split.parts.entries()) {
      const partPath = at.path === '' ? `${i + 1}` : `${at.path}.${i + 1}`;
      const header = this.#header(part);
      words.push(this.#wordsOfPart(header.text));
      this.#entity(header, part, partPath, at.depth + 1);
    }
    // One piece for all: a message of a thousand attachments must not count twice.
    this.#words(
      words.filter((text) => text !== '').join('\n'),
      at.path === '' ? 'parts.header' : `${at.path}.parts.header`,
    );
    return split.parts.length > 0;
  }

  #isPlainMargin(span: Span): boolean {
    const length = span.end - span.start;
    if (length > MAX_PLAIN_MARGIN_BYTES) {
      return false;
    }
    const text = this.#source.bytes.toString('latin1', span.start, span.end);
    return length <= 4 || !/^[^\s:]{1,80}[ \t]*:|^[A-Za-z0-9+/]{12,}=*[\r\n]|--/m.test(text);
  }

  #leaf(content: ContentFields, body: Span, path: string, depth: number): void {
    if (body.end <= body.start) {
      return;
    }
    if (content.isFragment) {
      this.#sink.cannot('malformed', 'a part of a message that was sent in several mails (message/partial)');
    }
    const encoding = rangeEncoding(content.encoding);
    const { bytes, again } = this.#decode(encoding, body);
    const isDeclared = EMBEDDED.has(content.type) && !content.isFragment;
    const isRead = encoding === 'identity' && (isDeclared || startsLikeMessage(bytes));
    if (isDeclared && this.#memory.isReported(body)) {
      this.#memory.returned.push(body);
    }
    const isGiven =
      !isRead || (!isDeclared && this.#memory.mayGiveMessageText(body, this.#source.bytes.length));
    if (isRead) {
      this.message(body, path, depth + 1);
    } else if (encoding === 'identity') {
      this.unusual ||= HIDDEN_PART.test(bytes.toString('latin1'));
    }
    if (UU_ENCODING.test(content.encoding) && !isRead && !hasBegin(bytes)) {
      const decoded = decodeUu(bytes, 0);
      this.#budget.spendBytes(decoded.length);
      this.#sink.piece(leafPiece(this.#source, `${path}/uu`, decoded, { content }), false);
    }
    if (isGiven) {
      const range = { start: body.start, end: body.end, encoding };
      const isCut = this.#memory.mayBeCut(body);
      const piece = leafPiece(this.#source, path, bytes, { content, range, isCut });
      const kind = encoding === 'identity' && !isRead && content.regular ? quotationOf(piece) : undefined;
      if (kind !== undefined) {
        this.#memory.texts.push({ ...body, kind });
      }
      this.#sink.piece(piece, isRead, false, again);
    }
  }

  /** `again`: decodes once more what is one of several readings. */
  #decode(encoding: RangeEncoding, body: Span): { bytes: Buffer; again?: Reading } {
    const { bytes } = this.#source;
    if (encoding === 'identity') {
      const content = bytes.subarray(body.start, body.end);
      this.#memory.noteReading(body, encoding);
      return { bytes: content };
    }
    const decode = encoding === 'base64' ? decodeBase64 : decodeQuotedPrintable;
    const decoded = decode(bytes, body.start, body.end, (length) => this.#budget.allocate(length));
    this.#budget.spendBytes(decoded.bytes.length);
    if (!decoded.regular) {
      this.unusual = true;
      return { bytes: decoded.bytes, again: () => decode(bytes, body.start, body.end).bytes };
    }
    this.#memory.noteReading(body, encoding);
    if (encoding === 'base64') {
      this.#memory.decoded.push(body);
      this.#sink.decoded(body);
    }
    return { bytes: decoded.bytes };
  }
}

/** The word stands somewhere else as well, in another field or inside a quoted value: a simple parser takes it there. */
function hasOtherBoundary(header: string, content: ContentFields): boolean {
  const count = header.match(/bound[a-z]{0,8}[ \t]{0,16}[*=]/gi)?.length ?? 0;
  return count > (content.boundary === undefined ? 0 : 1);
}

function rangeEncoding(encoding: string): RangeEncoding {
  return encoding === 'base64' || encoding === 'quoted-printable' ? encoding : 'identity';
}
