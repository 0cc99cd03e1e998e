import type { StatusReason } from './admin/providers.ts';
import type { Clock } from './base/clock.ts';
import type { Logger } from './base/log.ts';
import type { Metrics } from './base/metrics.ts';
import { scanCode } from './scan-code.ts';
import type { ScanConfig } from './scan-pool-opening.ts';
import { redisStore } from './workers/shared-verdicts/redis-store.ts';
import { type SharedVerdicts, StoredVerdicts } from './workers/shared-verdicts/shared-verdicts.ts';

/* The part of the composition root that opens the verdicts which several gateways share. */

export interface SharedVerdictsParts {
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
}

export interface OpenedSharedVerdicts {
  /** Undefined when none are configured. */
  readonly verdicts: SharedVerdicts | undefined;
  /** Connects in the background. */
  start(): void;
  stop(): void;
  reasons(): readonly StatusReason[];
}

/** Opens nothing before it is started. */
export function openSharedVerdicts(config: ScanConfig, parts: SharedVerdictsParts): OpenedSharedVerdicts {
  const { url, secret, ca, maxAgeMs, timeoutMs } = config.scan.sharedVerdicts;
  if (url === undefined || secret === undefined) {
    return { verdicts: undefined, start: () => undefined, stop: () => undefined, reasons: () => [] };
  }
  const { metrics, log, clock } = parts;
  let problem: string | undefined;
  const verdicts = new StoredVerdicts({
    open: redisStore({ url, ca }),
    secret,
    settings: verdictSettings(config, scanCode()),
    maxAgeMs,
    timeoutMs,
    clock,
    onLookup: (outcome) => metrics.sharedLookups.inc({ outcome }),
    onStore: (outcome) => metrics.sharedStores.inc({ outcome }),
    onChange: (isUsable, reason) => {
      metrics.sharedDown.set(isUsable ? 0 : 1);
      if (isUsable) log.info({}, 'the shared verdict cache is in use');
      else if (problem === undefined) log.warn({ reason }, 'the shared verdict cache cannot be used');
      problem = isUsable ? undefined : reason;
    },
  });
  return {
    verdicts,
    start: () => verdicts.start(),
    stop: () => verdicts.close(),
    reasons: () => (problem === undefined ? [] : [reasonOf(problem)]),
  };
}

/** What a verdict depends on beside content and rules: gateways that differ in it must not share. */
export function verdictSettings({ scan, limits }: Pick<ScanConfig, 'scan' | 'limits'>, code: string): string {
  const { socket, server, failure } = scan.clamd;
  return JSON.stringify({
    code,
    limits: scan.limits,
    maxMessageBytes: limits.maxMessageBytes,
    readers: scan.mime.readers,
    clamd: socket === undefined && server === undefined ? 'none' : failure,
  });
}

function reasonOf(problem: string): StatusReason {
  return {
    level: 'yellow',
    code: 'shared-verdicts',
    text: `The shared verdict cache does not answer: ${problem}`,
    remedy: 'Everything is scanned here meanwhile. Look at the server, its name, password and TLS.',
  };
}
