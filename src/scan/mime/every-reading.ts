import type { Budget } from '../budget.ts';
import type { RangeEncoding } from '../scanner.ts';
import { textWithoutUu } from '../unpack/whole-uu.ts';
import { base64Readings, looksLikeBase64 } from './base64-readings.ts';
import { decodeBase64, type Reading } from './base64.ts';
import { type ContentFields, readContentFields } from './content-fields.ts';
import { decodedFields } from './file-name.ts';
import { boundaryCandidates, encodingCandidates, headerVariants } from './header-candidates.ts';
import { readFields } from './header-block.ts';
import { leafPiece, wholeBodyPath } from './leaf-piece.ts';
import { type LenientHeader, readLenientHeader } from './lenient-header.ts';
import { startsLikeMessage } from './message-sniff.ts';
import type { MimeSink, MimeSource } from './mime-sink.ts';
import { type Span, splitMultipart } from './multipart.ts';
import { decodeQuotedPrintable, looksQuotedPrintable, quotedPrintableReadings } from './quoted-printable.ts';
import { tolerantSplit } from './tolerant-split.ts';
import { WalkMemory } from './walk-memory.ts';

/** One entity and what its header may mean. */
interface Entity {
  readonly span: Span;
  readonly path: string;
  readonly depth: number;
  readonly header: LenientHeader;
  readonly content: ContentFields;
  readonly variants: readonly string[];
  readonly boundaries: readonly string[];
}

const MESSAGE_TYPE = /message\/(?:rfc822|global|news)/i;
const LIKE_FIELDS = /^[^\s:]{1,80}[ \t]*:/m;

/** Looked at to tell whether a preamble or epilogue carries an entity of its own. */
const MARGIN_LOOK_BYTES = 2048;

/** What stands between a delimiter and the next one, or the end, when there is nothing. */
const MAX_BLANK_BYTES = 16;

/** Follows every plausible reading of a message whose plain reading is in doubt. */
export class EveryReading {
  readonly #source: MimeSource;
  readonly #budget: Budget;
  readonly #allocate = (length: number): Buffer => this.#budget.allocate(length);
  readonly #sink: MimeSink;
  readonly #memory: WalkMemory;
  readonly #visited = new Set<string>();
  readonly #starts = new Set<number>();

  constructor(source: MimeSource, budget: Budget, sink: MimeSink, memory: WalkMemory) {
    this.#source = source;
    this.#budget = budget;
    this.#sink = sink;
    this.#memory = memory;
  }

  /** A whole message, top or embedded. */
  message(span: Span, path: string, depth: number): void {
    const { text } = readLenientHeader(this.#source.bytes, span, this.#budget.limits.maxHeaderBytes);
    const words = decodedFields(text);
    if (words !== '') {
      const headerPath = path === '' ? 'header' : `${path}.header`;
      this.#sink.piece(leafPiece(this.#source, headerPath, Buffer.from(words), {}), true);
    }
    this.entity(span, path, depth);
  }

  /**
   * An entity that only a reading without structure sees: where one was read already that starts there, its end is
   * known better, and to read it again would multiply the work.
   */
  guess(span: Span, path: string, depth: number): void {
    if (!this.#starts.has(span.start)) {
      this.entity(span, path, depth);
    }
  }

  /** A message or part with a header of its own. Each span is read once. */
  entity(span: Span, path: string, depth: number): void {
    const key = `${span.start}:${span.end}`;
    if (this.#visited.has(key) || this.#isBlank(span)) {
      return;
    }
    this.#visited.add(key);
    this.#starts.add(span.start);
    this.#memory.payFor(span, this.#budget);
    this.#budget.checkTime();
    if (depth > this.#budget.limits.maxMimeDepth) {
      this.#sink.cannot('too-deep', `MIME nesting above ${this.#budget.limits.maxMimeDepth}`);
      return;
    }
    this.#read(this.#describe(span, path, depth));
  }

  #describe(span: Span, path: string, depth: number): Entity {
    const { maxHeaderBytes } = this.#budget.limits;
    const header = readLenientHeader(this.#source.bytes, span, maxHeaderBytes);
    if (header.isCut) {
      this.#sink.cannot('bomb', `header longer than ${maxHeaderBytes} bytes`);
    }
    const unix = header.text.replace(/\r\n?/g, '\n').replaceAll('\0', '');
    const content = readContentFields(readFields(unix).fields);
    const variants = headerVariants(header.text);
    return { span, path, depth, header, content, variants, boundaries: boundaryCandidates(variants) };
  }

  #read(entity: Entity): void {
    const split = this.#splitAll(entity);
    this.#noteAmbiguousEncoding(entity);
    const leafPath = entity.path === '' ? wholeBodyPath(split) : entity.path;
    for (const start of this.#bounded(entity.header.bodyStarts)) {
      const body = { start, end: entity.span.end };
      if (body.end > body.start) {
        const { base64, quotedPrintable } = encodingsBefore(entity, start);
        this.#asBase64(entity, body, leafPath, base64);
        this.#asQuotedPrintable(entity, body, leafPath, quotedPrintable);
        this.#asItIs(entity, body, leafPath, split);
      }
    }
  }

  /** At most as many readings of one thing as the limits allow; more are on record as unread. */
  #bounded<T>(readings: readonly T[]): readonly T[] {
    const { maxViews } = this.#budget.limits;
    if (readings.length > maxViews) {
      this.#sink.cannot('malformed', `more than ${maxViews} readings of one part`);
    }
    return readings.slice(0, maxViews);
  }

  /** Splits at every boundary that occurs; true when there were parts. */
  #splitAll(entity: Entity): boolean {
    const { span, header } = entity;
    const body = { start: header.bodyStarts[0] ?? span.end, end: span.end };
    const occurring = entity.boundaries.filter((boundary) => {
      this.#budget.checkTime();
      return this.#occurs(boundary, body);
    });
    if (cleanLayouts(this.#source.bytes, body, occurring).size > 1) {
      this.#sink.ambiguous('ambiguous-boundary', this.#shownPath(entity));
    }
    for (const boundary of this.#bounded(occurring)) {
      this.#split(entity, body, boundary);
      if (span.end < this.#source.bytes.length) {
        // A parser without a stack of boundaries reads on where the outer one ends this part.
        const onwards = { start: body.start, end: this.#source.bytes.length };
        this.#split(entity, onwards, boundary, true);
      }
    }
    return occurring.length > 0;
  }

  /** Two different transfer encodings are named, and at least one of them shows in the body. */
  #noteAmbiguousEncoding(entity: Entity): void {
    const start = entity.header.bodyStarts[0] ?? entity.span.end;
    const { bytes } = this.#source;
    const named = new Set(entity.content.encodings);
    const isCoded =
      looksLikeBase64(bytes, start, entity.span.end) || looksQuotedPrintable(bytes, start, entity.span.end);
    if (named.size > 1 && isCoded) {
      this.#sink.ambiguous('ambiguous-encoding', this.#shownPath(entity));
    }
  }

  #shownPath(entity: Entity): string {
    return `${this.#source.prefix}${entity.path === '' ? '1' : entity.path}`;
  }

  #occurs(boundary: string, body: Span): boolean {
    return this.#source.bytes.subarray(body.start, body.end).includes(`--${boundary}`, 0, 'latin1');
  }

  #split(entity: Entity, body: Span, boundary: string, isGuess = false): void {
    const { maxParts } = this.#budget.limits;
    const spans = tolerantSplit(this.#source.bytes, body, boundary, maxParts + 1);
    if (spans.length > maxParts) {
      this.#sink.cannot('bomb', `more than ${maxParts} MIME parts`);
    }
    for (const [i, span] of spans.entries()) {
      const path = entity.path === '' ? `${i}` : `${entity.path}.${i}`;
      if (isGuess) {
        this.guess(span, path, entity.depth + 1);
      } else if (i > 0 || this.#hasFields(span)) {
        this.entity(span, path, entity.depth + 1);
      }
    }
  }

  #isBlank(span: Span): boolean {
    const { bytes } = this.#source;
    return (
      span.end - span.start <= MAX_BLANK_BYTES && bytes.toString('latin1', span.start, span.end).trim() === ''
    );
  }

  #hasFields(span: Span): boolean {
    const end = Math.min(span.end, span.start + MARGIN_LOOK_BYTES);
    return LIKE_FIELDS.test(this.#source.bytes.toString('latin1', span.start, end));
  }

  #asBase64(entity: Entity, body: Span, path: string, isNamed: boolean): void {
    const { bytes } = this.#source;
    const looks = isNamed || looksLikeBase64(bytes, body.start, body.end);
    if (!looks || (this.#memory.hasReading(body, 'base64') && entity.boundaries.length === 0)) {
      return;
    }
    const plain = decodeBase64(bytes, body.start, body.end, this.#allocate);
    if (plain.regular && entity.content.regular && entity.content.encoding === 'base64') {
      this.#memory.noteReading(body, 'base64');
      this.#memory.decoded.push(body);
      this.#sink.decoded(body);
    }
    const again = (): Buffer => decodeBase64(bytes, body.start, body.end).bytes;
    const readings = plain.regular ? [again] : base64Readings(bytes, body.start, body.end);
    const isGuess = !isNamed || !plain.regular;
    this.#give(entity, body, path, {
      first: plain.regular ? plain.bytes : undefined,
      readings,
      encoding: 'base64',
      isNamed,
      isGuess,
    });
  }

  #asQuotedPrintable(entity: Entity, body: Span, path: string, isNamed: boolean): void {
    const { bytes } = this.#source;
    const looks = isNamed || this.#looksQuoted(body);
    if (!looks || (this.#memory.hasReading(body, 'quoted-printable') && entity.boundaries.length === 0)) {
      return;
    }
    const plain = decodeQuotedPrintable(bytes, body.start, body.end, this.#allocate);
    const whole = bytes.subarray(body.start, body.end);
    const readings = quotedPrintableReadings(whole).slice(0, plain.regular ? 1 : undefined);
    if (isNamed && entity.boundaries.length === 0) this.#memory.quoted.push(body);
    const isGuess = !isNamed || !plain.regular;
    this.#give(entity, body, path, {
      first: plain.bytes,
      readings,
      encoding: 'quoted-printable',
      isNamed,
      isGuess,
    });
  }

  /** uuencoded data have its signs by accident, and are no quoted-printable where they are whole. */
  #looksQuoted({ start, end }: Span): boolean {
    const { bytes } = this.#source;
    if (!looksQuotedPrintable(bytes, start, end)) {
      return false;
    }
    const rest = textWithoutUu(bytes.subarray(start, end));
    return rest.length === end - start || looksQuotedPrintable(rest, 0, rest.length);
  }

  #give(entity: Entity, body: Span, path: string, how: Guessed): void {
    for (const [i, read] of how.readings.entries()) {
      this.#budget.checkTime();
      const bytes = (i === 0 ? how.first : undefined) ?? read();
      if (bytes.length === 0) {
        continue;
      }
      this.#budget.spendBytes(bytes.length);
      const range = { ...body, encoding: how.encoding };
      const quotedIn = how.isNamed ? undefined : this.#memory.quotationAt(body);
      const isCut = this.#memory.mayBeCut(body);
      const facts = { content: entity.content, range, quotedIn, isCut };
      this.#sink.piece(leafPiece(this.#source, path, bytes, facts), false, how.isGuess, read);
      if (how.isNamed) {
        // Where nothing names an encoding nobody decodes a multipart as a whole, and its parts would be decoded twice.
        this.#insideDecoded(entity, bytes, path, how.isGuess);
      }
    }
  }

  /** An encoding on a multipart is illegal and honoured by some: the parts then stand in the decoded bytes. */
  #insideDecoded(entity: Entity, bytes: Buffer, path: string, isGuess: boolean): void {
    const boundaries = entity.boundaries.filter((boundary) => bytes.includes(`--${boundary}`, 0, 'latin1'));
    if (boundaries.length === 0 || entity.depth >= this.#budget.limits.maxMimeDepth) {
      return;
    }
    const source = { ...this.#source, bytes, isRaw: false, prefix: `${this.#source.prefix}${path}/` };
    const inner = new EveryReading(source, this.#budget, innerSink(this.#sink, isGuess), new WalkMemory());
    for (const boundary of this.#bounded(boundaries)) {
      inner.#split({ ...entity, path: '' }, { start: 0, end: bytes.length }, boundary);
    }
  }

  #asItIs(entity: Entity, body: Span, path: string, hasParts: boolean): void {
    const { bytes } = this.#source;
    const content = bytes.subarray(body.start, body.end);
    const isDeclared = entity.variants.some((variant) => MESSAGE_TYPE.test(variant));
    const before = entity.header.text.slice(0, body.start - entity.span.start);
    // Behind nothing but empty lines stands this entity itself, not another one inside it.
    const isLike = startsLikeMessage(content);
    const isMessage = isDeclared || (before.trim() !== '' && isLike);
    const isCoded = looksLikeBase64(bytes, body.start, body.end);
    const isNew = !hasParts && !isDeclared && !isCoded && this.#memory.noteReading(body, 'identity');
    const isGiven = isNew && (!isLike || this.#memory.mayGiveMessageText(body, bytes.length));
    if (isMessage) {
      this.message(body, path, entity.depth + 1);
    }
    if (isGiven) {
      const range = { ...body, encoding: 'identity' as const };
      this.#sink.piece(leafPiece(this.#source, path, content, { content: entity.content, range }), isMessage);
    }
  }
}

/** Readings of a body in one encoding. */
interface Guessed {
  readonly readings: readonly Reading[];
  /** What the first of them gives, when that is known. */
  readonly first: Buffer | undefined;
  readonly encoding: RangeEncoding;
  /** Some reading of the header names the encoding. */
  readonly isNamed: boolean;
  readonly isGuess: boolean;
}

/** The parts that strict parsers find, one layout for all boundaries that give the same. */
function cleanLayouts(bytes: Buffer, body: Span, boundaries: readonly string[]): Set<string> {
  const layouts = new Set<string>();
  for (const boundary of boundaries.length > 1 ? boundaries : []) {
    const { parts } = splitMultipart(bytes, body.start, body.end, boundary);
    if (boundary !== '' && parts.length > 0) {
      layouts.add(parts.map(({ start, end }) => `${start}-${end}`).join());
    }
  }
  return layouts;
}

/** Encodings named before a place: a parser for which the body begins there has not seen what stands behind it. */
function encodingsBefore(entity: Entity, start: number): ReturnType<typeof encodingCandidates> {
  const { header, span, variants } = entity;
  const isOnly = header.bodyStarts.length === 1;
  return encodingCandidates(isOnly ? variants : headerVariants(header.text.slice(0, start - span.start)));
}

/** Spans inside decoded bytes are no spans of the source. */
function innerSink(sink: MimeSink, isGuess: boolean): MimeSink {
  return {
    piece: (piece, isRead, isGuessInside, again) =>
      sink.piece(piece, isRead, isGuess || isGuessInside, again),
    decoded: () => undefined,
    ambiguous: (rule, path) => sink.ambiguous(rule, path),
    cannot: (cause, detail) => sink.cannot(cause, detail),
  };
}
