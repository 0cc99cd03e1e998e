/** One series that Prometheus computes in advance, for alerts and for panels that look far back. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

const WINDOW = '5m';
const rate = (metric: string, labels = '') => `rate(${metric}${labels}[${WINDOW}])`;

function quantileRule(record: string, metric: string, share: number): RecordingRule {
  const buckets = `sum by (job, le) (${rate(`${metric}_bucket`)})`;
  return { record, expr: `histogram_quantile(${share}, ${buckets})` };
}

/** Names follow Prometheus: level:metric:operations. */
export const RECORDING_RULES: readonly RecordingRule[] = [
  { record: 'job:postern_sessions_open:sum', expr: 'sum by (job) (postern_gateway_sessions_open)' },
  { record: 'job:postern_messages:rate5m', expr: `sum by (job) (${rate('postern_scan_messages_total')})` },
  {
    record: 'job:postern_messages_malicious:rate5m',
    expr: `sum by (job) (${rate('postern_scan_messages_total', '{verdict="malicious"}')})`,
  },
  {
    record: 'job:postern_unscanned:rate5m',
    // a counter with labels has no series before its first event; without events the rate is zero
    expr: `sum by (job) (${rate('postern_unscanned_total')}) or 0 * max by (job) (up)`,
  },
  {
    record: 'job:postern_deferred:share5m',
    expr: `(sum by (job) (${rate('postern_scan_messages_total', '{action="defer"}')}) or 0 * max by (job) (up)) / (job:postern_messages:rate5m > 0)`,
  },
  {
    record: 'job:postern_unscanned:share5m',
    expr: 'job:postern_unscanned:rate5m / ((job:postern_messages:rate5m + job:postern_unscanned:rate5m) > 0)',
  },
  quantileRule('job:postern_added_latency_seconds:p50_5m', 'postern_gateway_added_latency_seconds', 0.5),
  quantileRule('job:postern_added_latency_seconds:p99_5m', 'postern_gateway_added_latency_seconds', 0.99),
  quantileRule('job:postern_scan_queue_seconds:p99_5m', 'postern_scan_queue_seconds', 0.99),
  quantileRule('job:postern_scan_total_seconds:p99_5m', 'postern_scan_total_seconds', 0.99),
];
