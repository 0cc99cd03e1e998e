import type { Budget } from '../budget.ts';
import type { RangeEncoding } from '../scanner.ts';
import type { Span } from './multipart.ts';

/** What was already paid for or given out while one source is read in several ways. */
export class WalkMemory {
  /** Spans whose base64 was decoded whole. */
  readonly decoded: Span[] = [];
  /** Spans that were read as quoted-printable in every way. */
  readonly quoted: Span[] = [];
  readonly #parts = new Set<string>();
  readonly #readings = new Set<string>();

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

  hasReading(span: Span, encoding: RangeEncoding): boolean {
    return this.#readings.has(`${span.start}:${span.end}:${encoding}`);
  }
}
