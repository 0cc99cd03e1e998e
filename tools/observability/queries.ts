/** Grafana puts the fitting window here. */
export const RATE = '[$__rate_interval]';

export const per = (label: string, metric: string) => ({
  expr: `sum by (${label}) (rate(${metric}${RATE}))`,
  legend: `{{${label}}}`,
});
/** Zero where nothing has happened: the counter's labels have no series before its first event. */
export const perOrZero = (label: string, metric: string) => {
  const { expr, legend } = per(label, metric);
  return { expr: `${expr} or vector(0)`, legend };
};
export const quantile = (share: number, metric: string) => ({
  expr: `histogram_quantile(${share}, sum by (le) (rate(${metric}_bucket${RATE})))`,
  legend: `p${share * 100}`,
});
export const both = (metric: string) => [quantile(0.5, metric), quantile(0.99, metric)];
export const plot = { kind: 'timeseries' } as const;
export const stat = { kind: 'stat' } as const;
