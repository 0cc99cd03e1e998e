import type { DashboardPlan } from './dashboard-plan.ts';
import { RATE, both, perOrZero, plot, stat } from './queries.ts';

export const WORKERS: DashboardPlan = {
  name: 'workers',
  title: 'Postern: workers and memory',
  panels: [
    {
      ...plot,
      title: 'Pool in use',
      question: 'Are the scan threads the bottleneck?',
      unit: 'percentunit',
      threshold: 'poolUtilisation',
      queries: [{ expr: 'avg by (instance) (postern_pool_utilisation_ratio)', legend: '{{instance}}' }],
    },
    {
      ...plot,
      title: 'Waiting scans',
      question: 'Does the queue grow?',
      unit: 'short',
      queries: [{ expr: 'sum by (instance) (postern_pool_queue_tasks)', legend: '{{instance}}' }],
    },
    {
      ...stat,
      title: 'Scan threads',
      question: 'Are all of them there?',
      unit: 'short',
      queries: [{ expr: 'sum(postern_pool_workers)', legend: 'threads' }],
    },
    {
      ...plot,
      title: 'Wait for a worker',
      question: 'How long do scans queue?',
      unit: 's',
      threshold: 'queueP99Seconds',
      queries: both('postern_scan_queue_seconds'),
    },
    {
      ...plot,
      title: 'Scan',
      question: 'How long from the request to the verdict?',
      unit: 's',
      queries: both('postern_scan_total_seconds'),
    },
    {
      ...plot,
      title: 'Failed tasks',
      question: 'Do workers crash or run out of time?',
      unit: 'cps',
      queries: [perOrZero('cause', 'postern_pool_task_failures_total')],
    },
    {
      ...stat,
      title: 'Suspects',
      question: 'Which messages were being scanned when the process ended: refused, or scanned once more?',
      unit: 'short',
      queries: [{ expr: 'sum by (state) (postern_scan_suspects)', legend: '{{state}}' }],
    },
    {
      ...plot,
      title: 'Shared verdicts',
      question: 'Do gateways save each other work, and does the cache between them answer?',
      unit: 'cps',
      queries: [
        perOrZero('outcome', 'postern_shared_cache_lookups_total'),
        {
          expr: `sum by (outcome) (rate(postern_shared_cache_stores_total${RATE})) or vector(0)`,
          legend: 'sent: {{outcome}}',
        },
      ],
    },
    {
      ...plot,
      title: 'Held bytes',
      question: 'Where is the content that waits for verdicts?',
      unit: 'bytes',
      queries: [{ expr: 'sum by (where) (postern_spool_bytes)', legend: '{{where}}' }],
    },
    {
      ...plot,
      title: 'Room for held messages',
      question: 'How much of the byte budget is granted?',
      unit: 'bytes',
      queries: [
        { expr: 'sum(postern_flow_granted_bytes)', legend: 'granted' },
        { expr: 'sum(postern_flow_budget_bytes)', legend: 'budget' },
      ],
    },
    {
      ...plot,
      title: 'Waiting for room',
      question: 'Whose server is not read for want of room, and who is sent away?',
      unit: 'short',
      queries: [
        { expr: 'sum(postern_flow_streams_paused)', legend: 'waiting' },
        { expr: `sum(rate(postern_flow_pauses_total${RATE}))`, legend: 'pauses per second' },
        { expr: `sum(rate(postern_flow_deferred_total${RATE}))`, legend: 'deferred per second' },
      ],
    },
    {
      ...plot,
      title: 'Held messages',
      question: 'How many messages wait?',
      unit: 'short',
      queries: [{ expr: 'sum(postern_gateway_messages_held)', legend: 'held' }],
    },
    {
      ...plot,
      title: 'Event loop',
      question: 'Do sessions wait for the main thread?',
      unit: 's',
      threshold: 'eventLoopLagSeconds',
      queries: [
        { expr: 'max by (instance) (postern_process_event_loop_lag_seconds)', legend: '{{instance}}' },
      ],
    },
    {
      ...plot,
      title: 'CPU',
      question: 'How many cores are in use?',
      unit: 'short',
      queries: [
        { expr: `sum by (instance) (rate(process_cpu_seconds_total${RATE}))`, legend: '{{instance}}' },
      ],
    },
    {
      ...plot,
      title: 'Memory',
      question: 'Does memory stay under its budget?',
      unit: 'bytes',
      queries: [{ expr: 'sum by (instance) (process_resident_memory_bytes)', legend: '{{instance}}' }],
    },
    {
      ...plot,
      title: 'Open files',
      question: 'Is the limit of descriptors near?',
      unit: 'short',
      queries: [
        { expr: 'max by (instance) (process_open_fds)', legend: 'open' },
        { expr: 'max by (instance) (process_max_fds)', legend: 'limit' },
      ],
    },
  ],
};
