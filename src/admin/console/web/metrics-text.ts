/** One sample line of the Prometheus text format. */
const SAMPLE = /^(?<name>[a-z_:][\w:]*)(?:\{(?<labels>[^}]*)\})? (?<value>\S+)$/iu;

export interface Scrape {
  readonly at: number;
  /** Sum over all labels. */
  total(name: string): number;
  /** Cumulative counts of a histogram by upper bound in seconds, summed over all other labels, in order. */
  buckets(name: string): readonly (readonly [bound: number, count: number])[];
}

/** Reads what `/metrics` says. */
export function parseMetrics(text: string, at: number): Scrape {
  const totals = new Map<string, number>();
  const histograms = new Map<string, Map<number, number>>();
  for (const line of text.split('\n')) {
    const { name, labels = '', value } = SAMPLE.exec(line)?.groups ?? {};
    if (name === undefined) continue;
    const number = Number(value);
    totals.set(name, (totals.get(name) ?? 0) + number);
    const bound = /(?:^|,)le="(?<le>[^"]+)"/u.exec(labels)?.groups?.['le'];
    if (bound !== undefined) addBucket(histograms, name, boundOf(bound), number);
  }
  return {
    at,
    total: (name) => totals.get(name) ?? 0,
    buckets: (name) => [...(histograms.get(`${name}_bucket`) ?? [])].sort(([a], [b]) => a - b),
  };
}

const boundOf = (text: string): number => (text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text));

function addBucket(all: Map<string, Map<number, number>>, name: string, bound: number, count: number): void {
  const histogram = all.get(name) ?? new Map<number, number>();
  histogram.set(bound, (histogram.get(bound) ?? 0) + count);
  all.set(name, histogram);
}

/** Per second between two scrapes; 0 after a restart. */
export function rateOf(name: string, before: Scrape, now: Scrape): number {
  const seconds = (now.at - before.at) / 1_000;
  const more = now.total(name) - before.total(name);
  return seconds <= 0 || more < 0 ? 0 : more / seconds;
}

/** The upper bound of the bucket that the quantile falls in, in seconds; undefined when nothing happened. */
export function quantileOf(name: string, quantile: number, before: Scrape, now: Scrape): number | undefined {
  const earlier = new Map(before.buckets(name));
  const counts = now
    .buckets(name)
    .map(([bound, count]) => [bound, count - (earlier.get(bound) ?? 0)] as const);
  const total = counts.at(-1)?.[1] ?? 0;
  if (total <= 0) return undefined;
  const finite = counts.filter(([bound]) => Number.isFinite(bound));
  return finite.find(([, count]) => count >= quantile * total)?.[0] ?? finite.at(-1)?.[0];
}
