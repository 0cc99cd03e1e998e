import type { Spread } from './statistics.ts';

/** One figure of one contender. */
export interface Figure {
  /** The table it belongs to. */
  readonly measure: string;
  readonly contender: string;
  /** Such as `tls` or `clear`, `idle` or `saturated`; empty when there is only one. */
  readonly condition: string;
  readonly what: string;
  readonly unit: string;
  readonly spread: Spread;
}

/** Collects values until the rounds are over. */
export class Figures {
  readonly #values = new Map<string, { figure: Omit<Figure, 'spread'>; values: number[] }>();

  add(figure: Omit<Figure, 'spread'>, value: number): void {
    const { measure, contender, condition, what } = figure;
    const key = [measure, contender, condition, what].join('\u0000');
    const entry = this.#values.get(key) ?? { figure, values: [] };
    entry.values.push(value);
    this.#values.set(key, entry);
    console.log(`  ${measure} · ${contender} ${condition} · ${what}: ${value.toPrecision(4)} ${figure.unit}`);
  }

  /** `spread` says what the repetitions of each figure make of it. */
  finish(spread: (values: readonly number[]) => Spread): Figure[] {
    return [...this.#values.values()].map(({ figure, values }) => ({ ...figure, spread: spread(values) }));
  }
}
