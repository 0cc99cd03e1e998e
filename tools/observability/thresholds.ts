import thresholds from '../../load-tests/thresholds.json' with { type: 'json' };

export type ThresholdName = keyof typeof thresholds;

/** The promises in numbers: load tests, dashboards, alerts and documents read the same file. */
export function threshold(name: ThresholdName): number {
  return thresholds[name].value;
}

export const THRESHOLDS = thresholds;
