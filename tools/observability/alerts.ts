import { threshold } from './thresholds.ts';

/** One alert with what a person does about it; the runbook is written from it. */
export interface Alert {
  readonly name: string;
  readonly expr: string;
  /** How long it has to be true, as Prometheus writes it. */
  readonly for: string;
  /** page: somebody gets up. ticket: in working hours. */
  readonly severity: 'page' | 'ticket';
  readonly summary: string;
  /** What it means for people who read mail. */
  readonly means: string;
  /** What to look at, then what to do. */
  readonly steps: readonly string[];
}

const AVAILABILITY: readonly Alert[] = [
  {
    name: 'PosternDown',
    expr: 'up{job="postern"} == 0',
    for: '1m',
    severity: 'page',
    summary: 'Prometheus cannot reach a gateway',
    means: 'Clients of this gateway cannot read mail, or nobody sees what it does.',
    steps: [
      'Is the process there? `systemctl status postern`, `kubectl get pods`. Its last log line says why it ended.',
      'Exit code 2 at start: `postern check --config FILE` names every problem with its line.',
      'It runs but does not answer: the admin port is blocked, or the event loop is (PosternEventLoopSlow).',
      'It ended with `Reached heap limit` or in native code: one message may do that. It does so twice at most, then PosternMessageRefused.',
    ],
  },
  {
    name: 'PosternUpstreamFailing',
    expr: 'sum by (job, code) (rate(postern_upstream_errors_total[5m])) > 0.1',
    for: '5m',
    severity: 'page',
    summary: 'Connections to the mail server fail ({{ $labels.code }})',
    means: 'New sessions are refused; mail cannot be read.',
    steps: [
      'The label `code` says what failed: name, connection, TLS, greeting.',
      'From the machine of the gateway: `openssl s_client -connect HOST:993`.',
      'TLS: has the certificate of the mail server changed its name or issuer? `upstream.tls.ca`, `upstream.tls.serverName`.',
    ],
  },
  {
    name: 'PosternSessionsRefused',
    expr: 'sum by (job, reason) (rate(postern_gateway_sessions_refused_total[5m])) > 1',
    for: '5m',
    severity: 'ticket',
    summary: 'Connections are refused at accept ({{ $labels.reason }})',
    means: 'Some clients get no session.',
    steps: [
      'One address has too many: a broken client or an attack; the log names it. A load balancer that hides clients needs the PROXY protocol.',
      'All together are too many: raise `limits.maxConnections` (memory: docs/PERFORMANCE.md) or add a gateway.',
    ],
  },
  {
    name: 'PosternEventLoopSlow',
    expr: `postern_process_event_loop_lag_seconds > ${threshold('eventLoopLagSeconds')}`,
    for: '5m',
    severity: 'ticket',
    summary: 'The event loop of a gateway lags',
    means: 'Every session waits: NOOP and IDLE become slow.',
    steps: [
      'Is the core shared with something else? `top -H`; scan threads have lower priority than the gateway, and those of V8 (`V8Worker`) a little lower.',
      'Is it traffic? Dashboard Traffic; add a gateway or spread clients.',
    ],
  },
];

const SCANNING: readonly Alert[] = [
  {
    name: 'PosternSlowToDeliver',
    expr: `job:postern_added_latency_seconds:p99_5m > ${threshold('addedLatencyP99Seconds')}`,
    for: '10m',
    severity: 'ticket',
    summary: 'The slowest messages wait {{ $value | humanizeDuration }} for their verdict',
    means: 'People notice that mail opens slowly.',
    steps: [
      'Dashboard Workers: is the pool full (PosternPoolSaturated) or the single scan slow?',
      'Single scans slow: which rules? `postern scan --json` on a slow message shows its time.',
    ],
  },
  {
    name: 'PosternPoolSaturated',
    expr: `avg by (job) (postern_pool_utilisation_ratio) > ${threshold('poolUtilisation')}`,
    for: '10m',
    severity: 'ticket',
    summary: 'Scan threads are busy all the time',
    means: 'Scans queue; the next step is that messages are deferred.',
    steps: [
      'More cores and `scan.workers`, or another gateway.',
      'Fewer or cheaper rules: docs/PERFORMANCE.md shows what rules cost.',
    ],
  },
  {
    name: 'PosternDeferring',
    expr: `job:postern_deferred:share5m > ${threshold('deferredShare')}`,
    for: '5m',
    severity: 'page',
    summary: '{{ $value | humanizePercentage }} of messages are deferred',
    means: 'Clients are told to come back; mail is late, none is lost.',
    steps: [
      '`postern_scan_messages_total{action="defer"}` by `cause`: timeout, overloaded, engine-failed.',
      'engine-failed: PosternScansFailing. overloaded or timeout: PosternPoolSaturated.',
    ],
  },
  {
    name: 'PosternShortOfRoom',
    expr: 'sum by (job) (increase(postern_flow_deferred_total[10m])) > 0',
    for: '5m',
    severity: 'page',
    summary: 'Sessions are deferred because held messages fill their budget',
    means: 'Clients are told to come back; mail is late, none is lost.',
    steps: [
      '`postern_flow_budget_bytes` is less than `limits.maxSpoolBytes`: the folder for temporary files is small; give it more room.',
      '`postern_scan_queue_seconds` is high: PosternPoolSaturated. Messages are held as long as they wait for their scan.',
      'Many clients read slowly: raise `limits.maxSpoolBytes`, or add a gateway.',
    ],
  },
  {
    name: 'PosternSharedCacheDown',
    expr: 'postern_shared_cache_down == 1',
    for: '10m',
    severity: 'ticket',
    summary: 'The shared verdict cache does not answer',
    means: 'Nothing is unprotected; each gateway scans for itself what another one has judged already.',
    steps: [
      'The log line "the shared verdict cache cannot be used" has the reason.',
      'From the machine of the gateway: `redis-cli -u URL ping`. Name, password, TLS?',
    ],
  },
  {
    name: 'PosternScansFailing',
    expr: 'sum by (job, cause) (rate(postern_pool_task_failures_total[5m])) > 0.05',
    for: '5m',
    severity: 'page',
    summary: 'Scan tasks end without an answer ({{ $labels.cause }})',
    means: 'Messages are deferred, after three tries neutralised.',
    steps: [
      'The log names the cause; a message that kills workers is kept from them after some tries.',
      'Memory: raise `scan.workerHeapMb`, or lower `scan.limits.maxTotalBytes`.',
      'Since the last rule set? Go back to the one before.',
    ],
  },
  {
    name: 'PosternMessageRefused',
    expr: 'postern_scan_suspects{state="refused"} > 0',
    for: '5m',
    severity: 'ticket',
    summary: 'The process ended twice while a message was scanned; it is not scanned again',
    means: 'Everybody lost their sessions twice. The message is deferred, after three tries neutralised.',
    steps: [
      'The log names it by SHA-256 at the start, `refusedMessages`; why the process ended stands in the last lines of the one before.',
      '`Reached heap limit`: raise `scan.workerHeapMb` or lower `scan.limits.maxObjectBytes`. `postern quarantine list` has the message once somebody asked for it four times; `postern scan FILE` tries it in a process of its own. Report it.',
      'Other code, other settings of `scan` or seven days allow one try more, other rules after a day.',
      'It is harmless (`kill -9` or a power cut looks the same): stop the gateway, remove `unfinished-scans` from `quarantine.path`, start it.',
    ],
  },
  {
    name: 'PosternUnscanned',
    expr: `job:postern_unscanned:share5m > ${threshold('unscannedShare')}`,
    for: '15m',
    severity: 'ticket',
    summary: '{{ $value | humanizePercentage }} of messages were delivered without a complete scan',
    means: 'The promise of the gateway does not hold for them.',
    steps: [
      '`postern_unscanned_total` by `cause`. protection-off: somebody switched it off. encrypted: archives with passwords.',
      'too-large: `limits.maxMessageBytes`.',
    ],
  },
];

const MATERIAL: readonly Alert[] = [
  {
    name: 'PosternQuarantineFailing',
    expr: 'sum by (job) (rate(postern_quarantine_commits_total{outcome="failed"}[5m])) > 0',
    for: '5m',
    severity: 'page',
    summary: 'Originals cannot be kept',
    means: 'Nothing is lost: their messages are deferred until there is room.',
    steps: [
      'Is the volume full? `df`; `quarantine.quotaBytes`, `quarantine.retentionDays`.',
      'Is the object store reachable? The log says what it answered.',
    ],
  },
  {
    name: 'PosternCertificateEnds',
    expr: `postern_tls_certificate_expiry_timestamp_seconds - time() < ${threshold('certificateLeftSeconds')}`,
    for: '1h',
    severity: 'page',
    summary: 'The certificate {{ $labels.name }} ends in {{ $value | humanizeDuration }}',
    means: 'After that clients refuse to connect.',
    steps: [
      'Renew it and put the files where `tls.certificates` says.',
      '`systemctl reload postern` (SIGHUP).',
    ],
  },
  {
    name: 'PosternRulesOld',
    expr: `time() - postern_rules_loaded_timestamp_seconds > ${threshold('rulesAgeSeconds')}`,
    for: '1h',
    severity: 'ticket',
    summary: 'The rules have not changed for {{ $value | humanizeDuration }}',
    means: 'New threats are not found.',
    steps: ['Does what brings the rules still run? Does a new set fail to compile? `postern check` says so.'],
  },
];

export const ALERTS: readonly Alert[] = [...AVAILABILITY, ...SCANNING, ...MATERIAL];
