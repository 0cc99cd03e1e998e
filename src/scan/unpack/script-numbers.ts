import { type MarkIndex, type MarksFinder, REPEATED_APART } from './mark-search.ts';
import { NumberSeries } from './number-series.ts';

/**
 * Series of numbers that a script builds in other ways than as a plain list: with comments, signs, sums, octal
 * digits, one call or assignment for each, or as wide numbers.
 */

const DIGITS = Array.from('0123456789');
const HEX_DIGITS = [...DIGITS, ...Array.from('abcdef')];
const before = (opener: string, signs: readonly string[] = DIGITS): string[] =>
  signs.map((sign) => opener + sign);
/** What such series begin or are written with; most texts have none of it, and four signs are rare in noise as well. */
const MARKS = [
  ...before('code('),
  ...before('push('),
  ...before('append('),
  ...before('"]('),
  ...before("']("),
  ...before('add('),
  ...before('byte('),
  ...before('int8('),
  ...before('array(', ['[', ...DIGITS]),
  ...before('of('),
  ...before('{0:', [' ', '-', ...DIGITS]),
  ...before('(&h', HEX_DIGITS),
  'from([',
  'null,[',
  '++]=',
  '++] =',
  '[0]=',
  '[0] =',
  'chr$(',
];
/** The first number of a series stands near its first mark: so many bytes before it or behind it. */
const BEFORE_MARK = 4096;
const BEHIND_MARK = 1024 + REPEATED_APART;

/** Finds such series at the marks of them. */
export class ScriptNumbers {
  readonly #places: MarksFinder;

  constructor(marks: MarkIndex) {
    this.#places = marks.addRepeated(MARKS.map((mark) => Buffer.from(mark)));
  }

  /** What each series of `least` or more numbers stands for. */
  in(bytes: Buffer, least: number): Buffer[] {
    const series = new NumberSeries(bytes, least);
    let end = 0;
    for (const mark of this.#places(bytes)) {
      if (mark + BEHIND_MARK > end) {
        end = series.read(Math.max(end, mark - BEFORE_MARK), mark + BEHIND_MARK);
      }
    }
    return series.found;
  }
}
