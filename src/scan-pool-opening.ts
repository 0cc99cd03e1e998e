import type { Clock } from './base/clock.ts';
import type { Config } from './base/config/schema.ts';
import type { Logger } from './base/log.ts';
import type { RuleSet } from './rules/rule-set.ts';
import type { PoolHooks } from './workers/dispatcher.ts';
import type { ClamdOptions } from './workers/scan-job.ts';
import type { RecordAccess } from './workers/unfinished/scan-record.ts';
import { createScanPool, defaultWorkers, type ScanPool } from './workers/scan-pool.ts';

/** Test switch: messages may ask a worker to fail. Never a configuration key. */
const FAULTS_VARIABLE = 'POSTERN_SCAN_FAULTS';
export type ScanConfig = Pick<
  Config,
  'rules' | 'shadowRules' | 'ruleSources' | 'ruleUpdates' | 'scan' | 'limits'
>;

function clamdOptions({
  socket,
  server,
  port,
  timeoutMs,
  failure,
}: Config['scan']['clamd']): ClamdOptions | undefined {
  if (socket !== undefined) {
    return { socket, timeoutMs, failure };
  }
  return server === undefined ? undefined : { host: server, port, timeoutMs, failure };
}

export interface PoolParts {
  readonly rules: RuleSet;
  readonly hooks: PoolHooks;
  readonly clock: Clock;
  readonly log: Logger;
  readonly faults?: boolean | undefined;
  /** For a command, which serves nobody else. Default: no. */
  readonly isAlone?: boolean;
  /** Nobody neutralises what was scanned. Default: no. */
  readonly verdictsOnly?: boolean;
  /** Practice of each thread before it gets mail, milliseconds of the processor. Default: none. */
  readonly rehearsalMs?: number;
  /** Where threads write what they scan; absent: nowhere. */
  readonly record?: RecordAccess | undefined;
}

/** The threads as the configuration wants them. Rejects with a `GatewayError`. */
export async function openPool({ scan, limits }: ScanConfig, parts: PoolParts): Promise<ScanPool> {
  const { rules, hooks, clock, log, faults = process.env[FAULTS_VARIABLE] === '1', rehearsalMs = 0 } = parts;
  const { isAlone = false, verdictsOnly = false, record } = parts;
  if (faults) {
    log.warn({}, `${FAULTS_VARIABLE}=1: messages may make scans fail; never set this where real mail passes`);
  }
  const clamd = clamdOptions(scan.clamd);
  return await createScanPool({
    rules,
    workers: scan.workers === 0 ? defaultWorkers() : scan.workers,
    workerHeapMb: scan.workerHeapMb,
    maxQueue: scan.maxQueue,
    timeoutMs: scan.timeoutMs,
    deadlineMs: scan.deadlineMs,
    limits: { ...scan.limits, maxMessageBytes: limits.maxMessageBytes, timeMs: scan.timeoutMs },
    readers: scan.mime.readers,
    ...(clamd && { clamd }),
    faults,
    rehearsalMs,
    isAlone,
    verdictsOnly,
    record,
    hooks,
    clock,
  });
}
