import type { Budget } from '../budget.ts';
import type { Piece } from '../piece.ts';
import type { GuiltyRange, RangeEncoding } from '../scanner.ts';
import type { UnscannableCause } from '../verdict.ts';
import { decodeBase64 } from './base64.ts';
import { type ContentFields, readContentFields } from './content-fields.ts';
import { decodeWords, fileNames } from './file-name.ts';
import { type HeaderBlock, readHeaderBlock } from './header-block.ts';
import { startsLikeMessage } from './message-sniff.ts';
import { type Span, splitMultipart } from './multipart.ts';
import { decodeQuotedPrintable } from './quoted-printable.ts';

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

/** Takes what a reading of a message yields. */
export interface MimeSink {
  /** `isRead`: it was also read as a message on the spot, so that its parts have ranges of their own. */
  piece(piece: Piece, isRead: boolean): void;
  /** Encoded bytes that were decoded whole, in coordinates of the source: they need no matching as text. */
  decoded(span: Span): void;
  /** Something could not be read; the rest goes on. */
  cannot(cause: UnscannableCause, detail: string): void;
}

/** What the walk noticed. */
export interface MimeReading {
  /** Another parser could plausibly see another message; other views are worth their cost. */
  readonly unusual: boolean;
}

/** Reads `source` as one RFC 5322 message in its plainest interpretation. Throws `ScanLimitError` only. */
export function readMime(source: MimeSource, budget: Budget, sink: MimeSink): MimeReading {
  const walk = new MimeWalk(source, budget, sink);
  walk.message({ start: 0, end: source.bytes.length }, '', source.mimeDepth);
  return { unusual: walk.unusual };
}

class MimeWalk {
  unusual = false;
  readonly #source: MimeSource;
  readonly #budget: Budget;
  readonly #sink: MimeSink;

  constructor(source: MimeSource, budget: Budget, sink: MimeSink) {
    this.#source = source;
    this.#budget = budget;
    this.#sink = sink;
  }

  /** A whole message, top or embedded; `path` is that of the part that carries it. */
  message(span: Span, path: string, depth: number): void {
    const header = this.#header(span);
    if (header.text.includes('=?')) {
      const text = Buffer.from(decodeWords(header.text));
      this.#emit(path === '' ? 'header' : `${path}.header`, text, { isRead: true });
    }
    this.#entity(header, span, path, depth);
  }

  #header(span: Span): HeaderBlock {
    const { limits } = this.#budget;
    this.#budget.spendPart();
    this.#budget.checkTime();
    const header = readHeaderBlock(this.#source.bytes, span.start, span.end, limits.maxHeaderBytes);
    if (header.fields.length > limits.maxHeaderFields) {
      this.#sink.cannot('bomb', `more than ${limits.maxHeaderFields} header fields`);
    }
    if (header.text.length >= limits.maxHeaderBytes) {
      this.#sink.cannot('bomb', `header longer than ${limits.maxHeaderBytes} bytes`);
    }
    this.unusual ||= !header.regular;
    return header;
  }

  #entity(header: HeaderBlock, span: Span, path: string, depth: number): void {
    const content = readContentFields(header.fields);
    this.unusual ||= !content.regular;
    const body = { start: header.bodyStart, end: span.end };
    if (depth > this.#budget.limits.maxMimeDepth) {
      this.#sink.cannot('too-deep', `MIME nesting above ${this.#budget.limits.maxMimeDepth}`);
      return;
    }
    if (content.boundary !== undefined && this.#multipart(content.boundary, body, path, depth)) {
      return;
    }
    this.#leaf(content, body, path === '' ? '1' : path, depth);
  }

  /** False when there is no part to be found, so that the body is a leaf. */
  #multipart(boundary: string, body: Span, path: string, depth: number): boolean {
    const split = splitMultipart(this.#source.bytes, body.start, body.end, boundary);
    this.unusual ||= !split.regular;
    for (const [i, part] of split.parts.entries()) {
      const partPath = path === '' ? `${i + 1}` : `${path}.${i + 1}`;
      this.#entity(this.#header(part), part, partPath, depth + 1);
    }
    return split.parts.length > 0;
  }

  #leaf(content: ContentFields, body: Span, path: string, depth: number): void {
    if (body.end <= body.start) {
      return;
    }
    const encoding = rangeEncoding(content.encoding);
    const bytes = this.#decode(encoding, body);
    let isRead = false;
    if (encoding === 'identity') {
      const isDeclared = content.type === 'message/rfc822' || content.type === 'message/global';
      isRead = isDeclared || startsLikeMessage(bytes);
      if (isRead) {
        this.message(body, path, depth + 1);
      }
      if (isDeclared) {
        return;
      }
    }
    const range: GuiltyRange = { start: body.start, end: body.end, encoding };
    this.#emit(path, bytes, { range, content, isRead });
  }

  #decode(encoding: RangeEncoding, body: Span): Buffer {
    const { bytes } = this.#source;
    if (encoding === 'identity') {
      return bytes.subarray(body.start, body.end);
    }
    const decode = encoding === 'base64' ? decodeBase64 : decodeQuotedPrintable;
    const decoded = decode(bytes, body.start, body.end);
    this.unusual ||= !decoded.regular;
    this.#budget.spendBytes(decoded.bytes.length);
    if (encoding === 'base64' && decoded.regular) {
      this.#sink.decoded(body);
    }
    return decoded.bytes;
  }

  #emit(path: string, bytes: Buffer, { content, range, isRead }: EmitOptions): void {
    const name = content === undefined ? undefined : fileNames(content.nameParameters)[0];
    const piece: Piece = {
      path: `${this.#source.prefix}${path}`,
      bytes,
      depth: this.#source.containerDepth,
      ...(name === undefined ? {} : { name }),
      ...(content === undefined ? {} : { type: content.type }),
      ...(range === undefined || !this.#source.isRaw ? {} : { range }),
    };
    this.#sink.piece(piece, isRead);
  }
}

interface EmitOptions {
  readonly content?: ContentFields;
  readonly range?: GuiltyRange;
  readonly isRead: boolean;
}

function rangeEncoding(encoding: string): RangeEncoding {
  return encoding === 'base64' || encoding === 'quoted-printable' ? encoding : 'identity';
}
