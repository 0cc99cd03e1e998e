import type { Budget } from '../budget.ts';
import type { RangeEncoding } from '../scanner.ts';
import type { Quotation } from '../surroundings.ts';
import type { Span } from './multipart.ts';

/**
 * Texts that are read as messages as well, in sizes of the source: each of them holds those inside it, and stands in the
 * one around it, so that further ones show nothing new.
 */
const MAX_MESSAGE_TEXTS = 4;
/** Short ones are all given out, bytes together. */
const MIN_MESSAGE_TEXTS = 1024 * 1024;

/** What was already paid for or given out while one source is read in several ways. */
export class WalkMemory {
  /** Spans whose base64 was decoded whole. */
  readonly decoded: Span[] = [];
  /** Spans that were read as quoted-printable in every way. */
  readonly quoted: Span[] = [];
  /** Bodies of texts that no program runs, in mail that every parser reads alike. */
  readonly texts: (Span & { readonly kind: Quotation })[] = [];
  /** Where a last part ends that nothing ends but the end of its message. */
  readonly cutEnds = new Set<number>();
  /** Reports of deliveries, and the messages that they return: servers cut those, and some end their parts again. */
  readonly reports: Span[] = [];
  readonly returned: Span[] = [];
  readonly #parts = new Set<string>();
  readonly #readings = new Set<string>();
  #messageTexts = 0;
  #outermostText: Span = { start: 0, end: 0 };

  /** Counts the entity at `span` against the budget, once. */
  payFor(span: Span, budget: Budget): void {
    const key = `${span.start}:${span.end}`;
    if (!this.#parts.has(key)) {
      this.#parts.add(key);
      budget.spendPart();
    }
  }

  /** Notes that `span` was given out as `encoding` in the one way it can be read; true when that is news. */
  noteReading(span: Span, encoding: RangeEncoding): boolean {
    const key = `${span.start}:${span.end}:${encoding}`;
    const isNew = !this.#readings.has(key);
    this.#readings.add(key);
    return isNew;
  }

  /**
   * Counts a text that is read as a message as well, before what is inside it; false when it stands in one that was given
   * out and those of this source of `length` bytes were enough.
   */
  mayGiveMessageText(span: Span, length: number): boolean {
    const { start, end } = this.#outermostText;
    const isInner = span.start >= start && span.end <= end;
    this.#outermostText = isInner ? this.#outermostText : span;
    this.#messageTexts += span.end - span.start;
    return !isInner || this.#messageTexts <= Math.max(MIN_MESSAGE_TEXTS, length * MAX_MESSAGE_TEXTS);
  }

  /** True for what may have lost its end on the way. */
  mayBeCut(span: Span): boolean {
    return this.cutEnds.has(span.end) || isInside(span, this.returned);
  }

  isReported(span: Span): boolean {
    return isInside(span, this.reports);
  }

  /** The kind of text of whose lines a guess at what stands there is a guess. */
  quotationAt({ start, end }: Span): Quotation | undefined {
    return this.texts.find((text) => text.start <= start && end <= text.end)?.kind;
  }

  hasReading(span: Span, encoding: RangeEncoding): boolean {
    return this.#readings.has(`${span.start}:${span.end}:${encoding}`);
  }
}

function isInside({ start, end }: Span, others: readonly Span[]): boolean {
  return others.some((other) => other.start <= start && end <= other.end);
}
