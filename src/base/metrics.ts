import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Latency buckets in seconds: a cached verdict is under a millisecond, a deadline a minute. */
const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Declares metrics on one registry. */
function declareOn(registry: Registry) {
  const registers = [registry];
  return {
    counter: <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
      new Counter<L>({ name, help, labelNames: [...labelNames], registers }),
    gauge: <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
      new Gauge<L>({ name, help, labelNames: [...labelNames], registers }),
    histogram: <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
      new Histogram<L>({ name, help, labelNames: [...labelNames], buckets: SECONDS, registers }),
  };
}
type Declare = ReturnType<typeof declareOn>;

/** Sessions and what they carry. */
function gatewayMetrics({ counter, gauge, histogram }: Declare) {
  return {
    sessions: counter('postern_gateway_sessions_total', 'Accepted connections', ['protocol']),
    sessionsOpen: gauge('postern_gateway_sessions_open', 'Connections open now', ['protocol']),
    sessionsRefused: counter('postern_gateway_sessions_refused_total', 'Connections refused at accept', [
      'reason',
    ]),
    sessionsClosed: counter('postern_gateway_sessions_closed_total', 'Ended sessions by reason', [
      'protocol',
      'reason',
    ]),
    commands: counter('postern_gateway_commands_total', 'Client commands', ['protocol', 'command']),
    refused: counter('postern_gateway_refused_total', 'Requests refused because they cannot be judged', [
      'protocol',
      'what',
    ]),
    badInput: counter('postern_gateway_bad_input_total', 'Violations of the protocol', [
      'protocol',
      'side',
      'what',
    ]),
    bytes: counter('postern_gateway_bytes_total', 'Bytes read, by the side they came from', [
      'protocol',
      'side',
    ]),
    tlsHandshakes: counter('postern_gateway_tls_handshakes_total', 'TLS handshakes', ['side', 'outcome']),
    upstreamErrors: counter('postern_upstream_errors_total', 'Failed upstream connections', ['code']),
    upstreamHostsUp: gauge('postern_upstream_hosts_up', 'Hosts of a mail server that answered last', [
      'upstream',
    ]),
    exclusionHits: counter('postern_exclusions_hits_total', 'What exclusions let through, by their kind', [
      'kind',
    ]),
    leavesMinted: counter('postern_tls_leaves_minted_total', 'Certificates made under the own authority', [
      'trust',
    ]),
    certificateProblems: counter(
      'postern_upstream_certificate_problems_total',
      'Certificates of servers that cannot be trusted, by what was done',
      ['problem', 'action'],
    ),
    words: counter(
      'postern_gateway_words_total',
      'Edited headers and keywords that tell users of what was found, by what became of them',
      ['kind', 'outcome'],
    ),
    bytesInFlight: gauge('postern_spool_bytes', 'Held message bytes', ['where']),
    flowBudget: gauge('postern_flow_budget_bytes', 'Held message bytes that all sessions together may have'),
    flowGranted: gauge('postern_flow_granted_bytes', 'Part of the budget that messages under way take'),
    flowPaused: gauge('postern_flow_streams_paused', 'Sessions whose server is not read, for want of room'),
    flowPauses: counter('postern_flow_pauses_total', 'Times that a session had to wait for room'),
    flowOverdue: counter('postern_flow_deferred_total', 'Sessions deferred because no room was made in time'),
    held: gauge('postern_gateway_messages_held', 'Messages waiting for a verdict'),
    addedLatency: histogram(
      'postern_gateway_added_latency_seconds',
      'From the last byte of a message from the server to its release',
      ['protocol'],
    ),
  };
}

/** Judged and unjudged messages. */
function scanMetrics({ counter, histogram }: Declare) {
  return {
    messages: counter('postern_scan_messages_total', 'Judged messages', [
      'protocol',
      'verdict',
      'cause',
      'action',
    ]),
    unscanned: counter('postern_unscanned_total', 'The unscanned ledger: delivered without a complete scan', [
      'protocol',
      'cause',
    ]),
    unscannedBytes: counter('postern_unscanned_bytes_total', 'Bytes forwarded without a scan', [
      'protocol',
      'cause',
    ]),
    scanQueue: histogram('postern_scan_queue_seconds', 'Time from request to worker'),
    scanDecode: histogram('postern_scan_decode_seconds', 'Time spent decoding one message'),
    scanMatch: histogram('postern_scan_match_seconds', 'Time spent matching one message'),
    scanTotal: histogram('postern_scan_total_seconds', 'Time from request to verdict'),
    scanBytes: counter('postern_scan_bytes_total', 'Raw message bytes scanned'),
    scanPieces: counter('postern_scan_pieces_total', 'Distinct pieces matched'),
    findings: counter('postern_scan_findings_total', 'Findings', ['engine', 'class']),
    shadowFindings: counter(
      'postern_scan_shadow_findings_total',
      'Findings of rules on trial, which are only recorded',
      ['class'],
    ),
    enginesIgnored: counter(
      'postern_scan_engine_ignored_total',
      'Messages that an engine could not judge in full and that were judged without it',
      ['engine', 'cause'],
    ),
  };
}

/** Scan threads and their rules. */
function poolMetrics({ counter, gauge }: Declare) {
  return {
    poolQueue: gauge('postern_pool_queue_tasks', 'Tasks waiting for a worker'),
    poolUtilisation: gauge('postern_pool_utilisation_ratio', 'Share of worker time in use'),
    poolWorkers: gauge('postern_pool_workers', 'Worker threads'),
    sharedLookups: counter('postern_shared_cache_lookups_total', 'Questions to the shared verdict cache', [
      'outcome',
    ]),
    sharedStores: counter('postern_shared_cache_stores_total', 'Verdicts sent to the shared cache', [
      'outcome',
    ]),
    sharedDown: gauge(
      'postern_shared_cache_down',
      '1 while the configured shared verdict cache does not answer',
    ),
    poolRestarts: counter('postern_pool_task_failures_total', 'Tasks that ended without an answer', [
      'cause',
    ]),
    scanSuspects: gauge(
      'postern_scan_suspects',
      'Messages that were being scanned when the process ended before, as of the start',
      ['state'],
    ),
    ruleGeneration: gauge('postern_rules_info', 'Always 1; the label is the active rule-set generation', [
      'generation',
    ]),
    rules: gauge('postern_rules_loaded', 'Rules in the active set'),
    rulesLoadedAt: gauge('postern_rules_loaded_timestamp_seconds', 'When the active set was loaded'),
    ruleReloads: counter('postern_rules_reloads_total', 'Changes of the rules by what became of them', [
      'outcome',
    ]),
    ruleProblem: gauge('postern_rules_stale', '1 while the newest rules are not the ones that judge'),
    ruleSourceCheckedAt: gauge(
      'postern_rules_source_checked_timestamp_seconds',
      'Last look at a rule source that succeeded',
      ['source'],
    ),
    ruleSourceOk: gauge('postern_rules_source_ok', '1 while the last look at a rule source succeeded', [
      'source',
    ]),
  };
}

/** What surrounds the sessions. */
function processMetrics({ counter, gauge }: Declare) {
  return {
    quarantined: counter('postern_quarantine_commits_total', 'Originals committed', ['outcome']),
    quarantineObjects: gauge('postern_quarantine_objects', 'Originals that are kept'),
    quarantineBytes: gauge('postern_quarantine_bytes', 'Bytes of the originals that are kept'),
    historyLost: counter('postern_history_lost_total', 'Judgements that could not be written to the history'),
    certificateExpiry: gauge('postern_tls_certificate_expiry_timestamp_seconds', 'End of validity', ['name']),
    eventLoopLag: gauge(
      'postern_process_event_loop_lag_seconds',
      'Event-loop delay, 99th percentile of the last interval',
    ),
  };
}

/**
 * Every metric, declared once, on a registry that is passed in. Labels come from closed sets only.
 * Reference: docs/METRICS.md.
 */
export function createMetrics(registry: Registry) {
  const declare = declareOn(registry);
  return {
    ...gatewayMetrics(declare),
    ...scanMetrics(declare),
    ...poolMetrics(declare),
    ...processMetrics(declare),
  };
}
export type Metrics = ReturnType<typeof createMetrics>;
