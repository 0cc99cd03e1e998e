import type { ScanReport } from '../scan/scanner.ts';
import { describeFailure } from './scan-job.ts';
import type { TaskFailure } from './thread-pool.ts';

/** What a pool does right now. */
export interface PoolState {
  /** Scans that wait for a worker. */
  readonly queued: number;
  readonly running: number;
  readonly workers: number;
  /** Share of worker time in use, 0 to 1, over the last seconds. */
  readonly utilisation: number;
}

/** Called on the main thread, for metrics and logs; the pool imports neither. */
export interface PoolHooks {
  /** Each judged message, also when nobody waits for it any more. */
  readonly onReport?: (report: ScanReport) => void;
  /** Each task that ended without an answer; a retry that succeeds is counted as well. */
  readonly onTaskFailure?: (cause: TaskFailure) => void;
  readonly onState?: (state: PoolState) => void;
}

/** A hook that fails is a defect to be seen, but no reason to lose a scan. */
function shielded<T>(hook: ((value: T) => void) | undefined): (value: T) => void {
  return (value) => {
    try {
      hook?.(value);
    } catch (reason) {
      process.emitWarning(`a pool hook failed: ${describeFailure(reason)}`);
    }
  };
}

/** All hooks, each safe to call. */
export function shieldedHooks({ onReport, onTaskFailure, onState }: PoolHooks): Required<PoolHooks> {
  return {
    onReport: shielded(onReport),
    onTaskFailure: shielded(onTaskFailure),
    onState: shielded(onState),
  };
}
