import type { DashboardPlan } from './dashboard-plan.ts';
import { plot, quantile, stat } from './queries.ts';

export const SERVICE_LEVELS: DashboardPlan = {
  name: 'service-levels',
  title: 'Postern: service levels',
  panels: [
    {
      ...stat,
      title: 'Gateways up',
      question: 'Does everything run?',
      unit: 'short',
      queries: [{ expr: 'sum(up{job="postern"})', legend: 'up' }],
    },
    {
      ...stat,
      title: 'Sessions',
      question: 'How many people does it concern?',
      unit: 'short',
      queries: [{ expr: 'sum(job:postern_sessions_open:sum)', legend: 'open' }],
    },
    {
      ...stat,
      title: 'Unscanned',
      question: 'Which share went out without a complete scan?',
      unit: 'percentunit',
      threshold: 'unscannedShare',
      queries: [{ expr: 'max(job:postern_unscanned:share5m)', legend: 'share' }],
    },
    {
      ...stat,
      title: 'Deferred',
      question: 'Which share has to be fetched again?',
      unit: 'percentunit',
      threshold: 'deferredShare',
      queries: [{ expr: 'max(job:postern_deferred:share5m)', legend: 'share' }],
    },
    {
      ...plot,
      title: 'Added latency',
      question: 'What do people wait for verdicts?',
      unit: 's',
      threshold: 'addedLatencyP99Seconds',
      queries: [
        { expr: 'job:postern_added_latency_seconds:p50_5m', legend: 'p50' },
        { expr: 'job:postern_added_latency_seconds:p99_5m', legend: 'p99' },
      ],
    },
    {
      ...plot,
      title: 'Messages',
      question: 'How much is judged, how much of it is malicious?',
      unit: 'cps',
      queries: [
        { expr: 'job:postern_messages:rate5m', legend: 'judged' },
        { expr: 'job:postern_messages_malicious:rate5m', legend: 'malicious' },
      ],
    },
    {
      ...plot,
      title: 'Added latency, distribution',
      question: 'How are the waits spread?',
      unit: 's',
      queries: [
        quantile(0.5, 'postern_gateway_added_latency_seconds'),
        quantile(0.9, 'postern_gateway_added_latency_seconds'),
        quantile(0.99, 'postern_gateway_added_latency_seconds'),
      ],
    },
    {
      ...plot,
      title: 'Scan time',
      question: 'Are scans the reason?',
      unit: 's',
      queries: [
        { expr: 'job:postern_scan_total_seconds:p99_5m', legend: 'p99' },
        { expr: 'job:postern_scan_queue_seconds:p99_5m', legend: 'p99 of the wait for a worker' },
      ],
    },
    {
      ...stat,
      title: 'Certificates',
      question: 'When does the next one end?',
      unit: 's',
      queries: [{ expr: 'min(postern_tls_certificate_expiry_timestamp_seconds) - time()', legend: 'left' }],
    },
    {
      ...stat,
      title: 'Lost history',
      question: 'Were judgements not written down?',
      unit: 'short',
      queries: [{ expr: 'sum(postern_history_lost_total)', legend: 'lost' }],
    },
  ],
};
