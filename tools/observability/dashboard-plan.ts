import type { ThresholdName } from './thresholds.ts';

/** One question that a panel answers. */
export interface PanelPlan {
  readonly title: string;
  readonly question: string;
  /** As Grafana names it: `s`, `reqps`, `Bps`, `bytes`, `percentunit`, `short`. */
  readonly unit: string;
  readonly kind: 'timeseries' | 'stat';
  readonly queries: readonly { readonly expr: string; readonly legend: string }[];
  /** Where the promise stands. */
  readonly threshold?: ThresholdName;
}

export interface DashboardPlan {
  /** The name of its file. */
  readonly name: string;
  readonly title: string;
  readonly panels: readonly PanelPlan[];
}
