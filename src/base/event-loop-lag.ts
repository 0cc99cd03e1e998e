import { monitorEventLoopDelay } from 'node:perf_hooks';
import { systemClock, type Clock } from './clock.ts';

const RESOLUTION_MS = 10;
const INTERVAL_MS = 5_000;
const NANOSECONDS = 1e9;

/** Where the lag is written, in seconds; a gauge of prom-client is one. */
export interface LagGauge {
  set(seconds: number): void;
}

/** Writes the 99th percentile of the event-loop delay of each interval. The returned function ends it. */
export function watchEventLoopLag(gauge: LagGauge, clock: Clock = systemClock): () => void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let cancel = clock.after(INTERVAL_MS, tick);
  function tick(): void {
    // The monitor measures from tick to tick, its own interval included.
    const lag = histogram.count === 0 ? 0 : histogram.percentile(99) / NANOSECONDS - RESOLUTION_MS / 1000;
    gauge.set(Math.max(0, lag));
    histogram.reset();
    cancel = clock.after(INTERVAL_MS, tick);
  }
  return () => {
    cancel();
    histogram.disable();
  };
}
